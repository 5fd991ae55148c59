#include "app/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <utility>

namespace trueup::app {
namespace {

std::pair<std::string, std::string> parse_param(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw CLI::ValidationError("--param", fmt::format("\"{}\" is not KEY=VALUE", text));
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

}  // namespace

std::string Command::full_name() const {
    return group.empty() ? name : fmt::format("{} {}", group, name);
}

void config_flags(CLI::App& app, ConfigOptions& options) {
    app.add_option("-c,--config", options.config, "Configuration to work from")
        ->type_name("FILE")
        ->capture_default_str();
    app.add_option("-e,--export", options.exports, "Only this export; may be repeated")
        ->type_name("NAME")
        ->allow_extra_args(false);
    const auto add_params = [&options](const std::vector<std::string>& texts) {
        for (const std::string& text : texts) options.params.push_back(parse_param(text));
    };
    app.add_option_function<std::vector<std::string>>(
           "-p,--param", add_params, "Value for ${KEY} in the configuration; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

}  // namespace trueup::app
