#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

/// The configuration language as data: every key, its type, its default and what it means.
/// Checking, suggestions, defaults and the JSON Schema are all read from here.
namespace trueup::extract {

/// What a key holds.
enum class KeyType : std::uint8_t {
    Text,
    Bool,
    Integer,     // Within Key::min and Key::max.
    Number,      // Within Key::min and Key::max, with a fraction.
    Choice,      // One of Key::choices.
    Size,        // "512MB", more than 0.
    TextList,    // A list of different texts, at least one.
    TextOrList,  // One text, or such a list.
    BoolOrList,  // true, false, or such a list.
    Ratios,      // A map of column to a number within Key::min and Key::max.
    Columns,     // A map of column to a type name or to a section (Key::section).
    Section,     // Key::section.
    Sections,    // A list of Key::section, at least one.
};

/// Whether trueup can do it today. NoEffect: accepted, with a warning, because the result is the
/// same without. Later: refused, because the result would differ.
enum class Availability : std::uint8_t { Now, NoEffect, Later };

struct Choice {
    std::string_view name;
    int value = 0;  // The enumerator it stands for; unused when it is not available.
    Availability availability = Availability::Now;
};

template <class E>
constexpr Choice choice(std::string_view name, E value) {
    return {name, static_cast<int>(value), Availability::Now};
}
constexpr Choice later(std::string_view name) { return {name, 0, Availability::Later}; }

/// A default that depends on tuning.profile.
struct ByProfile {
    std::string_view fast;
    std::string_view balanced;
    std::string_view safe;
};

struct SectionSpec;

struct Key {  // NOLINT(clang-analyzer-optin.performance.Padding): in the order people read.
    std::string_view name;
    KeyType type = KeyType::Text;
    std::string_view summary;   // One line, for the schema and for hints.
    std::string_view fallback;  // The default as it would be written; empty: none.
    ByProfile by_profile = {};
    std::int64_t min = 0;  // Of Integer, Number, Ratios.
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::span<const Choice> choices;
    const SectionSpec* section = nullptr;
    std::string_view only_for;  // Values of the section's key `type` that it goes with.
    std::string_view example;   // A value, for hints; else the default serves.
    Availability availability = Availability::Now;
    bool is_required = false;
    bool is_secret = false;  // The value never appears in a message.
};

struct SectionSpec {
    std::string_view name;  // Of the definition in the JSON Schema.
    std::string_view summary;
    std::span<const Key> keys;
};

/// The whole file.
extern const SectionSpec kRootSection;  // NOLINT(readability-identifier-naming): a constant.

// The parts it is made of.
// NOLINTBEGIN(readability-identifier-naming): constants, defined elsewhere.
extern const SectionSpec kTuningSection;
extern const SectionSpec kSourceSection;
extern const SectionSpec kDestinationSection;
extern const SectionSpec kParquetSection;
extern const SectionSpec kCsvSection;
extern const SectionSpec kColumnSection;
extern const SectionSpec kMetaColumnsSection;
extern const SectionSpec kQualitySection;
extern const SectionSpec kCdcSection;
extern const SectionSpec kLoadSection;
// NOLINTEND(readability-identifier-naming)

inline constexpr std::int64_t kMegabytesMax =
    1'048'576;  // 1 TB: byte counts stay far from overflow.

/// The key of that name, or null.
const Key* find_key(const SectionSpec& section, std::string_view name);

}  // namespace trueup::extract
