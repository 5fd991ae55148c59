#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "app/exit_status.h"
#include "base/text.h"

namespace trueup::app {
namespace {

void global_flags(CLI::App& root, GlobalOptions& options) {
    static const std::map<std::string, term::ColorChoice> colors = {
        {"auto", term::ColorChoice::Auto},
        {"always", term::ColorChoice::Always},
        {"never", term::ColorChoice::Never}};
    static const std::map<std::string, ProgressMode> modes = {
        {"auto", ProgressMode::Auto}, {"json", ProgressMode::Json}, {"none", ProgressMode::None}};
    const auto choice = [&root](const std::string& flag, const auto& names, auto& into,
                                const std::string& help) {
        const auto take = [flag, &names, &into](const std::string& text) {
            const auto found = names.find(text);
            if (found == names.end()) {
                std::vector<std::string> allowed;
                for (const auto& [name, value] : names) allowed.push_back(name);
                throw CLI::ValidationError(
                    flag, fmt::format("\"{}\" is none of {}", text, fmt::join(allowed, ", ")));
            }
            into = found->second;
        };
        root.add_option_function<std::string>(flag, take, help)->type_name("WHEN");
    };
    root.add_flag("--json", options.is_json, "Answer in JSON; errors too, on standard error");
    auto* quiet = root.add_flag("-q,--quiet", options.is_quiet, "Only the answer and errors");
    root.add_flag("-v,--verbose", options.is_verbose, "Say more about what is done")
        ->excludes(quiet);
    choice("--color", colors, options.color, "Colours: auto, always or never");
    choice("--progress", modes, options.progress, "Progress: auto, json (lines) or none");
    auto* utc = root.add_flag("--utc", options.is_utc, "Show times in UTC");
    root.add_option("--timezone", options.timezone, "Show times in this zone, as Europe/Berlin")
        ->type_name("ZONE")
        ->excludes(utc);
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
    void declare_command(CLI::App& parent, const Command& command);
    Error explain(const CLI::ParseError& error) const;
    Error unknown_option(const std::string& word) const;
    Error unknown_word(const std::string& word) const;
    Error missing_command() const;
    CLI::App* deepest() const;
    std::string typed_name() const;
    std::string help_hint() const;

    const Commands& commands_;
    GlobalOptions options_;
    std::unique_ptr<CLI::App> root_;
    std::vector<Leaf> leaves_;
};

void Reader::declare() {
    root_ = std::make_unique<CLI::App>("Copies of data that agree with their source, and proof.",
                                       "trueup");
    root_->set_version_flag("--version", version_line(), "Show the version and end");
    root_->require_subcommand(0, 1);
    root_->footer(std::string(exit_status_help()));
    global_flags(*root_, options_);
    for (const Group& group : commands_.groups) {
        CLI::App* app = root_->add_subcommand(group.name, group.summary);
        app->require_subcommand(0, 1);
        app->fallthrough();
        app->footer(std::string(exit_status_help()));
        for (const Command& command : commands_.commands) {
            if (command.group == group.name) declare_command(*app, command);
        }
    }
    for (const Command& command : commands_.commands) {
        if (command.group.empty()) declare_command(*root_, command);
    }
}

void Reader::declare_command(CLI::App& parent, const Command& command) {
    CLI::App* app = parent.add_subcommand(command.name, command.summary);
    app->fallthrough();
    app->footer(
        fmt::format("The options that \"trueup --help\" lists belong to every command.\n\n{}",
                    exit_status_help()));
    leaves_.push_back({app, &command, command.bind(*app)});
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
        return Printout{root_->help()};
    } catch (const CLI::CallForVersion&) {
        return Printout{version_line() + "\n"};
    } catch (const CLI::ParseError& error) {
        return std::unexpected(explain(error));
    }
    for (Leaf& leaf : leaves_) {
        if (leaf.app->parsed()) return Invocation{leaf.command, std::move(leaf.body), options_};
    }
    return std::unexpected(missing_command());
}

Error Reader::explain(const CLI::ParseError& error) const {
    const std::vector<std::string> extras = root_->remaining(true);
    const bool is_option = !extras.empty() && extras[0].size() > 1 && extras[0][0] == '-';
    if (is_option) return unknown_option(extras[0]);
    if (!extras.empty()) return unknown_word(extras[0]);
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    return {ErrorClass::Usage, std::move(message), help_hint()};
}

Error Reader::unknown_option(const std::string& word) const {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const CLI::App* app = deepest(); app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& one : option->get_lnames()) known.push_back("--" + one);
        }
    }
    return {ErrorClass::Usage,
            fmt::format("unknown option \"{}\"{}", name, did_you_mean(name, known)),
            fmt::format("\"{} --help\" lists the options", typed_name())};
}

Error Reader::unknown_word(const std::string& word) const {
    const CLI::App* app = deepest();
    const auto below = app->get_subcommands([](const CLI::App*) { return true; });
    if (below.empty()) {
        return {ErrorClass::Usage, fmt::format("unexpected argument \"{}\"", word), help_hint()};
    }
    std::vector<std::string> known;
    for (const CLI::App* one : below) known.push_back(one->get_name());
    auto meant = nearest(word, known);
    for (const Command& command : commands_.commands) {
        // The group was forgotten: "trueup run".
        if (command.name == word) meant = command.full_name();
    }
    const auto suggestion = meant ? fmt::format(" (did you mean \"{}\"?)", *meant) : std::string();
    return {ErrorClass::Usage, fmt::format("unknown command \"{}\"{}", word, suggestion),
            help_hint()};
}

Error Reader::missing_command() const {
    const bool is_group = deepest() != root_.get();
    auto message = is_group ? fmt::format("\"{}\" needs a command", typed_name())
                            : std::string("no command was given");
    return {ErrorClass::Usage, std::move(message), help_hint()};
}

CLI::App* Reader::deepest() const {
    CLI::App* app = root_.get();
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app;
}

std::string Reader::typed_name() const {
    std::string name;
    for (const CLI::App* app = deepest(); app != nullptr; app = app->get_parent()) {
        name = name.empty() ? app->get_name() : fmt::format("{} {}", app->get_name(), name);
    }
    return name;
}

std::string Reader::help_hint() const {
    const bool is_leaf = deepest()->get_subcommands([](const CLI::App*) { return true; }).empty();
    return fmt::format("\"{} --help\" lists the {}", typed_name(),
                       is_leaf ? "options" : "commands");
}

}  // namespace

Result<std::variant<Invocation, Printout>> parse_command_line(const std::vector<std::string>& words,
                                                              const Commands& commands) {
    Reader reader(commands);
    return reader.read(words);
}

}  // namespace trueup::app
