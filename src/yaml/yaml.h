#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// YAML documents as a tree of our own: configuration files written by people, so every node knows
/// where it stands and every error says where to look.
namespace trueup::yaml {

inline constexpr std::size_t kBytesMax = std::size_t{1} << 20U;
inline constexpr int kDepthMax = 32;
/// Aliases count with everything they stand for.
inline constexpr int kNodesMax = 100'000;

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { Null, Scalar, Sequence, Map };

    Kind kind = Kind::Null;
    std::string scalar;          // The text of a scalar, without quotes.
    bool is_quoted = false;      // The scalar was quoted or a block: never null, bool or number.
    std::vector<Node> items;     // Of a sequence.
    std::vector<Entry> entries;  // Of a map, in the order of the file; keys are unique scalars.
    int line = 1;                // From 1, of the first character.
    int column = 1;              // From 1, counted in bytes.

    /// The value under `key`, or null when there is none (a key with nothing behind it gives a
    /// node of kind Null).
    const Node* find(std::string_view key) const;
};

struct Entry {
    Node key;
    Node value;
};

/// The one document of `text`; an empty text is a Null node. Errors (Config) start with
/// `file_name:line:column: `. Keys are always text: the key `null` is the word.
Result<Node> parse(std::string_view text, std::string_view file_name);

}  // namespace trueup::yaml
