#include "extract/source/key.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace trueup::extract {
namespace {

using json::Value;

/// Longer texts and blobs are cut in messages, never in documents.
constexpr std::size_t kShownBytesMax = 120;
constexpr std::string_view kHexDigits = "0123456789abcdef";

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// ---- writing ----

std::string hex_of(std::string_view bytes) {
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += kHexDigits[byte >> 4U];
        hex += kHexDigits[byte & 15U];
    }
    return hex;
}

/// JSON strings are UTF-8; a source's texts need not be.
Value text_value(const std::string& text) {
    if (invalid_utf8_at(text)) return {{"text_hex", hex_of(text)}};
    return {{"text", text}};
}

// ---- reading ----

std::unexpected<Error> malformed(const Value& value) {
    constexpr std::size_t kExcerptMax = 200;
    std::string excerpt = json::write(value);
    if (excerpt.size() > kExcerptMax) excerpt = excerpt.substr(0, kExcerptMax) + "…";
    return fail(ErrorClass::Integrity, "not a key as plans are stored: " + printable(excerpt));
}

std::optional<std::string> bytes_of_hex(std::string_view hex) {
    if (hex.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t at = 0; at < hex.size(); at += 2) {
        const std::size_t high = kHexDigits.find(hex[at]);
        const std::size_t low = kHexDigits.find(hex[at + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        bytes += static_cast<char>(high << 4U | low);
    }
    return bytes;
}

/// What "%a" writes: [-]0x1.8p+1, [-]inf, nan.
std::optional<double> real_of(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    std::string_view rest = text.substr(is_negative ? 1 : 0);
    double size = 0;
    if (rest == "inf") {
        size = std::numeric_limits<double>::infinity();
    } else if (rest == "nan") {
        size = std::numeric_limits<double>::quiet_NaN();
    } else {
        if (!rest.starts_with("0x")) return std::nullopt;
        rest.remove_prefix(2);
        // from_chars would take a sign, "inf" and "nan" once more.
        if (rest.empty() || kHexDigits.find(rest.front()) == std::string_view::npos) {
            return std::nullopt;
        }
        const char* const end = rest.data() + rest.size();
        const auto got = std::from_chars(rest.data(), end, size, std::chars_format::hex);
        if (got.ec != std::errc() || got.ptr != end || !std::isfinite(size)) return std::nullopt;
    }
    return is_negative ? -size : size;
}

Result<KeyValue> parse_value(const Value& value) {
    if (value.is_null()) return KeyValue();
    if (!value.is_object() || value.size() != 1) return malformed(value);
    const std::string& type = value.begin().key();
    const Value& member = value.begin().value();
    if (!member.is_string()) return malformed(value);
    const auto& text = member.get_ref<const std::string&>();
    if (type == "integer") {
        if (const auto number = parse_int64(text)) return KeyValue(*number);
    } else if (type == "real") {
        if (const auto number = real_of(text)) return KeyValue(*number);
    } else if (type == "text") {
        return KeyValue(text);
    } else if (type == "text_hex") {
        if (auto bytes = bytes_of_hex(text)) return KeyValue(*std::move(bytes));
    } else if (type == "blob") {
        if (auto bytes = bytes_of_hex(text)) return KeyValue(Blob{*std::move(bytes)});
    }
    return malformed(value);
}

/// A side of bounds: null is open; NULL has no place in it, since nothing compares with NULL.
Result<std::optional<Key>> parse_side(const Value& value) {
    if (value.is_null()) return std::optional<Key>();
    Key key = TRY(parse_key(value));
    for (const KeyValue& part : key) {
        if (std::holds_alternative<std::monostate>(part)) return malformed(value);
    }
    return std::optional<Key>(std::move(key));
}

// ---- for people ----

/// Cut between characters, so that a valid text stays one.
std::string_view shown_part(std::string_view text) {
    if (text.size() <= kShownBytesMax) return text;
    std::size_t size = kShownBytesMax;
    while (size > kShownBytesMax - 4 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    return text.substr(0, size);
}

std::string quoted_text(std::string_view text) {
    const std::string_view part = shown_part(text);
    std::string out = "'";
    for (const char c : part) {
        if (c == '\'') out += '\'';
        out += c;
    }
    out += part.size() < text.size() ? "…'" : "'";
    return printable(out);
}

/// The shortest text that reads back as this number, and cannot be taken for an integer.
std::string real_text(double value) {
    std::string text = fmt::format("{}", value);
    if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
    return text;
}

std::string blob_text(const Blob& blob) {
    const std::string_view part = std::string_view(blob.bytes).substr(0, kShownBytesMax / 2);
    return "x'" + hex_of(part) + (part.size() < blob.bytes.size() ? "…'" : "'");
}

/// Composite keys in parentheses, so that two of them can stand side by side.
std::string side_text(const Key& key) {
    return key.size() == 1 ? text_of(key) : "(" + text_of(key) + ")";
}

}  // namespace

json::Value to_json(const KeyValue& value) {
    return std::visit(Overloaded{[](std::monostate) { return Value(nullptr); },
                                 [](std::int64_t number) {
                                     return Value{{"integer", std::to_string(number)}};
                                 },
                                 [](double number) {
                                     return Value{{"real", fmt::format("{:a}", number)}};
                                 },
                                 [](const std::string& text) { return text_value(text); },
                                 [](const Blob& blob) {
                                     return Value{{"blob", hex_of(blob.bytes)}};
                                 }},
                      value);
}

json::Value to_json(const Key& key) {
    Value out = Value::array();
    for (const KeyValue& value : key) out.push_back(to_json(value));
    return out;
}

json::Value to_json(const Bounds& bounds) {
    Value out = Value::object();
    if (bounds.is_null_keys) {
        out["null_keys"] = true;
        return out;
    }
    out["lower"] = bounds.lower ? to_json(*bounds.lower) : Value(nullptr);
    out["upper"] = bounds.upper ? to_json(*bounds.upper) : Value(nullptr);
    return out;
}

Result<Key> parse_key(const json::Value& value) {
    if (!value.is_array() || value.empty()) return malformed(value);
    Key key;
    for (const Value& member : value) {
        KeyValue part = TRY(parse_value(member));
        key.push_back(std::move(part));
    }
    return key;
}

Result<Bounds> parse_bounds(const json::Value& value) {
    if (!value.is_object()) return malformed(value);
    if (value.contains("null_keys")) {
        const Value& flag = value["null_keys"];
        if (value.size() != 1 || !flag.is_boolean() || !flag.get<bool>()) return malformed(value);
        return Bounds{.lower = {}, .upper = {}, .is_null_keys = true};
    }
    if (value.size() != 2 || !value.contains("lower") || !value.contains("upper")) {
        return malformed(value);
    }
    Bounds bounds;
    bounds.lower = TRY(parse_side(value["lower"]));
    bounds.upper = TRY(parse_side(value["upper"]));
    return bounds;
}

std::string text_of(const KeyValue& value) {
    return std::visit(Overloaded{[](std::monostate) { return std::string("NULL"); },
                                 [](std::int64_t number) { return std::to_string(number); },
                                 [](double number) { return real_text(number); },
                                 [](const std::string& text) { return quoted_text(text); },
                                 [](const Blob& blob) { return blob_text(blob); }},
                      value);
}

std::string text_of(const Key& key) {
    std::string out;
    for (const KeyValue& value : key) {
        if (!out.empty()) out += ", ";
        out += text_of(value);
    }
    return out;
}

std::string text_of(const Bounds& bounds) {
    if (bounds.is_null_keys) return "NULL keys";
    if (bounds.lower && bounds.upper) {
        return fmt::format("[{}, {})", side_text(*bounds.lower), side_text(*bounds.upper));
    }
    if (bounds.lower) return "from " + side_text(*bounds.lower);
    if (bounds.upper) return "below " + side_text(*bounds.upper);
    return "everything";
}

}  // namespace trueup::extract
