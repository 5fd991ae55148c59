#include "app/codex_watch.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/help.h"
#include "codex/text/text.h"

namespace trueup::app {

using codex::Text;
using codex::tr;

void watch_flags(CLI::App& app, WatchFlags& options) {
    sqlite_only_flag(app, options.is_sqlite_only);
    padding_flag(app, options.padding);
    backfill_flag(app, options.forces_backfill);
    first_line_flag(app, options.first_line_only);
    number_flag(app, options.poll_interval_ms, tr(Text::OptPollInterval));
    app.add_option("--log", options.log_path, help_text(Text::OptLog))->type_name("FILE");
}

codex::WatchOptions to_watch(const WatchFlags& options) {
    codex::WatchOptions out;
    out.settings = options.settings();
    out.stores = options.stores();
    out.is_sqlite_only = options.is_sqlite_only;
    out.forces_backfill = options.forces_backfill;
    out.first_line_only = options.first_line_only;
    out.padding = options.padding.value_or(codex::kPaddingBytesDefault);
    if (options.poll_interval_ms.value) {
        out.poll_interval = std::chrono::milliseconds(*options.poll_interval_ms.value);
    }
    out.log_path = options.log_path;
    return out;
}

std::vector<std::string> words_of(const WatchFlags& options) {
    std::vector<std::string> words;
    const auto add = [&words](const std::string& flag, const std::optional<std::string>& value) {
        if (value) words.insert(words.end(), {flag, *value});
    };
    const auto add_flag = [&words](const std::string& flag, bool is_set) {
        if (is_set) words.push_back(flag);
    };
    const auto number = [](const auto& value) {
        return value ? std::optional(fmt::format("{}", *value)) : std::nullopt;
    };
    add("--provider", options.provider);
    add("--profile", options.profile);
    if (options.store) add("--store", std::string(name_of(*options.store)));
    add_flag("--sqlite-only", options.is_sqlite_only);
    add("--padding-bytes", number(options.padding));
    add_flag("--force-backfill", options.forces_backfill);
    add_flag("--first-line-only", options.first_line_only);
    add("--poll-interval-ms", number(options.poll_interval_ms.value));
    add("--log", options.log_path);
    return words;
}

}  // namespace trueup::app
