#include "app/codex_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace trueup::app {
namespace {

using codex::StoreFilter;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Parsed {
    ChangeOptions options;
    std::string error;  // Empty: understood.
};

Parsed parse(std::vector<std::string> words) {
    Parsed parsed;
    CLI::App app;
    change_flags(app, parsed.options);
    codex_flags(app, parsed.options);
    std::ranges::reverse(words);
    try {
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        parsed.error = error.what();
    }
    return parsed;
}

TEST(ChangeFlags, DefaultsChangeEverythingForReal) {
    const Parsed parsed = parse({});
    ASSERT_EQ(parsed.error, "");
    EXPECT_FALSE(parsed.options.is_dry_run);
    EXPECT_FALSE(parsed.options.is_sqlite_only);
    EXPECT_FALSE(parsed.options.forces_backfill);
    EXPECT_FALSE(parsed.options.first_line_only);
    EXPECT_EQ(parsed.options.padding, std::nullopt);
    EXPECT_EQ(parsed.options.wait, std::chrono::seconds(10));
    EXPECT_EQ(parsed.options.stores(), StoreFilter::All);
    EXPECT_TRUE(to_selection(parsed.options.selection, "/", 0, true).is_all());
}

TEST(ChangeFlags, TakesAllThatItIsGiven) {
    const Parsed parsed = parse({"--codex-home",
                                 "h",
                                 "--provider",
                                 " my provider ",
                                 "--profile",
                                 " work ",
                                 "--store=cli",
                                 "--dry-run",
                                 "--sqlite-only",
                                 "--force-backfill",
                                 "--first-line-only",
                                 "--padding-bytes",
                                 "0",
                                 "--wait",
                                 "0.25",
                                 "--thread",
                                 "a",
                                 "--thread",
                                 "b",
                                 "--from",
                                 "azure",
                                 "--from",
                                 "ollama",
                                 "--cwd",
                                 "src/..",
                                 "--since",
                                 "1d",
                                 "--archived",
                                 "no"});
    ASSERT_EQ(parsed.error, "");
    const ChangeOptions& options = parsed.options;
    EXPECT_EQ(options.home, "h");
    EXPECT_EQ(options.provider, " my provider ") << "used as it is given";
    EXPECT_EQ(options.profile, "work");
    EXPECT_EQ(options.store, StoreFilter::Cli);
    EXPECT_TRUE(options.is_dry_run && options.is_sqlite_only && options.forces_backfill &&
                options.first_line_only);
    EXPECT_EQ(options.padding, 0U);
    EXPECT_EQ(options.wait, std::chrono::milliseconds(250));
    const codex::Selection selection =
        to_selection(options.selection, "/project", 86'400'000'001, /*is_utc=*/true);
    EXPECT_THAT(selection.threads, ElementsAre("a", "b"));
    EXPECT_THAT(selection.from, ElementsAre("azure", "ollama"));
    EXPECT_EQ(selection.cwd, "/project");
    EXPECT_EQ(selection.since, 1);
    EXPECT_EQ(selection.is_archived, false);
}

struct Folder {
    std::string typed;
    std::string want;
    int line = __builtin_LINE();
};

TEST(ToSelection, MakesTheFolderAbsolute) {
    const Folder rows[] = {
        Folder{"/a/b", "/a/b"},         Folder{"/a/b/", "/a/b"}, Folder{"c", "/here/c"},
        Folder{".", "/here"},           Folder{"..", "/"},       Folder{"/", "/"},
        Folder{"c/../d/./", "/here/d"},
    };
    for (const Folder& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.typed);
        SelectionOptions options;
        options.cwd = row.typed;
        EXPECT_EQ(to_selection(options, "/here", 0, true).cwd, row.want);
    }
}

struct Refusal {
    std::vector<std::string> words;
    std::string error;
    int line = __builtin_LINE();
};

TEST(ChangeFlags, RefusesNamingOptionAndValue) {
    const Refusal rows[] = {
        Refusal{{"--provider", ""}, "--provider: it must not be blank"},
        Refusal{{"--provider", " \t"}, "--provider: it must not be blank"},
        Refusal{{"--provider", "a\nb"}, "--provider: it must not hold control characters"},
        Refusal{{"--profile", " "}, "--profile: it must not be blank"},
        Refusal{{"--profile", "a/b"}, "--profile: \"a/b\" is no profile"},
        Refusal{{"--profile", "../x"}, "--profile: \"../x\" is no profile"},
        Refusal{{"--profile", "arbeit-\xc3\xa4"}, "--profile: "},
        Refusal{{"--store", "desktop"}, "--store: \"desktop\" is no store: all, cli"},
        Refusal{{"--store", ""}, "--store: \"\" is no store"},
        Refusal{{"--padding-bytes", "65537"}, "--padding-bytes: \"65537\" is no number from 0 to"},
        Refusal{{"--padding-bytes", "-1"}, "--padding-bytes: \"-1\" is no number from 0 to 65536"},
        Refusal{{"--padding-bytes", "18446744073709551615"}, "--padding-bytes: \"18446744073"},
        Refusal{{"--padding-bytes", "1.5"}, "--padding-bytes: \"1.5\""},
        Refusal{{"--padding-bytes", "many"}, "--padding-bytes: \"many\""},
        Refusal{{"--wait", "-1"}, "--wait: \"-1\" is no number from 0 to 86400"},
        Refusal{{"--wait", "86401"}, "--wait: \"86401\""},
        Refusal{{"--wait", "1.2345"}, "--wait: \"1.2345\""},
        Refusal{{"--wait", "1."}, "--wait: \"1.\""},
        Refusal{{"--wait", ".5"}, "--wait: \".5\""},
        Refusal{{"--wait", "1.+5"}, "--wait: \"1.+5\""},
        Refusal{{"--wait", ""}, "--wait: \"\""},
        Refusal{{"--since", "7"}, "--since: \"7\" is no time: write 2026-01-31"},
        Refusal{{"--archived", "maybe"}, "--archived: \"maybe\" is neither yes nor no"},
        Refusal{{"--from", ""}, "--from: it must not be blank"},
        Refusal{{"--cwd", ""}, "--cwd: it must not be blank"},
        Refusal{{"--thread", ""}, "--thread: it must not be blank"},
    };
    for (const Refusal& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        EXPECT_THAT(parse(row.words).error, StartsWith(row.error));
    }
}

TEST(FillFrom, WhatStandsBehindTheCommandWins) {
    CodexOptions outer;
    outer.home = "outer";
    outer.provider = "outer";
    outer.store = StoreFilter::App;
    CodexOptions inner;
    inner.provider = "inner";
    inner.fill_from(outer);
    EXPECT_EQ(inner.home, "outer");
    EXPECT_EQ(inner.provider, "inner");
    EXPECT_EQ(inner.profile, std::nullopt);
    EXPECT_EQ(inner.stores(), StoreFilter::App);
}

TEST(RefuseStore, NamesTheCommand) {
    CodexOptions options;
    EXPECT_TRUE(refuse_store_with_rollouts(options, false, "codex sync"));
    EXPECT_TRUE(refuse_store(options, "codex undo"));
    options.store = StoreFilter::All;
    EXPECT_TRUE(refuse_store_with_rollouts(options, false, "codex sync"));
    options.store = StoreFilter::Cli;
    EXPECT_TRUE(refuse_store_with_rollouts(options, true, "codex sync"));
    const auto refused = refuse_store_with_rollouts(options, false, "codex sync");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorClass::Usage);
    EXPECT_THAT(refused.error().message, HasSubstr("\"codex sync\""));
    EXPECT_THAT(refused.error().message, HasSubstr("--store cli needs --sqlite-only"));
    EXPECT_THAT(refuse_store(options, "codex undo").error().message, HasSubstr("\"codex undo\""));
}

}  // namespace
}  // namespace trueup::app
