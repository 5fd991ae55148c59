#include "app/usage_error.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::Text;
using codex::tr;

/// "trueup extract run".
std::string typed_name(const CLI::App& root) {
    std::string name;
    for (const CLI::App* app = deepest_of(root); app != nullptr; app = app->get_parent()) {
        name = name.empty() ? app->get_name() : fmt::format("{} {}", app->get_name(), name);
    }
    return name;
}

/// What stands in the help below `app`.
std::vector<const CLI::App*> shown_below(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

std::string help_hint(const CLI::App& root) {
    const bool is_leaf = shown_below(*deepest_of(root)).empty();
    return is_leaf ? tr(Text::CliListsOptions, typed_name(root))
                   : tr(Text::CliListsCommands, typed_name(root));
}

std::string suggestion(const std::optional<std::string>& meant) {
    return meant ? tr(Text::CliDidYouMean, *meant) : std::string();
}

Error unknown_option(const CLI::App& root, const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const CLI::App* app = deepest_of(root); app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const std::string& one : option->get_lnames()) known.push_back("--" + one);
        }
    }
    return {ErrorClass::Usage, tr(Text::CliUnknownOption, name, suggestion(nearest(name, known))),
            tr(Text::CliListsOptions, typed_name(root))};
}

Error unknown_word(const CLI::App& root, const std::string& word, const Commands& commands) {
    const auto below = shown_below(*deepest_of(root));
    if (below.empty()) {
        return {ErrorClass::Usage, tr(Text::CliUnexpectedArgument, word), help_hint(root)};
    }
    std::vector<std::string> known;
    known.reserve(below.size());
    for (const CLI::App* one : below) known.push_back(one->get_name());
    auto meant = nearest(word, known);
    for (const Command& command : commands.commands) {
        // The group was forgotten: "trueup run".
        if (command.name == word) meant = command.full_name();
    }
    return {ErrorClass::Usage, tr(Text::CliUnknownCommand, word, suggestion(meant)),
            help_hint(root)};
}

/// The name at the start of what the library says: "--jobs: 1 required N missing".
std::string subject_of(const std::string& message) {
    return message.substr(0, message.find_first_of(": "));
}

/// The library's sentence in ours; what it says itself when it is none that we know.
std::string sentence_of(const CLI::ParseError& error) {
    std::string message = error.what();
    const std::string kind = error.get_name();
    const std::string subject = subject_of(message);
    if (kind == "ArgumentMismatch") {
        if (message.find("At Most") != std::string::npos) return tr(Text::CliTwice, subject);
        const bool is_flag = message.find("flag override") != std::string::npos;
        return is_flag ? tr(Text::CliTakesNoValue, subject) : tr(Text::CliNeedsValue, subject);
    }
    if (kind == "RequiredError") return tr(Text::CliIsRequired, subject);
    const std::size_t excludes = message.find(" excludes ");
    if (kind == "ExcludesError" && excludes != std::string::npos) {
        constexpr std::size_t kWordSize = sizeof(" excludes ") - 1;
        return tr(Text::CliExcludesOther, subject, message.substr(excludes + kWordSize));
    }
    return message;
}

}  // namespace

const CLI::App* deepest_of(const CLI::App& root) {
    const CLI::App* app = &root;
    while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
    return app;
}

CLI::App* subcommand_of(CLI::App& app, std::string_view name) {
    const auto found =
        app.get_subcommands([name](const CLI::App* one) { return one->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

Error usage_error(const CLI::App& root, const CLI::ParseError& error, const Commands& commands) {
    const std::vector<std::string> extras = root.remaining(true);
    const bool is_option = !extras.empty() && extras[0].size() > 1 && extras[0][0] == '-';
    if (is_option) return unknown_option(root, extras[0]);
    if (!extras.empty()) return unknown_word(root, extras[0], commands);
    std::string message = sentence_of(error);
    std::replace(message.begin(), message.end(), '\n', ' ');
    return {ErrorClass::Usage, std::move(message), help_hint(root)};
}

Error missing_command(const CLI::App& root) {
    const bool is_group = deepest_of(root) != &root;
    auto message = is_group ? tr(Text::CliNeedsCommand, typed_name(root)) : tr(Text::CliNoCommand);
    return {ErrorClass::Usage, std::move(message), help_hint(root)};
}

}  // namespace trueup::app
