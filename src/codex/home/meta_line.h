#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/shared_text.h"
#include "base/short_list.h"

/// The record of type session_meta, byte by byte: docs/formats/rollout.md.
namespace trueup::codex {

/// A span of bytes within a line.
struct Slice {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    bool operator==(const Slice&) const = default;
};

/// One session_meta record as it stands in one line (without LF and without a CR before it).
struct MetaLine {
    SharedText thread_id;                // payload.id.
    std::optional<SharedText> provider;  // payload.model_provider when it is a text; the last one.
    /// The JSON values of every payload.model_provider, quotes included, in order; those of a
    /// payload that stands twice, too.
    ShortList<Slice> values;
    bool is_missing = false;           // The (last) payload lacks the key: it goes to `insert_at`.
    bool is_payload_empty = false;     // Nothing follows there but the closing brace.
    bool has_split_providers = false;  // The values are not all the same text, or one is missing.
    bool is_paginated = false;         // payload.history_mode is "paginated": bytes must not move.
    std::uint32_t insert_at = 0;       // Behind the (last) payload's opening brace.
    std::uint32_t length = 0;          // Of the line.
    std::uint32_t blanks_at_end = 0;   // Blanks behind the JSON: room for a longer value.
    std::uint32_t blanks_inside = 0;   // Blanks between other tokens: room of last resort.
    SharedText cwd;                    // payload.cwd when it is a text.
    bool operator==(const MetaLine&) const = default;
};

/// What a line of a rollout turned out to be.
enum class LineKind : std::uint8_t {
    Meta,     // A session_meta record with an id.
    Other,    // Valid JSON, something else.
    NotJson,  // Not one JSON value (RFC 8259), nested deeper than 128, or not UTF-8.
};

struct ParsedLine {
    LineKind kind = LineKind::Other;
    MetaLine meta;             // Only for Meta.
    std::size_t error_at = 0;  // Only for NotJson: the byte, from 0.
};

/// Reads one line; allocates nothing but the texts it returns. Keys and texts are compared after
/// their escapes are resolved; of a key that stands twice the last one counts, as for Codex.
ParsedLine parse_line(std::string_view line);

/// How a line takes the provider.
struct LineEdit {
    std::string line;       // The new line; as long as the old one unless it had to grow.
    bool is_grown = false;  // Longer than before.
};

/// The line with every payload.model_provider set to `provider` (added when missing) and every
/// other byte as it was, but for blanks: they are given and taken at the end of the line, then,
/// when there are not enough, taken from between tokens. A line that still has no room grows, by
/// what it lacks and by `padding` blanks; those between tokens then stay. Bug when `line` is not
/// what `meta` was read from, or `provider` is not UTF-8.
Result<LineEdit> with_provider(std::string_view line, const MetaLine& meta,
                               std::string_view provider, std::uint32_t padding);

/// Whether with_provider() would not grow the line; decided from `meta` alone.
bool has_room_for(const MetaLine& meta, std::string_view provider);

/// `text` as a JSON string, quotes included: only what JSON demands is escaped.
std::string json_string(std::string_view text);

}  // namespace trueup::codex
