#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "core/verdict.h"

namespace trueup::core {

/// Keys from `from` to `to`; nothing means open on that side. `bounds` is "[]", "[)", "(]" or "()"
/// and says which end belongs to it.
struct KeyRange {
    std::string column;
    std::optional<std::string> from;
    std::optional<std::string> to;
    std::string bounds = "[)";
    bool operator==(const KeyRange&) const = default;
};

/// A value that only one domain knows, kept under its name in `fields`.
using FieldValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

/// The unit a report judges by.
struct Partition {
    std::string kind;  // "chunk", "store", "transcript", …
    std::string id;    // Unique within its kind in one report.
    std::optional<KeyRange> range;
    std::optional<std::int64_t> truth;  // How many it has; nothing: could not be looked at.
    std::optional<std::int64_t> copy;
    PartitionVerdict verdict = PartitionVerdict::Unknown;
    std::string note;  // Why, for people; may be empty.
    std::vector<std::pair<std::string, FieldValue>> fields;
    bool operator==(const Partition&) const = default;
};

/// Derived from the partitions, never stored beside them.
struct Summary {
    std::int64_t partitions = 0;
    std::int64_t match = 0;
    std::int64_t mismatch = 0;
    std::int64_t unknown = 0;
    std::int64_t truth_total = 0;  // Both totals add only partitions whose two sides are known.
    std::int64_t copy_total = 0;
    bool operator==(const Summary&) const = default;
};

/// What one comparison of one subject found: trueup.report/1.
struct Report {
    std::string command;   // "extract reconcile"
    std::string subject;   // An export, a Codex home, a session store.
    std::string run_id;    // The run the copy came from.
    std::string evidence;  // "count", "digest", "rows", "stamp", "records" or "probe".
    UnixMicros started_at = 0;
    UnixMicros finished_at = 0;
    std::string truth;  // Where each side is, without secrets.
    std::string copy;
    std::vector<Partition> partitions;
    bool operator==(const Report&) const = default;

    Summary summary() const;
    /// Any mismatch: Differs; else any unknown: Incomplete; else Clean.
    Verdict verdict() const;
};

/// One line of JSON without a line feed when `indent` is negative, else indented by it.
std::string to_json(const Report& report, int indent = 2);

/// Reads a report back. Hostile until parsed: size, number of partitions, every key, type and name
/// is checked (Failed), and the stored summary and verdict must be what the partitions give
/// (Integrity). `what` names it in errors (a path).
Result<Report> parse_report(std::string_view text, std::string_view what);

inline constexpr std::uint64_t kReportBytesMax = 256u << 20;
inline constexpr std::size_t kReportPartitionsMax = 1'000'000;

}  // namespace trueup::core
