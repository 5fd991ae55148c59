#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/json.h"

namespace trueup::extract {

/// Bytes that are a blob and not a text.
struct Blob {
    std::string bytes;
    auto operator<=>(const Blob&) const = default;
};

/// One column of a key, in the terms in which the source compares it. Dates, decimals and the like
/// are texts that the source casts to the column's type. monostate is NULL.
using KeyValue = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// The values of the key columns of one row, in key order.
using Key = std::vector<KeyValue>;

/// Which rows of a relation: `lower <= key < upper` with no NULL in the key, or the rows with a
/// NULL in the key. An absent side is open. Both sides absent and no NULL chunk in the plan: all
/// rows.
struct Bounds {
    std::optional<Key> lower;
    std::optional<Key> upper;
    bool is_null_keys = false;

    bool operator==(const Bounds&) const = default;
};

/// {"integer":"7"}, {"real":"0x1.8p+1"}, {"text":"a"}, {"blob":"6162"} or null: exact, and typed.
/// A text that is no UTF-8 is {"text_hex":"61ff"}; infinite reals are "inf" and "-inf".
json::Value to_json(const KeyValue& value);
json::Value to_json(const Key& key);
/// {"lower":[…]|null,"upper":[…]|null} or {"null_keys":true}.
json::Value to_json(const Bounds& bounds);
/// Integrity when the value does not have that form; a bound with a NULL in it has not.
Result<Bounds> parse_bounds(const json::Value& value);
Result<Key> parse_key(const json::Value& value);

/// For people: `7`, `3.5`, `'a'`, `x'6162'`, `NULL`; several joined by ", ". Long ones are cut.
std::string text_of(const KeyValue& value);
std::string text_of(const Key& key);
/// "[100, 200)", "everything", "from 100", "below 100", "NULL keys"; composite keys in parentheses.
std::string text_of(const Bounds& bounds);

}  // namespace trueup::extract
