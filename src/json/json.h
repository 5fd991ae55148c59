#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

/// JSON documents of a size that fits in memory: reports, manifests, plans. Only this module names
/// the library behind it.
namespace trueup::json {

/// A document; objects keep the order their keys were written in.
using Value = nlohmann::ordered_json;

/// The deepest nesting parse() accepts.
inline constexpr int kDepthMax = 64;

/// One document and nothing after it. Errors (Failed) start with `what` and name the byte, counted
/// from 0: bad syntax, bad UTF-8, nesting beyond kDepthMax; a key twice in one object is named.
Result<Value> parse(std::string_view text, std::string_view what);

/// The member of an object, or null when it is missing, is JSON null, or `object` is no object.
const Value* find(const Value& object, std::string_view key);

/// The member `key` of `object` as the type in the name. Errors (Failed) say
/// `what: "key" is missing` or `what: "key" must be a string, not number`.
Result<std::string> string_at(const Value& object, std::string_view key, std::string_view what);
Result<std::int64_t> int64_at(const Value& object, std::string_view key, std::string_view what);
Result<std::uint64_t> uint64_at(const Value& object, std::string_view key, std::string_view what);
/// Any number, whole ones too.
Result<double> double_at(const Value& object, std::string_view key, std::string_view what);
Result<bool> bool_at(const Value& object, std::string_view key, std::string_view what);
/// Borrows from `object`; never null.
Result<const Value*> array_at(const Value& object, std::string_view key, std::string_view what);
Result<const Value*> object_at(const Value& object, std::string_view key, std::string_view what);

/// The document as text: on one line when `indent` is negative, else with that many spaces per
/// level. Malformed UTF-8 in strings becomes U+FFFD. Never throws.
std::string write(const Value& value, int indent = -1);

}  // namespace trueup::json
