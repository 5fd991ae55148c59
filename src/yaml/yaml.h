#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// Both from 1; columns are counted in bytes.
struct Position {
    int line = 1;
    int column = 1;
};

/// From a position in the text that is parsed to the one people know, when the text was made from
/// another.
using Relocate = std::function<Position(Position)>;

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { Null, Scalar, Sequence, Map };

    Kind kind = Kind::Null;
    std::string scalar;          // The text of a scalar, without quotes.
    bool is_quoted = false;      // The scalar was quoted or a block: never null, bool or number.
    std::vector<Node> items;     // Of a sequence.
    std::vector<Entry> entries;  // Of a map, in the order of the file; keys are unique scalars.
    Position at;                 // Of the first character.

    /// The value under `key`, or null when there is none (a key with nothing behind it gives a
    /// node of kind Null).
    const Node* find(std::string_view key) const;
};

struct Entry {
    Node key;
    Node value;
};

/// The one document of `text`; an empty text is a Null node. Errors (Config) start with
/// `file_name:line:column: `. Every
/// position, of nodes and in errors, has passed through `relocate`. Keys are always text: the key
/// `null` is the word.
Result<Node> parse(std::string_view text, std::string_view file_name,
                   const Relocate& relocate = {});

}  // namespace trueup::yaml
