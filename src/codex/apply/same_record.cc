#include "codex/apply/same_record.h"

#include <fmt/format.h>

#include "json/json.h"

namespace trueup::codex {
namespace {

/// The record without its provider.
Result<json::Value> rest_of(std::string_view line, std::string_view path) {
    json::Value record = TRY(json::parse(line, path));
    if (record.contains("payload") && record["payload"].is_object()) {
        record["payload"].erase("model_provider");
    }
    return record;
}

}  // namespace

Status check_same_but_provider(std::string_view before, std::string_view after,
                               std::string_view path) {
    const auto wanted = rest_of(before, path);
    // A key that stands twice is more than this parser takes; the one that made the edit took it.
    if (!wanted) return {};
    if (*wanted == TRY(rest_of(after, path))) return {};
    return fail(ErrorClass::Bug, fmt::format("{}: the new record would say something else", path));
}

}  // namespace trueup::codex
