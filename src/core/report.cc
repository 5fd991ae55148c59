#include "core/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/text.h"
#include "json/json.h"

namespace trueup::core {
namespace {

using json::Value;

constexpr std::string_view kSchema = "trueup.report/1";
constexpr std::array<std::string_view, 6> kEvidence = {"count", "digest",  "rows",
                                                       "stamp", "records", "probe"};
constexpr std::array<std::string_view, 4> kBounds = {"[]", "[)", "(]", "()"};

// ---- writing ----

template <class T>
Value optional_value(const std::optional<T>& value) {
    return value ? Value(*value) : Value(nullptr);
}

Value range_value(const KeyRange& range) {
    return {{"column", range.column},
            {"from", optional_value(range.from)},
            {"to", optional_value(range.to)},
            {"bounds", range.bounds}};
}

Value field_value(const FieldValue& field) {
    return std::visit([](const auto& value) { return Value(value); }, field);
}

Value partition_value(const Partition& partition) {
    Value out = Value::object();
    out["kind"] = partition.kind;
    out["id"] = partition.id;
    if (partition.range) out["range"] = range_value(*partition.range);
    out["truth"] = optional_value(partition.truth);
    out["copy"] = optional_value(partition.copy);
    out["verdict"] = name_of(partition.verdict);
    if (!partition.note.empty()) out["note"] = partition.note;
    if (partition.fields.empty()) return out;
    Value& fields = out["fields"] = Value::object();
    for (const auto& [name, field] : partition.fields) fields[name] = field_value(field);
    return out;
}

Value summary_value(const Summary& summary) {
    return {{"partitions", summary.partitions},   {"match", summary.match},
            {"mismatch", summary.mismatch},       {"unknown", summary.unknown},
            {"truth_total", summary.truth_total}, {"copy_total", summary.copy_total}};
}

// ---- reading ----

std::unexpected<Error> misshapen(std::string_view what, std::string_view key,
                                 std::string_view problem) {
    return fail(ErrorClass::Failed, fmt::format("{}: \"{}\" {}", what, key, problem));
}

template <std::size_t N>
Result<std::string> one_of(const Value& object, std::string_view key, std::string_view what,
                           const std::array<std::string_view, N>& allowed) {
    std::string text = TRY(json::string_at(object, key, what));
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
    return misshapen(what, key,
                     fmt::format("must be one of {}, not {}", fmt::join(allowed, ", "),
                                 printable(text.substr(0, 40))));
}

/// Only the members named; a report of a newer minor shape must not be half understood.
Status only_keys(const Value& object, std::string_view what,
                 std::initializer_list<std::string_view> known) {
    for (const auto& item : object.items()) {
        const bool is_known = std::find(known.begin(), known.end(), item.key()) != known.end();
        if (!is_known) {
            return fail(ErrorClass::Failed, fmt::format("{}: unknown key \"{}\"", what,
                                                        printable(item.key().substr(0, 40))));
        }
    }
    return {};
}

Result<std::optional<std::string>> optional_string(const Value& object, std::string_view key,
                                                   std::string_view what) {
    if (json::find(object, key) == nullptr) return std::optional<std::string>();
    std::string text = TRY(json::string_at(object, key, what));
    return std::optional(std::move(text));
}

Result<std::optional<std::int64_t>> optional_count(const Value& object, std::string_view key,
                                                   std::string_view what) {
    if (json::find(object, key) == nullptr) return std::optional<std::int64_t>();
    const std::int64_t count = TRY(json::int64_at(object, key, what));
    if (count < 0) return misshapen(what, key, "must not be negative");
    return std::optional(count);
}

Result<UnixMicros> time_at(const Value& object, std::string_view key, std::string_view what) {
    const std::string text = TRY(json::string_at(object, key, what));
    const auto time = parse_rfc3339(text);
    if (!time) return misshapen(what, key, "must be a time like 2026-01-31T08:15:00.000000Z");
    return *time;
}

Result<std::optional<KeyRange>> parse_range(const Value& partition, std::string_view what) {
    if (json::find(partition, "range") == nullptr) return std::optional<KeyRange>();
    const Value* object = TRY(json::object_at(partition, "range", what));
    TRY(only_keys(*object, what, {"column", "from", "to", "bounds"}));
    KeyRange range;
    range.column = TRY(json::string_at(*object, "column", what));
    range.from = TRY(optional_string(*object, "from", what));
    range.to = TRY(optional_string(*object, "to", what));
    range.bounds = TRY(one_of(*object, "bounds", what, kBounds));
    return std::optional(std::move(range));
}

Result<FieldValue> parse_field(const Value& value, std::string_view name, std::string_view what) {
    if (value.is_boolean()) return FieldValue(value.get<bool>());
    if (value.is_string()) return FieldValue(value.get<std::string>());
    const bool is_too_large =
        value.is_number_unsigned() &&
        value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    if (value.is_number_integer() && !is_too_large) return FieldValue(value.get<std::int64_t>());
    if (value.is_array()) {
        std::vector<std::string> texts;
        for (const Value& element : value) {
            if (!element.is_string()) return misshapen(what, name, "must be a list of strings");
            texts.push_back(element.get<std::string>());
        }
        return FieldValue(std::move(texts));
    }
    return misshapen(what, name, "must be a boolean, a whole number, a string or a list of them");
}

Status parse_fields(const Value& object, std::string_view what, Partition& partition) {
    if (json::find(object, "fields") == nullptr) return {};
    const Value* fields = TRY(json::object_at(object, "fields", what));
    for (const auto& item : fields->items()) {
        FieldValue field = TRY(parse_field(item.value(), item.key(), what));
        partition.fields.emplace_back(item.key(), std::move(field));
    }
    return {};
}

PartitionVerdict partition_verdict_of(std::string_view name) {
    if (name == name_of(PartitionVerdict::Match)) return PartitionVerdict::Match;
    if (name == name_of(PartitionVerdict::Mismatch)) return PartitionVerdict::Mismatch;
    return PartitionVerdict::Unknown;
}

Result<Partition> parse_partition(const Value& object, std::string_view what) {
    if (!object.is_object())
        return fail(ErrorClass::Failed, fmt::format("{}: not an object", what));
    TRY(only_keys(object, what,
                  {"kind", "id", "range", "truth", "copy", "verdict", "note", "fields"}));
    static const std::array verdicts = {name_of(PartitionVerdict::Match),
                                        name_of(PartitionVerdict::Mismatch),
                                        name_of(PartitionVerdict::Unknown)};
    Partition partition;
    partition.kind = TRY(json::string_at(object, "kind", what));
    partition.id = TRY(json::string_at(object, "id", what));
    partition.range = TRY(parse_range(object, what));
    partition.truth = TRY(optional_count(object, "truth", what));
    partition.copy = TRY(optional_count(object, "copy", what));
    const std::string verdict = TRY(one_of(object, "verdict", what, verdicts));
    partition.verdict = partition_verdict_of(verdict);
    auto note = TRY(optional_string(object, "note", what));
    partition.note = std::move(note).value_or("");
    TRY(parse_fields(object, what, partition));
    return partition;
}

Status parse_partitions(const Value& object, std::string_view what, Report& report) {
    const Value* list = TRY(json::array_at(object, "partitions", what));
    if (list->size() > kReportPartitionsMax) {
        return misshapen(
            what, "partitions",
            fmt::format("has {} entries, more than {}", list->size(), kReportPartitionsMax));
    }
    report.partitions.reserve(list->size());
    std::set<std::pair<std::string, std::string>> seen;
    for (const Value& entry : *list) {
        const std::string where = fmt::format("{}: partitions[{}]", what, report.partitions.size());
        Partition partition = TRY(parse_partition(entry, where));
        if (!seen.emplace(partition.kind, partition.id).second) {
            return fail(ErrorClass::Failed,
                        fmt::format("{}: {} {} is there twice", where, printable(partition.kind),
                                    printable(partition.id)));
        }
        report.partitions.push_back(std::move(partition));
    }
    return {};
}

/// Sums of hostile counts must not overflow; 2^63 rows do not exist.
Status check_totals(const Report& report, std::string_view what) {
    std::int64_t truth = 0;
    std::int64_t copy = 0;
    for (const Partition& partition : report.partitions) {
        if (__builtin_add_overflow(truth, partition.truth.value_or(0), &truth) ||
            __builtin_add_overflow(copy, partition.copy.value_or(0), &copy)) {
            return fail(ErrorClass::Failed, fmt::format("{}: the totals overflow", what));
        }
    }
    return {};
}

/// What a report says about itself must be what its partitions give: a hand-edited or damaged one
/// must not steer a repair.
Status check_derived(const Value& object, const Report& report, std::string_view what) {
    const Value* summary = TRY(json::object_at(object, "summary", what));
    const std::string verdict = TRY(json::string_at(object, "verdict", what));
    if (*summary == summary_value(report.summary()) && verdict == name_of(report.verdict())) {
        return {};
    }
    return fail(ErrorClass::Integrity,
                fmt::format("{}: its summary or verdict is not what its partitions give", what),
                "the file was changed or damaged: make a new report");
}

}  // namespace

Summary Report::summary() const {
    Summary out;
    for (const Partition& partition : partitions) {
        ++out.partitions;
        switch (partition.verdict) {
            case PartitionVerdict::Match: ++out.match; break;
            case PartitionVerdict::Mismatch: ++out.mismatch; break;
            case PartitionVerdict::Unknown: ++out.unknown; break;
        }
        if (!partition.truth || !partition.copy) continue;
        out.truth_total += *partition.truth;
        out.copy_total += *partition.copy;
    }
    return out;
}

Verdict Report::verdict() const {
    bool has_unknown = false;
    for (const Partition& partition : partitions) {
        if (partition.verdict == PartitionVerdict::Mismatch) return Verdict::Differs;
        if (partition.verdict == PartitionVerdict::Unknown) has_unknown = true;
    }
    return has_unknown ? Verdict::Incomplete : Verdict::Clean;
}

std::string to_json(const Report& report, int indent) {
    Value partitions = Value::array();
    for (const Partition& partition : report.partitions) {
        partitions.push_back(partition_value(partition));
    }
    const Value out = {{"schema", kSchema},
                       {"command", report.command},
                       {"subject", report.subject},
                       {"run_id", report.run_id},
                       {"evidence", report.evidence},
                       {"started_at", rfc3339(report.started_at)},
                       {"finished_at", rfc3339(report.finished_at)},
                       {"truth", report.truth},
                       {"copy", report.copy},
                       {"partitions", std::move(partitions)},
                       {"summary", summary_value(report.summary())},
                       {"verdict", name_of(report.verdict())}};
    return json::write(out, indent);
}

Result<Report> parse_report(std::string_view text, std::string_view what) {
    if (text.size() > kReportBytesMax) {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: larger than {}", what, human_bytes(kReportBytesMax)));
    }
    const Value object = TRY(json::parse(text, what));
    const std::string schema = TRY(json::string_at(object, "schema", what));
    if (schema != kSchema) {
        return fail(ErrorClass::Failed, fmt::format("{}: its schema is \"{}\", not \"{}\"", what,
                                                    printable(schema.substr(0, 40)), kSchema));
    }
    TRY(only_keys(object, what,
                  {"schema", "command", "subject", "run_id", "evidence", "started_at",
                   "finished_at", "truth", "copy", "partitions", "summary", "verdict"}));
    Report report;
    report.command = TRY(json::string_at(object, "command", what));
    report.subject = TRY(json::string_at(object, "subject", what));
    report.run_id = TRY(json::string_at(object, "run_id", what));
    report.evidence = TRY(one_of(object, "evidence", what, kEvidence));
    report.started_at = TRY(time_at(object, "started_at", what));
    report.finished_at = TRY(time_at(object, "finished_at", what));
    report.truth = TRY(json::string_at(object, "truth", what));
    report.copy = TRY(json::string_at(object, "copy", what));
    TRY(parse_partitions(object, what, report));
    TRY(check_totals(report, what));
    TRY(check_derived(object, report, what));
    return report;
}

}  // namespace trueup::core
