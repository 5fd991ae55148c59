#include "json/json.h"

#include <fmt/format.h>

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"

namespace trueup::json {
namespace {

/// The byte that opens the level beyond kDepthMax. Looked for before parsing, because the library
/// has no limit of its own.
std::optional<std::size_t> too_deep_at(std::string_view text) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char byte = text[at];
        if (in_string) {
            if (byte == '\\') ++at;
            if (byte == '"') in_string = false;
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '[' || byte == '{') {
            if (++depth > kDepthMax) return at;
        } else if (byte == ']' || byte == '}') {
            --depth;
        }
    }
    return std::nullopt;
}

/// Remembers the keys of every object that is open, to find one given twice.
class KeyWatch {
  public:
    void see(Value::parse_event_t event, const Value& parsed) {
        using Event = Value::parse_event_t;
        if (event == Event::object_start) open_.emplace_back();
        if (event == Event::object_end) open_.pop_back();
        if (event != Event::key || duplicate_) return;
        const auto& name = parsed.get_ref<const std::string&>();
        if (!open_.back().insert(name).second) duplicate_ = name;
    }
    const std::optional<std::string>& duplicate() const { return duplicate_; }

  private:
    std::vector<std::set<std::string>> open_;
    std::optional<std::string> duplicate_;
};

/// The library's sentence without its own name, number and position.
std::string_view plain_reason(std::string_view text) {
    for (const std::string_view lead : {"syntax error ", "] "}) {
        const std::size_t at = text.find(lead);
        if (at != std::string_view::npos) return text.substr(at + (lead == "] " ? lead.size() : 0));
    }
    return text;
}

Result<const Value*> member(const Value& object, std::string_view key, std::string_view what) {
    if (!object.is_object()) {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: must be an object, not {}", what, object.type_name()));
    }
    const auto found = object.find(std::string(key));
    if (found == object.end()) {
        return fail(ErrorClass::Failed, fmt::format("{}: \"{}\" is missing", what, key));
    }
    return &*found;
}

struct Place {
    std::string_view key;
    std::string_view what;
};

std::unexpected<Error> wrong(Place place, std::string_view wanted, const Value& got) {
    return fail(ErrorClass::Failed, fmt::format("{}: \"{}\" must be {}, not {}", place.what,
                                                place.key, wanted, got.type_name()));
}

}  // namespace

Result<Value> parse(std::string_view text, std::string_view what) {
    if (const auto at = too_deep_at(text)) {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: byte {}: nested deeper than {} levels", what, *at, kDepthMax));
    }
    try {
        KeyWatch keys;
        const auto watch = [&keys](int, Value::parse_event_t event, Value& parsed) {
            keys.see(event, parsed);
            return true;
        };
        Value value = Value::parse(text.begin(), text.end(), watch);
        if (keys.duplicate()) {
            return fail(ErrorClass::Failed,
                        fmt::format("{}: the key \"{}\" stands twice in one object", what,
                                    printable(*keys.duplicate())));
        }
        return value;
    } catch (const Value::parse_error& error) {
        const std::size_t at = error.byte == 0 ? 0 : error.byte - 1;
        return fail(ErrorClass::Failed, fmt::format("{}: byte {}: not JSON: {}", what, at,
                                                    printable(plain_reason(error.what()))));
    } catch (const std::exception& error) {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: not JSON: {}", what, printable(plain_reason(error.what()))));
    }
}

const Value* find(const Value& object, std::string_view key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(std::string(key));
    if (found == object.end() || found->is_null()) return nullptr;
    return &*found;
}

Result<std::string> string_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    if (!value->is_string()) return wrong({key, what}, "a string", *value);
    return value->get<std::string>();
}

Result<std::int64_t> int64_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    if (!value->is_number_integer()) return wrong({key, what}, "a whole number", *value);
    if (value->is_number_unsigned() && !std::in_range<std::int64_t>(value->get<std::uint64_t>())) {
        return wrong({key, what}, "a whole number of at most 63 bits", *value);
    }
    return value->get<std::int64_t>();
}

Result<std::uint64_t> uint64_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    // A number built in memory is signed even when it is positive.
    const bool is_negative = value->is_number_integer() && !value->is_number_unsigned() &&
                             value->get<std::int64_t>() < 0;
    if (!value->is_number_integer() || is_negative) {
        return wrong({key, what}, "a whole number of 0 or more", *value);
    }
    return value->get<std::uint64_t>();
}

Result<double> double_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    if (!value->is_number()) return wrong({key, what}, "a number", *value);
    return value->get<double>();
}

Result<bool> bool_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    if (!value->is_boolean()) return wrong({key, what}, "true or false", *value);
    return value->get<bool>();
}

Result<const Value*> array_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    if (!value->is_array()) return wrong({key, what}, "an array", *value);
    return value;
}

Result<const Value*> object_at(const Value& object, std::string_view key, std::string_view what) {
    const Value* value = TRY(member(object, key, what));
    if (!value->is_object()) return wrong({key, what}, "an object", *value);
    return value;
}

std::string write(const Value& value, int indent) {
    return value.dump(indent, ' ', /*ensure_ascii=*/false, Value::error_handler_t::replace);
}

}  // namespace trueup::json
