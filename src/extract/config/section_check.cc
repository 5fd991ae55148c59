#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "extract/config/section.h"

// Section::check(): what the table of keys says about one map of the file.

namespace trueup::extract {
namespace {

using Kind = yaml::Node::Kind;

/// "a whole number", for `… must be {}`.
std::string_view wanted_by(KeyType type) {
    switch (type) {
        case KeyType::Text: return "a text";
        case KeyType::Bool: return "true or false";
        case KeyType::Integer: return "a whole number";
        case KeyType::Number: return "a number";
        case KeyType::Choice: return "a word";
        case KeyType::Size: return "a size with its unit (B, KB, MB, GB) and more than 0";
        case KeyType::TextList: return "a list of texts";
        case KeyType::TextOrList: return "a text or a list of texts";
        case KeyType::BoolOrList: return "true, false or a list of texts";
        case KeyType::Ratios: return "a map of columns to numbers";
        case KeyType::Columns: return "a map of columns to types";
        case KeyType::Section: return "a map";
        case KeyType::Sections: return "a list of maps";
    }
    std::unreachable();
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::Null: return "nothing";
        case Kind::Scalar: return "a text";
        case Kind::Sequence: return "a list";
        case Kind::Map: return "a map";
    }
    std::unreachable();
}

/// `{token}` without quotes, which YAML reads as a map of one key without a value.
bool is_bare_token(const yaml::Node& value) {
    return value.kind == Kind::Map && value.entries.size() == 1 &&
           value.entries[0].value.kind == Kind::Null && !value.entries[0].key.is_quoted;
}

bool is_bool(const yaml::Node& value) {
    const std::string word = lower_ascii(value.scalar);
    return value.kind == Kind::Scalar && !value.is_quoted && (word == "true" || word == "false");
}

std::optional<double> number_of(const yaml::Node& value) {
    if (value.kind != Kind::Scalar || value.is_quoted) return std::nullopt;
    const char* end = value.scalar.data() + value.scalar.size();
    double number = 0;
    const auto [stop, error] = std::from_chars(value.scalar.data(), end, number);
    if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::string range_of(const Key& key) {
    if (key.max == std::numeric_limits<std::int64_t>::max()) {
        return fmt::format("at least {}", key.min);
    }
    return fmt::format("between {} and {}", key.min, key.max);
}

bool is_in_range(const Key& key, double number) {
    return number >= static_cast<double>(key.min) && number <= static_cast<double>(key.max);
}

/// The path in which `name` is a key, below `section` (where `path` is); "" when nowhere. For a key
/// that was written at the wrong level.
std::string home_of(const SectionSpec& section, std::string_view name, const std::string& path) {
    for (const Key& key : section.keys) {
        if (key.section == nullptr || key.type == KeyType::Columns) continue;
        std::string below = fmt::format("{}{}{}", path, path.empty() ? "" : ".", key.name) +
                            (key.type == KeyType::Sections ? "[]" : "");
        if (find_key(*key.section, name) != nullptr) return below;
        const std::string deeper = home_of(*key.section, name, below);
        if (!deeper.empty()) return deeper;
    }
    return {};
}

/// `inside` below the last part of a path: "tuning: {inside}", "exports: [{inside}]".
std::string wrapped(std::string_view path, std::string_view inside) {
    const std::string_view part = path.substr(path.rfind('.') + 1);
    if (part.ends_with("[]")) {
        return fmt::format("{}: [{{{}}}]", part.substr(0, part.size() - 2), inside);
    }
    return fmt::format("{}: {{{}}}", part, inside);
}

/// What to tell someone whose key nobody knows: all of them, when they fit a line.
std::string keys_hint(const std::vector<std::string>& names) {
    constexpr std::size_t kListedMax = 20;
    if (names.size() > kListedMax) return "trueup extract schema lists all keys";
    return fmt::format("known keys: {}", fmt::join(names, ", "));
}

/// Whether the value is one word or text, which a message may show.
bool is_scalar_type(KeyType type) {
    return type != KeyType::Section && type != KeyType::Sections && type != KeyType::Columns &&
           type != KeyType::Ratios;
}

/// The key `name` in the section at `path` below the root (as home_of() gave it).
const Key& key_at(std::string_view path, std::string_view name) {
    const SectionSpec* section = &kRootSection;
    for (const std::string_view part : split(path, '.')) {
        const Key* key = find_key(*section, part.substr(0, part.find('[')));
        CHECK(key != nullptr);
        CHECK(key->section != nullptr);
        section = key->section;
    }
    const Key* key = find_key(*section, name);
    CHECK(key != nullptr);
    return *key;
}

/// "exports[3].tuning" as home_of() would write it: "exports[].tuning".
std::string without_indexes(std::string_view path) {
    std::string plain;
    bool is_index = false;
    for (const char letter : path) {
        if (letter == ']') is_index = false;
        if (!is_index) plain += letter;
        if (letter == '[') is_index = true;
    }
    return plain;
}

std::vector<std::string> names_of(const SectionSpec& section) {
    std::vector<std::string> names;
    for (const Key& key : section.keys) names.emplace_back(key.name);
    return names;
}

std::vector<std::string> available_of(const Key& key) {
    std::vector<std::string> names;
    for (const Choice& choice : key.choices) {
        if (choice.availability == Availability::Now) names.emplace_back(choice.name);
    }
    return names;
}

}  // namespace

Status Section::check() const {
    CHECK(node_ != nullptr);
    if (node_->kind != Kind::Map) {
        return messages_->refuse(
            at_, fmt::format("{} must be a map, not {}", path_.empty() ? "the file" : path_,
                             name_of(node_->kind)));
    }
    for (const yaml::Entry& entry : node_->entries) {
        const Key* key = find_key(*spec_, entry.key.scalar);
        if (key == nullptr) return unknown_key(entry.key);
        if (!has(key->name)) continue;
        TRY(check_key(*key, entry.value));
        TRY(check_availability(*key, entry.value));
    }
    for (const Key& key : spec_->keys) {
        if (!key.is_required || has(key.name)) continue;
        return messages_->refuse(
            at_,
            fmt::format("{} lacks the key \"{}\"", path_.empty() ? "the file" : path_, key.name),
            fmt::format("for example: {}", example_of(key)));
    }
    return {};
}

std::unexpected<Error> Section::unknown_key(const yaml::Node& key) const {
    const std::string where = path_.empty() ? "" : fmt::format(" in {}", path_);
    const std::string head = fmt::format("unknown key {}{}", messages_->quoted(key.scalar), where);
    const std::string self = without_indexes(path_);
    std::string home = home_of(*spec_, key.scalar, self);
    if (home.empty()) home = home_of(kRootSection, key.scalar, "");
    if (!home.empty()) {
        return messages_->refuse(
            key.at, fmt::format("{}: it belongs in {}", head, home),
            fmt::format("for example: {}", wrapped(home, example_of(key_at(home, key.scalar)))));
    }
    const std::vector<std::string> names = names_of(*spec_);
    const std::string guess = did_you_mean(key.scalar, names);
    const bool is_cut_type = spec_ == &kColumnSection && key.scalar.ends_with(')');
    std::string hint = guess.empty() ? keys_hint(names) : "";
    if (is_cut_type) hint = "a type with a comma must be in quotes here: \"DECIMAL(18,3)\"";

    return messages_->refuse(key.at, head + guess, hint);
}

std::unexpected<Error> Section::wrong_type(const Key& key, const yaml::Node& value) const {
    const bool shows = value.kind == Kind::Scalar && !key.is_secret && is_scalar_type(key.type);
    std::string got(name_of(value.kind));
    if (shows) got = messages_->quoted(value.scalar);
    std::string hint = fmt::format("for example: {}", example_of(key));
    if (is_bare_token(value)) {
        const auto token = printable(value.entries[0].key.scalar);
        got = fmt::format("the map {{{}}}", token);
        hint = fmt::format("a text that begins with {{ must be in quotes: {}: \"{{{}}}\"", key.name,
                           token);
    } else if (shows && value.is_quoted && key.type != KeyType::Choice &&
               key.type != KeyType::Size) {
        got = fmt::format("the text {}", got);
    }
    return refuse(key.name, fmt::format("must be {}, not {}", wanted_by(key.type), got), hint);
}

Status Section::check_key(const Key& key, const yaml::Node& value) const {
    switch (key.type) {
        case KeyType::Text:
        case KeyType::Bool:
        case KeyType::Number:
        case KeyType::Size: return check_scalar(key, value);
        case KeyType::Integer: return check_integer(key, value);
        case KeyType::Choice: return check_choice(key, value);
        case KeyType::TextList: return check_list(key, value);
        case KeyType::TextOrList:
            return value.kind == Kind::Scalar ? check_scalar(key, value) : check_list(key, value);
        case KeyType::BoolOrList: return is_bool(value) ? Status() : check_list(key, value);
        case KeyType::Ratios: return check_ratios(key, value);
        case KeyType::Columns: return check_columns(key, value);
        case KeyType::Section:
            return value.kind == Kind::Map ? section(key.name).check() : wrong_type(key, value);
        case KeyType::Sections: return check_sections(key, value);
    }
    std::unreachable();
}

Status Section::check_scalar(const Key& key, const yaml::Node& value) const {
    if (value.kind != Kind::Scalar) return wrong_type(key, value);
    switch (key.type) {
        case KeyType::Bool: return is_bool(value) ? Status() : wrong_type(key, value);
        case KeyType::Size: return parse_size(value.scalar) ? Status() : wrong_type(key, value);
        case KeyType::Number: return check_number(key, value);
        case KeyType::Text:
        case KeyType::TextOrList: return check_text(key, value);
        case KeyType::Integer:
        case KeyType::Choice:
        case KeyType::TextList:
        case KeyType::BoolOrList:
        case KeyType::Ratios:
        case KeyType::Columns:
        case KeyType::Section:
        case KeyType::Sections: break;
    }
    std::unreachable();
}

Status Section::check_number(const Key& key, const yaml::Node& value) const {
    const auto number = number_of(value);
    if (!number) return wrong_type(key, value);
    if (is_in_range(key, *number)) return {};
    return refuse(key.name, fmt::format("must be {}, not {}", range_of(key), *number));
}

/// Only CSV's texts may be empty; a NULL written as nothing is the default there.
Status Section::check_text(const Key& key, const yaml::Node& value) const {
    if (!value.scalar.empty() || spec_ == &kCsvSection) return {};
    return refuse(key.name, "must not be empty", fmt::format("for example: {}", example_of(key)));
}

Status Section::check_integer(const Key& key, const yaml::Node& value) const {
    if (value.kind != Kind::Scalar || value.is_quoted) return wrong_type(key, value);
    const auto number = parse_int64(value.scalar);
    if (number && *number >= key.min && *number <= key.max) return {};
    // Digits only: a number all the same, beyond 64 bits.
    const bool is_digits = value.scalar.find_first_not_of("0123456789") == std::string::npos;
    if (!number && (!is_digits || value.scalar.empty())) return wrong_type(key, value);
    return refuse(key.name, fmt::format("must be {}, not {}", range_of(key),
                                        messages_->quoted(value.scalar)));
}

Status Section::check_choice(const Key& key, const yaml::Node& value) const {
    if (value.kind == Kind::Sequence || value.kind == Kind::Map) return wrong_type(key, value);
    const std::string_view name = choice_name(key.name);
    const auto found = std::ranges::find(key.choices, name, &Choice::name);
    const std::string available = fmt::format("{}", fmt::join(available_of(key), ", "));
    if (found == key.choices.end()) {
        std::vector<std::string> names;
        for (const Choice& choice : key.choices) names.emplace_back(choice.name);
        return refuse(key.name, fmt::format("must be one of {}, not {}{}", available,
                                            messages_->quoted(name), did_you_mean(name, names)));
    }
    if (found->availability == Availability::Later) {
        return refuse(key.name, fmt::format("\"{}\" is not available yet for trueup extract", name),
                      fmt::format("available: {}", available));
    }
    return {};
}

Status Section::check_list(const Key& key, const yaml::Node& value) const {
    if (value.kind != Kind::Sequence) return wrong_type(key, value);
    if (value.items.empty()) return refuse(key.name, "must not be an empty list");
    std::set<std::string_view> seen;
    for (const yaml::Node& item : value.items) {
        if (item.kind != Kind::Scalar || item.scalar.empty()) {
            return messages_->refuse(
                item.at,
                fmt::format("{} must hold texts, not {}", path_of(key.name),
                            item.kind == Kind::Scalar ? "an empty text" : name_of(item.kind)));
        }
        if (!seen.insert(item.scalar).second) {
            return messages_->refuse(item.at, fmt::format("{} names {} twice", path_of(key.name),
                                                          messages_->quoted(item.scalar)));
        }
    }
    return {};
}

Status Section::check_ratios(const Key& key, const yaml::Node& value) const {
    if (value.kind != Kind::Map) return wrong_type(key, value);
    for (const yaml::Entry& entry : value.entries) {
        const auto number = number_of(entry.value);
        if (number && is_in_range(key, *number)) continue;
        return messages_->refuse(entry.value.at,
                                 fmt::format("{}.{} must be a number {}", path_of(key.name),
                                             printable(entry.key.scalar), range_of(key)));
    }
    return {};
}

Status Section::check_columns(const Key& key, const yaml::Node& value) const {
    if (value.kind != Kind::Map) return wrong_type(key, value);
    for (const yaml::Entry& entry : value.entries) TRY(check_column(key, entry));
    return {};
}

Status Section::check_column(const Key& key, const yaml::Entry& entry) const {
    const yaml::Node& value = entry.value;
    const std::string path = fmt::format("{}.{}", path_of(key.name), printable(entry.key.scalar));
    if (entry.key.scalar.empty()) {
        return messages_->refuse(entry.key.at,
                                 fmt::format("{} holds an empty column name", path_of(key.name)));
    }
    if (value.kind == Kind::Scalar) return {};
    if (value.kind == Kind::Map) {
        return Section(*key.section, &value, path, value.at, *messages_).check();
    }
    const bool is_empty = value.kind == Kind::Null;
    return messages_->refuse(
        value.at, fmt::format("{} {}", path, is_empty ? "is empty" : "must be a type or a map"),
        fmt::format("for example: {}: BIGINT", printable(entry.key.scalar)));
}

Status Section::check_sections(const Key& key, const yaml::Node& value) const {
    if (value.kind != Kind::Sequence) return wrong_type(key, value);
    if (value.items.empty()) {
        return refuse(key.name, "must not be an empty list",
                      fmt::format("for example: {}", example_of(key)));
    }
    for (const Section& item : sections(key.name)) TRY(item.check());
    return {};
}

Status Section::check_availability(const Key& key, const yaml::Node& value) const {
    if (key.availability == Availability::Now) return {};
    // Writing the default down changes nothing, and neither does an empty map.
    const bool is_default = value.kind == Kind::Scalar && !key.fallback.empty() &&
                            lower_ascii(value.scalar) == key.fallback;
    if (is_default || (value.kind == Kind::Map && value.entries.empty())) return {};
    if (key.availability == Availability::NoEffect) {
        warn(key.name, "has no effect yet");
        return {};
    }
    return refuse(key.name, "is not available yet for trueup extract",
                  fmt::format("remove {}", key.name));
}

}  // namespace trueup::extract
