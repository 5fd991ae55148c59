#include "extract/run/run_state.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "json/json.h"

namespace trueup::extract {

Result<std::optional<std::string>> settled_state(SourceDatabase& database) {
    constexpr std::chrono::milliseconds kMoment{60};
    auto state = TRY(database.state());
    if (state) return state;
    std::this_thread::sleep_for(kMoment);
    return database.state();
}

std::string to_json(const RunState& state) {
    return json::write({{"state", state.source_state},
                        {"key", state.key},
                        {"whole", state.is_whole},
                        {"rows_target", state.rows_target}});
}

Result<RunState> parse_run_state(const std::string& text, const std::string& run_id) {
    const std::string what = fmt::format("run {} of the ledger", run_id);
    const json::Value value = TRY(json::parse(text, what));
    RunState state;
    state.source_state = TRY(json::string_at(value, "state", what));
    state.is_whole = TRY(json::bool_at(value, "whole", what));
    state.rows_target = TRY(json::int64_at(value, "rows_target", what));
    for (const json::Value& column : *TRY(json::array_at(value, "key", what))) {
        if (!column.is_string()) return fail(ErrorClass::Integrity, what + ": its key is no text");
        state.key.push_back(column.get<std::string>());
    }
    if (!state.is_whole && state.key.empty()) {
        return fail(ErrorClass::Integrity, what + ": it was cut by a key but names none");
    }
    return state;
}

}  // namespace trueup::extract
