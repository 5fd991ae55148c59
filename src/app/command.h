#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/codex_options.h"
#include "app/context.h"
#include "app/phrase.h"
#include "base/result.h"
#include "core/verdict.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it so.
class App;
}

namespace trueup::app {

/// What must be there before a command runs; the dispatcher looks, not the command.
enum class Needs : std::uint8_t {
    Nothing,
    Config,  // The configuration file is readable. Its options derive from ConfigOptions.
};

/// Options of every command that works from a configuration; bound by command() by themselves.
struct ConfigOptions {
    std::string config = "trueup.yaml";
    std::vector<std::string> exports;                         // Empty: all of them.
    std::vector<std::pair<std::string, std::string>> params;  // In the order given.
};

/// -c/--config, -e/--export, -p/--param.
void config_flags(CLI::App& app, ConfigOptions& options);

/// What is left to do once the command line is parsed.
struct Body {
    std::function<Result<core::Verdict>(Context&)> run;
    std::shared_ptr<const ConfigOptions> config;  // Nothing unless the command has one.
    std::shared_ptr<CodexOptions> codex;          // Nothing unless it is a command of codex.
};

struct Command {
    std::string group;  // The words before its name: "extract", "codex service"; may be empty.
    std::string name;
    Phrase summary;  // Begins with a capital, ends without a full stop.
    Needs needs = Needs::Nothing;
    std::function<Body(CLI::App&)> bind;  // Declares the flags; returns what to run once parsed.
    /// Other full names that run it and stand in no help: "codex bucket switch".
    std::vector<std::string> hidden_names;

    /// "extract run".
    std::string full_name() const;
};

struct CommandName {
    std::string group;
    std::string name;
    Phrase summary;
};

/// A command is data: a name, what it needs, and two functions over its own options struct.
template <class Options>
Command command(CommandName name, Needs needs, void (*flags)(CLI::App&, Options&),
                Result<core::Verdict> (*run)(const Options&, Context&)) {
    auto bind = [flags, run](CLI::App& app) {
        auto options = std::make_shared<Options>();
        Body body;
        if constexpr (std::is_base_of_v<ConfigOptions, Options>) {
            config_flags(app, *options);
            body.config = options;
        }
        flags(app, *options);
        if constexpr (std::is_base_of_v<CodexOptions, Options>) {
            codex_flags(app, *options);  // Last in its help, as they belong to all of them.
            body.codex = options;
        }
        body.run = [options, run](Context& context) { return run(*options, context); };
        return body;
    };
    return {std::move(name.group), std::move(name.name), std::move(name.summary), needs,
            std::move(bind)};
}

/// Words before the name of a command: "trueup extract --help" starts with `about`.
struct Group {
    std::string name;  // All words: "codex service". Groups stand behind those they belong to.
    Phrase summary;
    Phrase about;  // What its help begins with; the summary when it is empty.
    /// It has texts in every language; the commands of others speak English only.
    bool is_translated = false;
    /// codex_flags() may stand right behind its name, too; what stands behind the command wins.
    bool has_codex_options = false;
};

/// All there is to the command line.
struct Commands {
    std::vector<Group> groups;
    std::vector<Command> commands;
};

/// Everything this binary can do.
Commands all_commands();

}  // namespace trueup::app
