#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_proof_view.h"
#include "app/extract_view.h"
#include "base/file.h"
#include "base/text.h"
#include "extract/proof/repair.h"

namespace trueup::app {
namespace {

using core::Verdict;

struct RepairCommandOptions : ConfigOptions {
    CompareFlags compare;
    std::string report;
    bool is_executed = false;
    bool purges = false;
};

void repair_flags(CLI::App& app, RepairCommandOptions& options) {
    compare_flags(app, options.compare);
    auto* execute = app.add_flag("--execute", options.is_executed,
                                 "Do it; without this the plan is shown and nothing changes");
    app.add_flag("--purge", options.purges,
                 "Delete the replaced files once the new manifest stands")
        ->needs(execute);
    app.add_option("--report", options.report,
                   "Mend what this report of \"reconcile --json\" found, without comparing again")
        ->type_name("FILE");
}

Result<std::optional<core::Report>> given_report(const RepairCommandOptions& options) {
    if (options.report.empty()) return std::optional<core::Report>();
    const std::string text = TRY(read_file(options.report, core::kReportBytesMax));
    core::Report report = TRY(core::parse_report(text, options.report));
    return std::optional(std::move(report));
}

Verdict worse(Verdict left, Verdict right) {
    if (left == Verdict::Differs || right == Verdict::Differs) return Verdict::Differs;
    return left == Verdict::Clean ? right : left;
}

/// One export: what was found, what is to be done, and what came of it.
struct Repair {
    core::Report before;
    extract::RepairPlan plan;
    std::optional<extract::RepairResult> result;  // Nothing: only planned.

    /// Clean only when nothing differs any more.
    Verdict verdict() const {
        if (!result) return before.verdict();
        Verdict left = result->after.verdict();
        if (before.summary().unknown > 0) left = worse(left, Verdict::Incomplete);
        const bool has_left_over = !result->is_clean && left == Verdict::Clean;
        return has_left_over || !plan.skipped.empty() ? Verdict::Differs : left;
    }
};

json::Value to_json(const Repair& repair) {
    json::Value result;
    if (repair.result) {
        result = {{"generation", repair.result->generation},
                  {"rows_written", repair.result->rows_written},
                  {"parts_written", repair.result->parts_written},
                  {"purged", repair.result->purged},
                  {"after", json_stored(core::to_json(repair.result->after, -1))}};
    }
    return {{"plan", json_stored(extract::to_json(repair.plan))},
            {"executed", repair.result.has_value()},
            {"result", result},
            {"verdict", name_of(repair.verdict())}};
}

void print_repair(const Context& context, const Repair& repair) {
    context.out().write(printable(extract::to_text(repair.plan)));
    if (!repair.result) {
        if (!repair.plan.is_empty()) {
            context.say("nothing was changed; --execute does it");
        }
        return;
    }
    const extract::RepairResult& result = *repair.result;
    print_line(
        context,
        fmt::format(
            "done: {} in {} written, generation {}{}", counted(result.rows_written, "row"),
            counted(std::ssize(result.parts_written), "part"), result.generation,
            result.purged.empty()
                ? ""
                : fmt::format(", {} deleted", counted(std::ssize(result.purged), "old file"))));
    context.out().write("\n");
    print_report(context, result.after);
}

Result<Repair> repair_one(const extract::JobContext& job, const RepairCommandOptions& options,
                          const std::optional<core::Report>& given) {
    extract::RepairOptions how{.compare = compare_options(options.compare),
                               .purges = options.purges};
    how.compare.command = "repair";
    Repair repair;
    if (given) {
        repair.before = *given;
    } else {
        repair.before = TRY(extract::reconcile(job, how.compare));
    }
    repair.plan = TRY(extract::plan_repair(job, repair.before));
    if (options.is_executed && !repair.plan.is_empty()) {
        repair.result = TRY(extract::execute_repair(job, repair.plan, how));
    }
    return repair;
}

Result<Verdict> run_repair(const RepairCommandOptions& options, Context& context) {
    const auto given = TRY(given_report(options));
    const ConfigOptions& written = options;
    ConfigOptions chosen = written;
    if (given && chosen.exports.empty()) chosen.exports = {given->subject};
    json::Value answers = json::Value::array();
    const auto work = [&](const extract::JobContext& job) -> Result<Verdict> {
        const Repair repair = TRY(repair_one(job, options, given));
        answers.push_back(to_json(repair));
        if (!context.is_json()) print_repair(context, repair);
        return repair.verdict();
    };
    auto verdict = for_each_export(chosen, context, work);
    if (context.is_json() && !answers.empty()) print_json(context, {{"exports", answers}});
    return verdict;
}

}  // namespace

Command extract_repair_command() {
    return command<RepairCommandOptions>(
        {"extract", "repair", "Read again what differs, and replace those parts"}, Needs::Config,
        repair_flags, run_repair);
}

}  // namespace trueup::app
