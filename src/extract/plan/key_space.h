#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "extract/source/key.h"

namespace trueup::extract::plan {

/// A place on the line that a column's values are drawn on. 128 bits, so that 16 bytes of text and
/// every pair of integers have a distance.
__extension__ typedef unsigned __int128 Position;

/// Draws the values between two on a line, in order: a larger value is never to the left. The order
/// is that of numbers and of bytes; a source may have another one, so nothing may depend on it but
/// how even the chunks are.
class KeySpace {
  public:
    /// Nothing when the two are not of one type, or `high` is not above `low`. Texts and blobs use
    /// few of the bytes there are, and others in each place (dates, numbered names): with a
    /// `sample` of values, only the bytes seen in a place take up room on the line.
    static std::optional<KeySpace> between(const KeyValue& low, const KeyValue& high,
                                           std::span<const KeyValue> sample = {});

    /// Whether a sample makes a better line.
    bool has_alphabets() const { return !alphabets_.empty(); }

    /// Where `high` stands; `low` stands at 0.
    Position size() const { return size_; }
    /// Nothing for values outside, or of another type.
    std::optional<Position> position(const KeyValue& value) const;
    /// A value that stands at `place`, or as near to it as the type allows; never one of a place
    /// further left for a place further right. Texts are UTF-8 when `low` is.
    KeyValue value_at(Position place) const;

  private:
    enum class Kind : std::uint8_t { Integers, Reals, RealBits, Texts, Blobs };

    void learn_alphabets(std::span<const KeyValue> sample);
    std::optional<Position> absolute(const KeyValue& value) const;
    Position position_of_bytes(std::string_view bytes) const;
    std::string bytes_at(Position place) const;

    Kind kind_ = Kind::Integers;
    Position low_ = 0;
    Position size_ = 0;
    double real_low_ = 0;   // Of Reals.
    double real_high_ = 0;  // Of Reals.
    std::string prefix_;    // Of Texts and Blobs: what all values begin with.
    /// The bytes, ascending, that stand in each place after the prefix: the digits of a number.
    std::vector<std::string> alphabets_;
};

}  // namespace trueup::extract::plan
