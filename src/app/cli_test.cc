#include "app/cli.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "base/testing/temporary_folder.h"

namespace trueup::app {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct JobOptions : ConfigOptions {
    int jobs = 1;
    std::string table;
};

struct TellOptions : CodexOptions {
    std::string story;
};

/// What the last run of a command was given.
struct Seen {
    JobOptions job;
    TellOptions tell;
    GlobalOptions global;
};
Seen g_seen;

void job_flags(CLI::App& app, JobOptions& options) {
    app.add_option("table", options.table, "Table to look at");
    app.add_option("--jobs", options.jobs, "Ranges at once")->check(CLI::Range(1, 64));
}

Result<core::Verdict> run_job(const JobOptions& options, Context& context) {
    g_seen.job = options;
    g_seen.global = context.options();
    if (options.table == "wrong") {
        return fail(ErrorClass::Integrity, "table \x1b[31mwrong differs", "look\aat it");
    }
    if (options.table == "throws") throw std::runtime_error("library said no");
    if (options.table == "later") return core::Verdict::Incomplete;
    context.out().write(context.human_time(0) + "\n");
    context.say("done with \x1b");
    context.warn("careful");
    return core::Verdict::Clean;
}

void tell_flags(CLI::App& app, TellOptions& options) {
    app.add_option("STORY", options.story, "What to tell")->type_name("");
}

Result<core::Verdict> run_tell(const TellOptions& options, Context& context) {
    g_seen.tell = options;
    if (options.story == "wrong") return fail(ErrorClass::Failed, "no such story", "tell another");
    context.warn("long");
    return core::Verdict::Clean;
}

Command tell_command(std::string group, std::string name) {
    return command<TellOptions>({std::move(group), std::move(name), codex::Text::CmdStatus},
                                Needs::Nothing, tell_flags, run_tell);
}

Commands test_commands() {
    Commands commands;
    commands.groups = {
        {"extract", "Copy tables, and prove the copy"},
        {.name = "codex",
         .summary = codex::Text::GroupCodex,
         .about = codex::Text::AboutCodex,
         .is_translated = true,
         .has_codex_options = true},
        {.name = "codex service", .summary = codex::Text::GroupService, .is_translated = true}};
    commands.commands = {
        command<JobOptions>({"extract", "run", "Copy"}, Needs::Nothing, job_flags, run_job),
        command<JobOptions>({"extract", "check", "Look first"}, Needs::Config, job_flags, run_job),
        command<JobOptions>({"", "version", "Say which"}, Needs::Nothing, job_flags, run_job),
        tell_command("codex", "tell"), tell_command("codex service", "print")};
    commands.commands[3].hidden_names = {"codex bucket tell", "codex tell more"};
    commands.commands[4].hidden_names = {"codex print-plist"};
    return commands;
}

struct Ran {
    int status;
    std::string out;
    std::string err;
};

Ran run(const std::vector<std::string>& words, const char* lang = nullptr) {
    g_seen = {};
    term::StringStream out;
    term::StringStream err;
    const World world{.out = &out,
                      .err = &err,
                      .clock = &system_clock(),
                      .environment = [lang](const char* name) -> const char* {
                          return std::string_view(name) == "LANG" ? lang : nullptr;
                      }};
    const int status = run_cli(words, test_commands(), world);
    return {status, out.text(), err.text()};
}

TEST(RunCli, GivesACommandItsOptions) {
    const Ran ran = run({"extract", "run", "--jobs", "4", "-c", "a.yaml", "-e", "x", "-p", "k=v=w",
                         "-e", "y", "--param", "l=", "orders"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(g_seen.job.jobs, 4);
    EXPECT_EQ(g_seen.job.table, "orders") << "a repeatable option took the argument";
    EXPECT_EQ(g_seen.job.config, "a.yaml");
    EXPECT_EQ(g_seen.job.exports, (std::vector<std::string>{"x", "y"}));
    const std::vector<std::pair<std::string, std::string>> params = {{"k", "v=w"}, {"l", ""}};
    EXPECT_EQ(g_seen.job.params, params);
}

TEST(RunCli, DefaultsToTheConfigurationHere) {
    EXPECT_EQ(run({"extract", "run"}).status, 0);
    EXPECT_EQ(g_seen.job.config, "trueup.yaml");
    EXPECT_TRUE(g_seen.job.exports.empty());
}

TEST(RunCli, GlobalFlagsStandBeforeOrAfterTheCommand) {
    const std::vector<std::string> flags = {
        "--json", "--verbose", "--color=always", "--progress", "json", "--timezone", "UTC"};
    for (const std::size_t at : {0U, 1U, 2U}) {
        std::vector<std::string> words = {"extract", "run"};
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), flags.begin(), flags.end());
        EXPECT_EQ(run(words).status, 0) << at;
        EXPECT_TRUE(g_seen.global.is_json);
        EXPECT_TRUE(g_seen.global.is_verbose);
        EXPECT_EQ(g_seen.global.color, term::ColorChoice::Always);
        EXPECT_EQ(g_seen.global.progress, ProgressMode::Json);
        EXPECT_EQ(g_seen.global.timezone, "UTC");
    }
}

TEST(RunCli, AnswersOnStdoutAndTalksOnStderr) {
    EXPECT_EQ(run({"extract", "run", "--utc"}).out, "1970-01-01 00:00:00\n");
    EXPECT_EQ(run({"extract", "run"}).err, "done with \\u{1B}\ntrueup: warning: careful\n");
    EXPECT_EQ(run({"extract", "run", "--quiet"}).err, "trueup: warning: careful\n");
}

struct Refusal {
    std::vector<std::string> words;
    std::string message;
    std::string hint;
    int line = __builtin_LINE();
};

TEST(RunCli, RefusesWithASuggestion) {
    const std::string options_hint = "\"trueup extract run --help\" lists the options";
    const std::string commands_hint = "\"trueup --help\" lists the commands";
    const Refusal rows[] = {
        Refusal{{}, "no command was given", commands_hint},
        Refusal{{"extract"},
                "\"trueup extract\" needs a command",
                "\"trueup extract --help\" lists the commands"},
        Refusal{{"extarct", "run"},
                "unknown command \"extarct\" (did you mean \"extract\"?)",
                commands_hint},
        Refusal{{"run"}, "unknown command \"run\" (did you mean \"extract run\"?)"},
        Refusal{{"zzzzzzzzzz"}, "unknown command \"zzzzzzzzzz\"\n"},
        Refusal{{"extract", "rnu"}, "unknown command \"rnu\" (did you mean \"run\"?)"},
        Refusal{{"extract", "version"}, "unknown command \"version\""},
        Refusal{{"extract", "run", "--jbos", "2"},
                "unknown option \"--jbos\" (did you mean \"--jobs\"?)",
                options_hint},
        Refusal{{"extract", "run", "--jsn"}, "unknown option \"--jsn\" (did you mean \"--json\"?)"},
        Refusal{{"extract", "run", "--jbos=2"}, "unknown option \"--jbos\" (did you"},
        Refusal{{"--colour", "never", "extract", "run"},
                "\"--colour\" (did you mean \"--color\"?)"},
        Refusal{{"extract", "run", "a", "b"}, "unexpected argument \"b\"", options_hint},
        Refusal{{"extract", "run", "a", "version"}, "unexpected argument \"version\""},
        Refusal{{"extract", "run", "--jobs", "0"}, "--jobs", options_hint},
        Refusal{{"extract", "run", "--jobs", "x"}, "--jobs"},
        Refusal{{"extract", "run", "--jobs"}, "--jobs"},
        Refusal{{"extract", "run", "--color", "blue"},
                "--color: \"blue\" is none of always, auto, never"},
        Refusal{{"extract", "run", "-p", "novalue"}, "--param: \"novalue\" is not KEY=VALUE"},
        Refusal{{"extract", "run", "-p", "=v"}, "--param: \"=v\" is not KEY=VALUE"},
        Refusal{{"extract", "run", "-q", "-v"}, "--quiet excludes --verbose"},
        Refusal{{"extract", "run", "--timezone", "Moon/Base"}, "no zone is named \"Moon/Base\""},
        Refusal{{"extract", "run", "--timezone", "../passwd"}, "no zone is named"},
        Refusal{{"extract", "run", "--timezone", "/etc/passwd"}, "no zone is named"},
        Refusal{{"extract", "run", "--timezone", ""}, "no zone is named"},
        Refusal{{"extract", "run", "\x1b[31m", "\x1b[31m"}, "argument \"\\u{1B}[31m\""},
    };
    for (const Refusal& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        const Ran ran = run(row.words);
        EXPECT_EQ(ran.status, 64);
        EXPECT_EQ(ran.out, "");
        EXPECT_THAT(ran.err, AllOf(StartsWith("trueup: "), HasSubstr(row.message)));
        EXPECT_THAT(ran.err, HasSubstr("hint: " + row.hint));
    }
}

TEST(RunCli, ErrorsAreMadePrintable) {
    const Ran ran = run({"extract", "run", "wrong"});
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.err, "trueup: table \\u{1B}[31mwrong differs\nhint: look\\u{07}at it\n");
}

TEST(RunCli, ErrorsAreJsonWhenAskedFor) {
    EXPECT_EQ(run({"extract", "run", "wrong", "--json"}).err,
              R"({"error":{"class":"integrity","message":"table \\u{1B}[31mwrong differs",)"
              R"("hint":"look\\u{07}at it"}})"
              "\n");
    EXPECT_THAT(run({"--json", "nonsense"}).err, StartsWith(R"({"error":{"class":"usage",)"));
    EXPECT_THAT(run({"nonsense", "--", "--json"}).err, StartsWith("trueup: "));
}

TEST(RunCli, AnExceptionIsABug) {
    const Ran ran = run({"extract", "run", "throws"});
    EXPECT_EQ(ran.status, 70);
    EXPECT_THAT(ran.err, StartsWith("trueup: unexpected exception: library said no\nhint: "));
}

TEST(RunCli, IncompleteIsNeitherCleanNorAnError) {
    const Ran ran = run({"extract", "run", "later"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.err, "");
}

TEST(RunCli, HelpEndsWithTheExitStatuses) {
    const std::vector<std::vector<std::string>> asked = {
        {"--help"}, {"extract", "-h"}, {"extract", "run", "--help"}, {"help", "extract", "run"}};
    for (const auto& words : asked) {
        const Ran ran = run(words);
        EXPECT_EQ(ran.status, 0);
        EXPECT_EQ(ran.err, "");
        EXPECT_THAT(ran.out, HasSubstr("EXIT STATUS"));
        EXPECT_THAT(ran.out, EndsWith("everything done so far is durable\n\n"));
    }
    EXPECT_THAT(run({"help", "extract", "run"}).out, HasSubstr("trueup extract run [OPTIONS]"));
    EXPECT_THAT(run({"extract", "run", "--version"}).out, StartsWith("trueup "));
}

TEST(RunCli, LooksForTheConfigurationBeforeTheCommandRuns) {
    const TemporaryFolder folder;
    const std::string there = folder.path("trueup.yaml");
    std::ofstream(there) << "exports: []\n";
    EXPECT_EQ(run({"extract", "check", "-c", there}).status, 0);

    const Ran typo = run({"extract", "check", "-c", folder.path("treuup.yaml")});
    EXPECT_EQ(typo.status, 78);
    EXPECT_EQ(g_seen.job.config, "trueup.yaml") << "the command ran";
    EXPECT_THAT(typo.err, HasSubstr("treuup.yaml: no such file (did you mean \"trueup.yaml\"?)"));
    EXPECT_THAT(run({"extract", "check", "-c", folder.path()}).err, HasSubstr("is a directory"));
}

TEST(RunCli, AnAnswerThatCannotBeWrittenIsAFailure) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    term::FdStream out(full, "standard output");
    term::StringStream err;
    const World world{&out, &err, &system_clock(),
                      [](const char*) -> const char* { return nullptr; }};
    EXPECT_EQ(run_cli({"extract", "run"}, test_commands(), world), 1);
    ::close(full);
    EXPECT_THAT(err.text(), HasSubstr("trueup: cannot write to standard output"));
}

struct Place {
    std::vector<std::string> flags;
    std::string want;  // What standard error then begins with.
    bool is_tty;
    int line = __builtin_LINE();
};

TEST(Context, ProgressGoesWhereItBelongs) {
    const Place rows[] = {
        Place{{}, "\r\x1b[K", true},
        Place{{}, "reading\n", false},
        Place{{"--quiet"}, "", true},
        Place{{"--json"}, "\r\x1b[K", true},
        Place{{"--json"}, "", false},
        Place{{"--progress", "json"}, "{\"progress\":", true},
        Place{{"--progress", "json", "--quiet"}, "{\"progress\":", false},
        Place{{"--progress", "none"}, "", true},
    };
    struct NoOptions {};
    const auto flags = [](CLI::App&, NoOptions&) {};
    const auto show = [](const NoOptions&, Context& context) -> Result<core::Verdict> {
        core::Progress progress;
        progress.begin_phase({.name = "reading"});
        context.progress_sink()->show(progress, /*final=*/false);
        return core::Verdict::Clean;
    };
    const Commands commands{
        .groups = {},
        .commands = {command<NoOptions>({"", "go", "Go"}, Needs::Nothing, flags, show)}};
    for (const Place& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        term::StringStream out;
        term::StringStream err(row.is_tty ? 80 : 0);
        const World world{&out, &err, &system_clock(),
                          [](const char*) -> const char* { return nullptr; }};
        std::vector<std::string> words = {"go"};
        words.insert(words.end(), row.flags.begin(), row.flags.end());
        ASSERT_EQ(run_cli(words, commands, world), 0) << err.text();
        EXPECT_THAT(err.text(), StartsWith(row.want));
        EXPECT_EQ(err.text().empty(), row.want.empty());
    }
}

struct Named {
    std::vector<std::string> words;
    std::string story;
    int line = __builtin_LINE();
};

TEST(RunCli, NamesOfSeveralWordsAndOldOnes) {
    const Named rows[] = {
        Named{{"codex", "tell", "tale"}, "tale"},
        Named{{"codex", "service", "print", "tale"}, "tale"},
        Named{{"codex", "bucket", "tell", "tale"}, "tale"},
        Named{{"codex", "print-plist", "tale"}, "tale"},
        Named{{"codex", "tell", "more", "tale"}, "tale"},
        Named{{"codex", "tell", "service"}, "service"},
    };
    for (const Named& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        const Ran ran = run(row.words);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(g_seen.tell.story, row.story);
    }
    EXPECT_THAT(run({"codex", "service"}).err,
                HasSubstr("\"trueup codex service\" needs a command"));
    EXPECT_EQ(run({"codex", "bucket"}).status, 64);
}

TEST(RunCli, OldNamesStandInNoHelp) {
    const std::string help = run({"codex", "--help"}).out;
    EXPECT_THAT(help,
                AllOf(HasSubstr("\n  tell "), HasSubstr("\n  service "), HasSubstr("Start here:")));
    EXPECT_THAT(help, testing::Not(HasSubstr("bucket")));
    EXPECT_THAT(help, testing::Not(HasSubstr("print-plist")));
    EXPECT_THAT(run({"codex", "tell", "--help"}).out,
                HasSubstr("Usage: trueup codex tell [OPTIONS] [STORY]\n"));
    EXPECT_THAT(run({"codex", "bukcet"}).err, testing::Not(HasSubstr("did you mean")));
}

TEST(RunCli, OptionsOfAGroupMayStandBehindItAndTheInnerOneWins) {
    EXPECT_EQ(
        run({"codex", "--codex-home", "a", "--store", "cli", "tell", "--codex-home", "b"}).status,
        0);
    EXPECT_EQ(g_seen.tell.home, "b");
    EXPECT_EQ(g_seen.tell.store, codex::StoreFilter::Cli);
    EXPECT_EQ(run({"codex", "--profile", "p", "service", "--provider", "x", "print"}).status, 0);
    EXPECT_EQ(g_seen.tell.profile, "p");
    EXPECT_EQ(g_seen.tell.provider, "x");
    EXPECT_THAT(run({"codex", "tell", "--provider", "a", "--provider", "b"}).err,
                HasSubstr("--provider is given more than once"));
    EXPECT_EQ(run({"extract", "run", "--codex-home", "a"}).status, 64);
}

TEST(RunCli, RefusesBlankValuesEvenBesideHelp) {
    EXPECT_EQ(run({"codex", "--provider", "", "--help"}).status, 64);
    EXPECT_EQ(run({"codex", "tell", "--profile", "a/b", "--help"}).status, 64);
    EXPECT_EQ(run({"codex", "tell", "--provider", "a", "--help"}).status, 0);
}

TEST(RunCli, SpeaksTheLanguageThatIsAskedFor) {
    EXPECT_THAT(run({"codex", "--help"}, "zh_CN.UTF-8").out,
                AllOf(HasSubstr("用法: trueup codex [选项] [命令]"), HasSubstr("\n命令:\n"),
                      HasSubstr("显示本帮助并退出"), HasSubstr("退出状态")));
    EXPECT_THAT(run({"codex", "tell", "--help"}, "zh_CN.UTF-8").out,
                AllOf(HasSubstr("Codex 主目录"), testing::Not(HasSubstr("Usage"))));
    EXPECT_THAT(run({"codex", "tell"}, "zh_CN.UTF-8").err, "trueup: 警告：long\n");
    EXPECT_THAT(run({"codex", "tell"}, "ja_JP.UTF-8").err, "trueup: warning: long\n");
    EXPECT_THAT(run({"codex", "tell", "wrong"}, "zh_CN").err, HasSubstr("提示：tell another"));
    EXPECT_THAT(run({"codex", "tell", "--lang", "zh-CN"}).err, HasSubstr("警告"));
    EXPECT_THAT(run({"--lang=zh", "codex", "tell"}).err, HasSubstr("警告"));
    EXPECT_THAT(run({"codex", "tell", "--lang", "en"}, "zh_CN").err, HasSubstr("warning"));
    EXPECT_THAT(run({"codex", "tell", "--lang", "fr"}, "zh_CN").err,
                HasSubstr("--lang: 没有“fr”这种语言"));
}

TEST(RunCli, UsageErrorsAreInThatLanguageToo) {
    EXPECT_THAT(run({"codex", "tlel"}, "zh_CN").err,
                HasSubstr("未知命令“tlel”（是否想输入“tell”？）\n提示："));
    EXPECT_THAT(run({"codex", "tell", "--stroe", "x"}, "zh_CN").err,
                HasSubstr("未知选项“--stroe”"));
    EXPECT_THAT(run({"codex", "tell", "--store"}, "zh_CN").err, HasSubstr("--store 需要一个值"));
    EXPECT_THAT(run({"codex"}, "zh_CN").err, HasSubstr("“trueup codex”之后需要一个命令"));
}

TEST(RunCli, JsonAndUntranslatedGroupsAreEnglish) {
    EXPECT_THAT(run({"codex", "tell", "wrong", "--json"}, "zh_CN").err, HasSubstr("no such story"));
    EXPECT_THAT(run({"codex", "tlel", "--json", "--lang", "zh-CN"}).err,
                HasSubstr("unknown command"));
    EXPECT_THAT(run({"extract", "--help"}, "zh_CN").out, HasSubstr("Usage: trueup extract"));
    EXPECT_THAT(run({"extract", "rnu"}, "zh_CN").err, HasSubstr("unknown command"));
}

}  // namespace
}  // namespace trueup::app
