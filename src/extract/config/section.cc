#include "extract/config/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace trueup::extract {

std::string Messages::sentence_at(yaml::Position at, std::string_view sentence) const {
    return redact_urls(fmt::format("{}:{}:{}: {}", file_, at.line, at.column, sentence));
}

std::unexpected<Error> Messages::refuse(yaml::Position at, std::string_view sentence,
                                        std::string_view hint) const {
    return fail(ErrorClass::Config, sentence_at(at, sentence), redact_urls(std::string(hint)));
}

void Messages::warn(yaml::Position at, std::string_view sentence) {
    warnings_.push_back(sentence_at(at, sentence));
}

std::string Messages::quoted(std::string_view text) const {
    constexpr std::size_t kShownMax = 60;
    std::string shown = printable(substitution_->hide_values(std::string(text)));
    std::ranges::replace(shown, '\n', ' ');
    if (shown.size() > kShownMax) {
        std::size_t end = kShownMax;
        while (invalid_utf8_at(std::string_view(shown).substr(0, end))) --end;
        shown = shown.substr(0, end) + "…";
    }
    return fmt::format("\"{}\"", shown);
}

Section::Section(const SectionSpec& spec, const yaml::Node* node, std::string path,
                 yaml::Position at, Messages& messages)
    : spec_(&spec),
      node_(node),
      path_(std::move(path)),
      at_(node == nullptr ? at : node->at),
      messages_(&messages) {}

const Key& Section::key_named(std::string_view key) const {
    const Key* found = find_key(*spec_, key);
    CHECK(found != nullptr);
    return *found;
}

const yaml::Node* Section::written(std::string_view key) const {
    const Key& known = key_named(key);
    const yaml::Node* value = node_ == nullptr ? nullptr : node_->find(key);
    if (value == nullptr || value->kind != yaml::Node::Kind::Null) return value;
    // Nothing behind the colon means "not given", unless null is one of the choices.
    const bool has_null =
        std::ranges::find(known.choices, "null", &Choice::name) != known.choices.end();
    return has_null ? value : nullptr;
}

bool Section::has(std::string_view key) const { return written(key) != nullptr; }

yaml::Position Section::at(std::string_view key) const {
    const yaml::Node* value = written(key);
    return value == nullptr ? at_ : value->at;
}

std::string Section::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::unexpected<Error> Section::refuse(std::string_view key, std::string_view sentence,
                                       std::string_view hint) const {
    return messages_->refuse(at(key), fmt::format("{} {}", path_of(key), sentence), hint);
}

void Section::warn(std::string_view key, std::string_view sentence) const {
    messages_->warn(at(key), fmt::format("{} {}", path_of(key), sentence));
}

const yaml::Node* Section::node(std::string_view key) const { return written(key); }

std::optional<std::string> Section::text(std::string_view key) const {
    const yaml::Node* value = written(key);
    if (value != nullptr) return value->scalar;
    const Key& known = key_named(key);
    if (known.fallback.empty()) return std::nullopt;
    return std::string(known.fallback);
}

std::optional<std::int64_t> Section::integer(std::string_view key) const {
    const auto written_text = text(key);
    if (!written_text) return std::nullopt;
    return parse_int64(*written_text);
}

std::optional<std::uint64_t> Section::size(std::string_view key) const {
    const auto written_text = text(key);
    if (!written_text) return std::nullopt;
    return parse_size(*written_text);
}

bool Section::flag(std::string_view key) const {
    return lower_ascii(text(key).value_or("")) == "true";
}

std::string_view Section::choice_name(std::string_view key) const {
    const Key& known = key_named(key);
    const yaml::Node* value = written(key);
    if (value == nullptr) return known.fallback;
    if (value->kind == yaml::Node::Kind::Null) return "null";
    return value->scalar;
}

std::optional<int> Section::choice_value(std::string_view key) const {
    const std::string_view name = choice_name(key);
    for (const Choice& choice : key_named(key).choices) {
        if (choice.name == name) return choice.value;
    }
    return std::nullopt;
}

std::vector<std::string> Section::texts(std::string_view key) const {
    std::vector<std::string> all;
    const yaml::Node* value = written(key);
    if (value == nullptr) return all;
    if (value->kind == yaml::Node::Kind::Scalar) return {value->scalar};
    for (const yaml::Node& item : value->items) all.push_back(item.scalar);
    return all;
}

std::vector<std::pair<std::string, double>> Section::ratios(std::string_view key) const {
    std::vector<std::pair<std::string, double>> all;
    const yaml::Node* value = written(key);
    if (value == nullptr) return all;
    for (const yaml::Entry& entry : value->entries) {
        const std::string& text = entry.value.scalar;
        double ratio = 0;
        std::from_chars(text.data(), text.data() + text.size(), ratio);
        all.emplace_back(entry.key.scalar, ratio);
    }
    return all;
}

Section Section::section(std::string_view key) const {
    const Key& known = key_named(key);
    CHECK(known.section != nullptr);
    return {*known.section, written(key), path_of(key), at_, *messages_};
}

std::vector<Section> Section::sections(std::string_view key) const {
    const Key& known = key_named(key);
    CHECK(known.section != nullptr);
    std::vector<Section> all;
    const yaml::Node* list = written(key);
    if (list == nullptr) return all;
    for (std::size_t index = 0; index < list->items.size(); ++index) {
        all.emplace_back(*known.section, &list->items[index],
                         fmt::format("{}[{}]", path_of(key), index), list->at, *messages_);
    }
    return all;
}

Status Section::refuse_foreign_keys() const {
    const std::string_view type = choice_name("type");
    for (const Key& key : spec_->keys) {
        if (key.only_for.empty() || !has(key.name)) continue;
        const auto goes_with = split(key.only_for, ',');
        const bool fits = std::ranges::any_of(
            goes_with, [type](std::string_view one) { return trim(one) == type; });
        if (!fits) {
            return refuse(key.name,
                          fmt::format("goes with type {}, not with type {}", key.only_for, type));
        }
    }
    return {};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string_view::npos || digits > 18) return std::nullopt;
    const std::string number(text.substr(0, digits));
    if (number.starts_with('.') || number.ends_with('.') || std::ranges::count(number, '.') > 1) {
        return std::nullopt;
    }
    constexpr std::string_view kUnits[] = {"B", "KB", "MB", "GB", "TB"};
    const std::string unit = upper_ascii(trim(text.substr(digits)));
    const auto found = std::ranges::find(kUnits, unit);
    if (found == std::end(kUnits)) return std::nullopt;
    const auto power = static_cast<int>(found - std::begin(kUnits));
    const double bytes = std::floor(std::stod(number) * std::pow(1024.0, power));
    if (bytes < 1 || bytes > 0x1p62) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
}

std::string example_of(const Key& key) {
    const auto value = [&key]() -> std::string_view {
        if (!key.example.empty()) return key.example;
        if (!key.fallback.empty()) return key.fallback;
        if (!key.by_profile.balanced.empty()) return key.by_profile.balanced;
        if (key.type == KeyType::Bool) return "true";
        if (key.type == KeyType::TextList) return "[a, b]";
        return "…";
    }();
    if (key.type == KeyType::Section && key.example.empty()) {
        return fmt::format("{}: {{{}}}", key.name, example_of(key.section->keys.front()));
    }
    return fmt::format("{}: {}", key.name, value);
}

std::optional<std::int64_t> default_for(const Key& key, Profile profile) {
    if (key.by_profile.balanced.empty()) return parse_int64(key.fallback);
    switch (profile) {
        case Profile::Fast: return parse_int64(key.by_profile.fast);
        case Profile::Balanced: return parse_int64(key.by_profile.balanced);
        case Profile::Safe: return parse_int64(key.by_profile.safe);
    }
    std::unreachable();
}

}  // namespace trueup::extract
