#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <ranges>

#include "app/exit_status.h"
#include "app/help.h"
#include "app/usage_error.h"
#include "base/check.h"
#include "base/text.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::Text;
using codex::tr;

/// An option that takes one of a few words.
template <class Value>
struct Choice {
    std::string flag;
    Text help;
    std::map<std::string, Value> values;

    /// Throws what the library expects of an option when `word` is none of them.
    Value value_of(const std::string& word) const {
        const auto found = values.find(word);
        if (found != values.end()) return found->second;
        const std::string list = fmt::format("{}", fmt::join(std::views::keys(values), ", "));
        throw CLI::ValidationError(flag, tr(Text::CliNoneOf, word, list));
    }
};

/// `choice` and `into` must outlive `app`.
template <class Value>
void add_choice(CLI::App& app, const Choice<Value>& choice, Value& into) {
    const auto take = [&choice, &into](const std::string& word) { into = choice.value_of(word); };
    app.add_option_function<std::string>(choice.flag, take, help_text(choice.help))
        ->type_name("WHEN");
}

void global_flags(CLI::App& root, GlobalOptions& options) {
    static const Choice<term::ColorChoice> color = {
        .flag = "--color",
        .help = Text::CliColor,
        .values = {{"auto", term::ColorChoice::Auto},
                   {"always", term::ColorChoice::Always},
                   {"never", term::ColorChoice::Never}}};
    static const Choice<ProgressMode> progress = {.flag = "--progress",
                                                  .help = Text::CliProgress,
                                                  .values = {{"auto", ProgressMode::Auto},
                                                             {"json", ProgressMode::Json},
                                                             {"none", ProgressMode::None}}};
    root.add_flag("--json", options.is_json, tr(Text::CliJson));
    auto* quiet = root.add_flag("-q,--quiet", options.is_quiet, tr(Text::CliQuiet));
    root.add_flag("-v,--verbose", options.is_verbose, tr(Text::CliVerbose))->excludes(quiet);
    add_choice(root, color, options.color);
    add_choice(root, progress, options.progress);
    auto* utc = root.add_flag("--utc", options.is_utc, tr(Text::CliUtc));
    root.add_option("--timezone", options.timezone, tr(Text::CliTimezone))
        ->type_name("ZONE")
        ->excludes(utc);
    // Taken by run_cli() before, as everything that is declared here speaks it already.
    const auto check = [](const std::string& text) {
        if (codex::language_of(text)) return;
        throw CLI::ValidationError("--lang", tr(Text::BadLanguage, text));
    };
    root.add_option_function<std::string>("--lang", check, tr(Text::CliLang))->type_name("LANG");
}

/// One command line being read. The library's objects stay in here.
class Reader {
  public:
    explicit Reader(const Commands& commands) : commands_(commands) { declare(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    Reader(Reader&&) = delete;
    Reader& operator=(Reader&&) = delete;
    ~Reader() = default;

    Result<std::variant<Invocation, Printout>> read(std::vector<std::string> words);

  private:
    struct Leaf {
        CLI::App* app;
        const Command* command;
        Body body;
    };

    void declare();
    void declare_group(const Group& group);
    void declare_command(const Command& command, const std::string& full_name, bool is_hidden);
    CLI::App& add(const std::string& full_name, const std::string& about, bool is_hidden);
    CLI::App& find(std::string_view full_name, bool is_hidden);
    Leaf* chosen();
    std::string help();

    const Commands& commands_;
    GlobalOptions options_;
    CodexOptions outer_;  // Given behind "codex" itself.
    std::unique_ptr<CLI::App> root_;
    std::vector<Leaf> leaves_;
    std::vector<std::pair<CLI::App*, Phrase>> abouts_;
};

void Reader::declare() {
    root_ = std::make_unique<CLI::App>(tr(Text::CliAbout), "trueup");
    use_our_words(*root_);
    root_->set_version_flag("--version", version_line(), tr(Text::CliVersion));
    root_->require_subcommand(0, 1);
    root_->footer(exit_status_help());
    global_flags(*root_, options_);
    for (const Group& group : commands_.groups) declare_group(group);
    for (const Command& command : commands_.commands) {
        declare_command(command, command.full_name(), /*is_hidden=*/false);
        for (const std::string& name : command.hidden_names) {
            declare_command(command, name, /*is_hidden=*/true);
        }
    }
}

void Reader::declare_group(const Group& group) {
    CLI::App& app = add(group.name, group.summary.str(), /*is_hidden=*/false);
    app.footer(exit_status_help());
    if (!group.about.is_empty()) abouts_.emplace_back(&app, group.about);
    if (group.has_codex_options) codex_flags(app, outer_);
}

void Reader::declare_command(const Command& command, const std::string& full_name, bool is_hidden) {
    CLI::App& app = add(full_name, command.summary.str(), is_hidden);
    app.footer(fmt::format("{}\n\n{}", tr(Text::CliGlobalNote), exit_status_help()));
    leaves_.push_back({&app, &command, command.bind(app)});
}

/// Declares the last word of `full_name` below the others; groups that only hidden names need come
/// into being with them.
CLI::App& Reader::add(const std::string& full_name, const std::string& about, bool is_hidden) {
    const std::size_t blank = full_name.rfind(' ');
    const bool is_top = blank == std::string::npos;
    CLI::App& parent = is_top ? *root_ : find(full_name.substr(0, blank), is_hidden);
    CLI::App* app = parent.add_subcommand(is_top ? full_name : full_name.substr(blank + 1), about);
    app->set_help_flag("-h,--help", tr(Text::CliHelp));  // The inherited one lost its heading.
    app->require_subcommand(0, 1);
    app->fallthrough();
    if (is_hidden) app->group("");
    return *app;
}

CLI::App& Reader::find(std::string_view full_name, bool is_hidden) {
    CLI::App* app = root_.get();
    std::string path;
    for (const std::string_view word : split(full_name, ' ')) {
        path += path.empty() ? std::string(word) : fmt::format(" {}", word);
        CLI::App* const below = subcommand_of(*app, word);
        // Other groups are in the table, before what belongs to them.
        if (below == nullptr) CHECK(is_hidden);
        app = below != nullptr ? below : &add(path, "", is_hidden);
    }
    return *app;
}

/// The command whose name ends the words that were understood as names.
Reader::Leaf* Reader::chosen() {
    const CLI::App* deepest = deepest_of(*root_);
    const auto found = std::ranges::find(leaves_, deepest, &Leaf::app);
    return found == leaves_.end() ? nullptr : &*found;
}

/// Of what was named last. A group has more to say there than in the list of the level above, and
/// the library knows only one description.
std::string Reader::help() {
    for (const auto& [app, about] : abouts_) {
        if (app == deepest_of(*root_)) app->description(about.str());
    }
    return root_->help();
}

Result<std::variant<Invocation, Printout>> Reader::read(std::vector<std::string> words) {
    if (!words.empty() && words[0] == "help") {  // "help extract run" is "extract run --help".
        std::rotate(words.begin(), words.begin() + 1, words.end());
        words.back() = "--help";
    }
    std::reverse(words.begin(), words.end());  // As the library wants them.
    try {
        root_->parse(words);
    } catch (const CLI::CallForHelp&) {
        return Printout{help()};
    } catch (const CLI::CallForVersion&) {
        return Printout{version_line() + "\n"};
    } catch (const CLI::ParseError& error) {
        return std::unexpected(usage_error(*root_, error, commands_));
    }
    Leaf* leaf = chosen();
    if (leaf == nullptr) return std::unexpected(missing_command(*root_));
    if (leaf->body.codex != nullptr) leaf->body.codex->fill_from(outer_);
    return Invocation{leaf->command, std::move(leaf->body), options_};
}

}  // namespace

Result<std::variant<Invocation, Printout>> parse_command_line(const std::vector<std::string>& words,
                                                              const Commands& commands) {
    Reader reader(commands);
    return reader.read(words);
}

}  // namespace trueup::app
