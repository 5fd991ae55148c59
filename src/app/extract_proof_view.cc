#include "app/extract_proof_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <variant>

#include "app/extract_view.h"
#include "base/text.h"
#include "term/bar.h"

namespace trueup::app {
namespace {

using core::Partition;
using core::PartitionVerdict;

/// How many partitions people see; --json has all of them.
constexpr std::int64_t kPartitionsShownMax = 50;

std::string side_text(const std::optional<std::int64_t>& rows) {
    return rows ? grouped(*rows) : "?";
}

std::string range_text(const Partition& partition) {
    if (!partition.range) return "";
    const core::KeyRange& range = *partition.range;
    const std::string from = range.from.value_or("");
    const std::string to = range.to.value_or("");
    if (!range.from && !range.to) return range.column.empty() ? "" : range.column + ": all";
    if (!range.to) return fmt::format("{} from {}", range.column, from);
    if (!range.from) return fmt::format("{} below {}", range.column, to);
    return fmt::format("{} {}{}, {}{}", range.column, range.bounds.front(), from, to,
                       range.bounds.back());
}

term::Style style_of(PartitionVerdict verdict) {
    switch (verdict) {
        case PartitionVerdict::Match: return term::Style::Good;
        case PartitionVerdict::Mismatch: return term::Style::Bad;
        case PartitionVerdict::Unknown: return term::Style::Warning;
    }
    std::unreachable();
}

/// The first rows in which a partition differs, one line each.
void print_rows(const Context& context, const Partition& partition) {
    for (const auto& [name, value] : partition.fields) {
        const auto* lines = std::get_if<std::vector<std::string>>(&value);
        if (name != "rows" || lines == nullptr) continue;
        context.out().write("\n");
        print_line(context, fmt::format("the first rows that differ in {} {}:", partition.kind,
                                        partition.id));
        for (const std::string& line : *lines) print_line(context, "  " + line);
    }
}

std::string summary_text(const Context& context, const core::Report& report) {
    const core::Summary summary = report.summary();
    const double fraction = summary.partitions == 0 ? 0
                                                    : static_cast<double>(summary.match) /
                                                          static_cast<double>(summary.partitions);
    std::string text = fmt::format(
        "[{}] {} of {} match", term::bar(fraction, {.is_unicode = context.is_unicode()}),
        grouped(summary.match), counted(summary.partitions, "partition"));
    if (summary.mismatch > 0) text += fmt::format(", {} differ", grouped(summary.mismatch));
    if (summary.unknown > 0) text += fmt::format(", {} unknown", grouped(summary.unknown));
    return fmt::format("{}: {}", text, name_of(report.verdict()));
}

}  // namespace

void compare_flags(CLI::App& app, CompareFlags& flags) {
    app.add_option("--evidence", flags.evidence,
                   "What is compared: count, digest or rows (default: digest when the run took "
                   "digests, else count)")
        ->type_name("WHAT")
        ->check(CLI::IsMember({"count", "digest", "rows"}));
    app.add_option("--evidence-copy", flags.evidence_copy,
                   "What stands for the copy: its parts, or what the ledger recorded of them")
        ->type_name("SIDE")
        ->capture_default_str()
        ->check(CLI::IsMember({"parts", "ledger"}));
    app.add_option("--run-id", flags.run_id, "The run to judge (default: the last one)")
        ->type_name("RUN");
    app.add_option("--stable-after", flags.stable_after,
                   "Compare closed rows only, as in \"updated_at < '2026-01-01'\"")
        ->type_name("SQL");
    app.add_option("--settle", flags.settle,
                   "Look at a mismatch N times again before it counts, for a source in use")
        ->type_name("N")
        ->check(CLI::Range(0, 100));
}

extract::ReconcileOptions compare_options(const CompareFlags& flags) {
    extract::ReconcileOptions options;
    for (const auto evidence :
         {extract::Evidence::Count, extract::Evidence::Digest, extract::Evidence::Rows}) {
        if (flags.evidence == name_of(evidence)) options.evidence = evidence;
    }
    options.copy_side =
        flags.evidence_copy == "ledger" ? extract::CopySide::Ledger : extract::CopySide::Parts;
    options.run_id = flags.run_id;
    options.stable_after = flags.stable_after;
    options.settle = flags.settle;
    return options;
}

void print_report(const Context& context, const core::Report& report) {
    print_heading(context, report.subject);
    print_line(context, fmt::format("truth  {}", report.truth));
    print_line(context, fmt::format("copy   {}", report.copy));
    term::Table table({{"Partition", term::Align::Left, false},
                       {"Range"},
                       {"Truth", term::Align::Right, false},
                       {"Copy", term::Align::Right, false},
                       {"Verdict", term::Align::Left, false},
                       {"Note"}});
    std::int64_t shown = 0;
    std::int64_t hidden = 0;
    for (const Partition& partition : report.partitions) {
        if (partition.verdict == PartitionVerdict::Match) continue;
        if (shown == kPartitionsShownMax) {
            ++hidden;
            continue;
        }
        ++shown;
        table.add_row({{partition.kind + " " + partition.id},
                       {range_text(partition)},
                       {side_text(partition.truth)},
                       {side_text(partition.copy)},
                       {std::string(name_of(partition.verdict)), style_of(partition.verdict)},
                       {partition.note}});
    }
    if (!table.is_empty()) print_table(context, table);
    if (hidden > 0) print_line(context, fmt::format("and {} more (--json has all)", hidden));
    for (const Partition& partition : report.partitions) print_rows(context, partition);
    context.out().write("\n");
    print_line(context, summary_text(context, report));
    if (!report.run_id.empty()) {
        print_line(context, fmt::format("by {} of run {}", report.evidence, report.run_id));
    }
}

}  // namespace trueup::app
