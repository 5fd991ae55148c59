#include "extract/plan/key_space.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

namespace trueup::extract::plan {
namespace {

/// Places after the prefix that are looked at, and how long a line they may make.
constexpr std::size_t kPlacesMax = 64;
constexpr Position kBytesSizeMax = Position{1} << 118U;
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;
/// Reals between two finite ones are drawn on a line this long.
constexpr long double kRealsSize = 0x1p64L;

/// Order-preserving: negative numbers, whose bits grow downwards, are turned over.
std::uint64_t ordered_bits(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
    return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

double real_of_bits(std::uint64_t bits) {
    return std::bit_cast<double>((bits & kSignBit) != 0 ? bits & ~kSignBit : ~bits);
}

std::optional<double> number_of(const KeyValue& value) {
    if (const auto* const real = std::get_if<double>(&value)) {
        if (std::isnan(*real)) return std::nullopt;
        return *real;
    }
    if (const auto* const integer = std::get_if<std::int64_t>(&value)) {
        return static_cast<double>(*integer);
    }
    return std::nullopt;
}

const std::string* bytes_of(const KeyValue& value, bool is_text) {
    if (is_text) return std::get_if<std::string>(&value);
    const auto* const blob = std::get_if<Blob>(&value);
    return blob == nullptr ? nullptr : &blob->bytes;
}

bool is_below(char left, char right) {
    return static_cast<unsigned char>(left) < static_cast<unsigned char>(right);
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// How much two texts share, cut back to the beginning of a character.
std::size_t common_prefix(std::string_view low, std::string_view high, bool is_text) {
    const auto differs = std::ranges::mismatch(low, high);
    auto size = static_cast<std::size_t>(differs.in1 - low.begin());
    if (!is_text) return size;
    while (size > 0 && ((size < low.size() && is_continuation(low[size])) ||
                        (size < high.size() && is_continuation(high[size])))) {
        --size;
    }
    return size;
}

/// A sample misses some: of digits, small and capital letters, and bytes that continue a character,
/// all between the first and the last one seen are taken for used.
void fill_ranges(std::bitset<256>& seen) {
    constexpr std::array<std::pair<std::size_t, std::size_t>, 4> kClasses = {
        {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, {0x80, 0xBF}}};
    for (const auto& [begin, end] : kClasses) {
        std::size_t low = begin;
        std::size_t high = end;
        while (low <= end && !seen.test(low)) ++low;
        while (high > low && !seen.test(high)) --high;
        for (std::size_t byte = low; byte < high; ++byte) seen.set(byte);
    }
}

/// What a first byte of UTF-8 asks of the bytes after it.
struct Lead {
    std::size_t size = 0;  // Of the character; 0: no first byte.
    unsigned char second_min = 0x80;
    unsigned char second_max = 0xBF;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {.size = 1};
    if (byte < 0xC2 || byte > 0xF4) return {};
    if (byte < 0xE0) return {.size = 2};
    if (byte == 0xE0) return {.size = 3, .second_min = 0xA0};
    if (byte == 0xED) return {.size = 3, .second_max = 0x9F};
    if (byte < 0xF0) return {.size = 3};
    if (byte == 0xF0) return {.size = 4, .second_min = 0x90};
    if (byte == 0xF4) return {.size = 4, .second_max = 0x8F};
    return {.size = 4};
}

struct Character {
    std::string bytes;
    bool is_exact = true;  // The very bytes that were asked for.
};

/// The character nearest to the bytes, which begin with `lead`: from the first byte that does not
/// fit on, the smallest or the largest that does.
Character character_near(std::string_view bytes, const Lead& lead) {
    Character character{.bytes = std::string(bytes.substr(0, 1))};
    bool is_raised = false;
    for (std::size_t at = 1; at < lead.size; ++at) {
        const unsigned char low = at == 1 ? lead.second_min : 0x80;
        const unsigned char high = at == 1 ? lead.second_max : 0xBF;
        const unsigned char wanted = at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
        unsigned char byte = is_raised ? low : high;
        if (character.is_exact) {
            byte = std::clamp(wanted, low, high);
            character.is_exact = byte == wanted;
            is_raised = byte > wanted;
        }
        character.bytes += static_cast<char>(byte);
    }
    return character;
}

/// The UTF-8 nearest to the bytes, order kept: nothing stands after the first character that is not
/// theirs.
std::string utf8_near(std::string_view bytes) {
    std::string text;
    while (text.size() < bytes.size()) {
        const std::string_view rest = bytes.substr(text.size());
        const auto first = static_cast<unsigned char>(rest.front());
        const Lead lead = lead_of(first);
        if (lead.size == 0) return text + (first < 0xC2 ? "\x7F" : "\xF4\x8F\xBF\xBF");
        const Character character = character_near(rest, lead);
        text += character.bytes;
        if (!character.is_exact) break;
    }
    return text;
}

}  // namespace

std::optional<KeySpace> KeySpace::between(const KeyValue& low, const KeyValue& high,
                                          std::span<const KeyValue> sample) {
    KeySpace space;
    const auto real_low = number_of(low);
    const auto real_high = number_of(high);
    if (low.index() == high.index() && std::holds_alternative<std::int64_t>(low)) {
        space.kind_ = Kind::Integers;
    } else if (real_low && real_high) {
        const bool is_finite = std::isfinite(*real_low) && std::isfinite(*real_high);
        space.kind_ = is_finite ? Kind::Reals : Kind::RealBits;
        space.real_low_ = *real_low;
        space.real_high_ = *real_high;
        if (!(*real_low < *real_high)) return std::nullopt;
    } else {
        const bool is_text = std::holds_alternative<std::string>(low);
        space.kind_ = is_text ? Kind::Texts : Kind::Blobs;
        const std::string* const first = bytes_of(low, is_text);
        const std::string* const last = bytes_of(high, is_text);
        if (first == nullptr || last == nullptr) return std::nullopt;
        space.prefix_ = first->substr(0, common_prefix(*first, *last, is_text));
        std::vector<KeyValue> values(sample.begin(), sample.end());
        if (!sample.empty()) values.insert(values.end(), {low, high});
        space.learn_alphabets(values);
    }
    const auto from = space.absolute(low);
    const auto to = space.absolute(high);
    if (!from || !to || *to <= *from) return std::nullopt;
    space.low_ = *from;
    space.size_ = *to - *from;
    return space;
}

void KeySpace::learn_alphabets(std::span<const KeyValue> sample) {
    std::string every_byte;
    for (unsigned byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
    Position size = 1;
    for (std::size_t place = 0; place < kPlacesMax && size < kBytesSizeMax; ++place) {
        std::bitset<256> seen;
        for (const KeyValue& value : sample) {
            const std::string* const bytes = bytes_of(value, kind_ == Kind::Texts);
            if (bytes == nullptr || !bytes->starts_with(prefix_)) continue;
            const std::size_t at = prefix_.size() + place;
            if (at < bytes->size()) seen.set(static_cast<unsigned char>((*bytes)[at]));
        }
        fill_ranges(seen);
        std::string alphabet;
        for (const char byte : every_byte) {
            if (sample.empty() || seen.test(static_cast<unsigned char>(byte))) alphabet += byte;
        }
        if (alphabet.empty()) break;
        size *= alphabet.size();
        alphabets_.push_back(std::move(alphabet));
    }
}

/// A byte not in the alphabet stands where it would be, and nothing after it counts.
Position KeySpace::position_of_bytes(std::string_view bytes) const {
    Position place = 0;
    bool is_open = true;    // Bytes still count.
    bool is_above = false;  // Then: of those that do not, all are the last of their alphabet.
    for (std::size_t at = 0; at < alphabets_.size(); ++at) {
        const std::string& alphabet = alphabets_[at];
        std::size_t digit = is_above ? alphabet.size() - 1 : 0;
        if (is_open && at < bytes.size()) {
            const auto found = std::ranges::lower_bound(alphabet, bytes[at], is_below);
            digit = static_cast<std::size_t>(found - alphabet.begin());
            is_open = found != alphabet.end() && *found == bytes[at];
            is_above = found == alphabet.end();
            if (is_above) --digit;
        } else {
            is_open = false;
        }
        place = place * alphabet.size() + digit;
    }
    return place;
}

std::string KeySpace::bytes_at(Position place) const {
    std::string bytes(alphabets_.size(), '\0');
    for (std::size_t at = alphabets_.size(); at > 0; --at) {
        const std::string& alphabet = alphabets_[at - 1];
        bytes[at - 1] = alphabet[static_cast<std::size_t>(place % alphabet.size())];
        place /= alphabet.size();
    }
    return bytes;
}

std::optional<Position> KeySpace::absolute(const KeyValue& value) const {
    switch (kind_) {
        case Kind::Integers: {
            const auto* const number = std::get_if<std::int64_t>(&value);
            if (number == nullptr) return std::nullopt;
            return static_cast<std::uint64_t>(*number) ^ kSignBit;
        }
        case Kind::Reals: {
            const auto number = number_of(value);
            if (!number || *number < real_low_ || *number > real_high_) return std::nullopt;
            const long double low = real_low_;
            const long double part = (*number - low) / (real_high_ - low);
            return static_cast<Position>(part * kRealsSize);
        }
        case Kind::RealBits: {
            const auto number = number_of(value);
            if (!number) return std::nullopt;
            return ordered_bits(*number);
        }
        case Kind::Texts:
        case Kind::Blobs: {
            const std::string* const bytes = bytes_of(value, kind_ == Kind::Texts);
            if (bytes == nullptr || !bytes->starts_with(prefix_)) return std::nullopt;
            return position_of_bytes(std::string_view(*bytes).substr(prefix_.size()));
        }
    }
    std::unreachable();
}

std::optional<Position> KeySpace::position(const KeyValue& value) const {
    const auto place = absolute(value);
    if (!place || *place < low_ || *place > low_ + size_) return std::nullopt;
    return *place - low_;
}

KeyValue KeySpace::value_at(Position place) const {
    const Position at = low_ + std::min(place, size_);
    switch (kind_) {
        case Kind::Integers:
            return static_cast<std::int64_t>(static_cast<std::uint64_t>(at) ^ kSignBit);
        case Kind::Reals: {
            const long double low = real_low_;
            const long double part = static_cast<long double>(at) / kRealsSize;
            const auto number = static_cast<double>(low + part * (real_high_ - low));
            return std::clamp(number, real_low_, real_high_);
        }
        case Kind::RealBits: return real_of_bits(static_cast<std::uint64_t>(at));
        case Kind::Texts: return prefix_ + utf8_near(bytes_at(at));
        case Kind::Blobs: return Blob{prefix_ + bytes_at(at)};
    }
    std::unreachable();
}

}  // namespace trueup::extract::plan
