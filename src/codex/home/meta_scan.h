#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "codex/home/json_scanner.h"
#include "codex/home/meta_line.h"

/// Where things stand in a line, before any text is copied out of it. Private to this module.
namespace trueup::codex {

/// One payload object.
struct PayloadScan {
    std::optional<JsonText> id;  // This and the others: nothing when missing or no string.
    std::optional<JsonText> provider;
    std::optional<JsonText> history_mode;
    std::optional<JsonText> cwd;
    bool has_provider = false;  // The key is there, whatever its value.
    bool is_empty = false;
    std::uint32_t insert_at = 0;
};

/// One line.
struct LineScan {
    bool is_json = false;
    std::size_t error_at = 0;  // Only when it is not.
    bool is_meta = false;      // The type says so and the payload has an id.
    PayloadScan payload;       // The last one; only when it is meta.
    ShortList<Slice> values;   // Of model_provider, in all payload objects.
    bool has_split_values = false;
    std::uint32_t blanks_at_end = 0;
    std::uint32_t blanks_inside = 0;  // Without those inside the values.
};

LineScan scan_line(std::string_view line);

}  // namespace trueup::codex
