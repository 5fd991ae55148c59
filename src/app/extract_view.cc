#include "app/extract_view.h"

#include <fmt/format.h>

#include "base/text.h"
#include "extract/source/key.h"
#include "term/bar.h"

namespace trueup::app {

std::string counted(std::int64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

json::Value json_stored(const std::string& text) {
    auto parsed = json::parse(text, "the ledger");
    return parsed ? *std::move(parsed) : json::Value(text);
}

std::string bounds_text(const std::string& bounds_json) {
    const auto value = json::parse(bounds_json, "bounds");
    if (!value) return bounds_json;
    const auto bounds = extract::parse_bounds(*value);
    return bounds ? extract::text_of(*bounds) : bounds_json;
}

std::string bar_text(const Context& context, const BarCount& count) {
    const double fraction =
        count.total == 0 ? 1 : static_cast<double>(count.done) / static_cast<double>(count.total);
    return fmt::format("[{}] {} of {}",
                       term::bar(fraction, {.cells = 20, .is_unicode = context.is_unicode()}),
                       grouped(count.done), counted(count.total, "chunk"));
}

}  // namespace trueup::app
