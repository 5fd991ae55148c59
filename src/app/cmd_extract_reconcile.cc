#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_proof_view.h"
#include "extract/proof/reconcile.h"

namespace trueup::app {
namespace {

struct ReconcileCommandOptions : ConfigOptions {
    CompareFlags compare;
    std::string fail_on;
    std::string rows_out;
};

void reconcile_flags(CLI::App& app, ReconcileCommandOptions& options) {
    compare_flags(app, options.compare);
    app.add_option("--fail-on", options.fail_on,
                   "\"unknown\": what could not be looked at counts as different (status 3)")
        ->type_name("WHAT")
        ->check(CLI::IsMember({"unknown"}));
    app.add_option("--rows-out", options.rows_out,
                   "Write every differing row as a line of JSON; implies --evidence rows")
        ->type_name("FILE");
}

/// One file takes the rows of one export, compared row by row.
Status check_rows_out(const ReconcileCommandOptions& options) {
    if (options.rows_out.empty()) return {};
    if (!options.compare.evidence.empty() && options.compare.evidence != "rows") {
        return fail(
            ErrorClass::Usage,
            fmt::format("--rows-out needs rows, and --evidence says {}", options.compare.evidence),
            "leave --evidence away: --rows-out implies --evidence rows");
    }
    const extract::Config config = TRY(read_config(options));
    const auto exports = TRY(selected_exports(config, options));
    if (exports.size() == 1) return {};
    return fail(
        ErrorClass::Usage,
        fmt::format("--rows-out takes the rows of one export, and {} are chosen", exports.size()),
        "--export says which one");
}

core::Verdict judged(const ReconcileCommandOptions& options, core::Verdict verdict) {
    const bool is_strict = options.fail_on == "unknown";
    return is_strict && verdict == core::Verdict::Incomplete ? core::Verdict::Differs : verdict;
}

Result<core::Verdict> run_reconcile(const ReconcileCommandOptions& options, Context& context) {
    TRY(check_rows_out(options));
    bool is_first = true;
    const auto work = [&](const extract::JobContext& job) -> Result<core::Verdict> {
        extract::ReconcileOptions compare = compare_options(options.compare);
        compare.rows_out = options.rows_out;
        if (!options.rows_out.empty()) compare.evidence = extract::Evidence::Rows;
        const core::Report report = TRY(extract::reconcile(job, compare));
        if (context.is_json()) {
            context.out().write(core::to_json(report, -1) + "\n");
        } else {
            if (!is_first) context.out().write("\n");
            is_first = false;
            print_report(context, report);
        }
        return judged(options, report.verdict());
    };
    return for_each_export(options, context, work);
}

}  // namespace

Command extract_reconcile_command() {
    return command<ReconcileCommandOptions>(
        {"extract", "reconcile", "Compare the copy with the source; status 3 when they differ"},
        Needs::Config, reconcile_flags, run_reconcile);
}

}  // namespace trueup::app
