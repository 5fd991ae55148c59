#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "base/text.h"
#include "extract/run/run.h"
#include "json/json.h"

namespace trueup::app {
namespace {

struct RunOptions : ConfigOptions {
    bool is_fresh = false;
};

void run_flags(CLI::App& app, RunOptions& options) {
    app.add_flag("--fresh", options.is_fresh,
                 "Start anew: give an unfinished run up, and read an unchanged source again");
}

json::Value to_json(const std::optional<extract::Governed>& governed) {
    if (!governed) return {};
    return {{"least", governed->workers_least},
            {"most", governed->workers_most},
            {"changes", governed->changes},
            {"reasons", governed->reasons}};
}

json::Value to_json(const extract::RunSummary& summary) {
    return {{"export", summary.export_name},
            {"run_id", summary.run_id},
            {"outcome", extract::name_of(summary.outcome)},
            {"resumed", summary.is_resumed},
            {"prefix", summary.prefix},
            {"rows", summary.rows},
            {"parts", summary.parts},
            {"bytes", summary.bytes},
            {"chunks", summary.chunks},
            {"retries", summary.retries},
            {"values_nulled", summary.values_nulled},
            {"seconds", summary.seconds},
            {"governed_workers", to_json(summary.governed)},
            {"quality", extract::to_json(summary.quality)},
            {"source_load",
             {{"statements", summary.load.statements},
              {"longest_statement_us", summary.load.longest_us},
              {"connections", summary.load.connections}}}};
}

std::string load_text(const extract::SourceLoad& load) {
    return fmt::format("the source answered {} over {}, the longest in {}",
                       counted(load.statements, "statement"),
                       counted(load.connections, "connection"),
                       human_seconds(static_cast<double>(load.longest_us) / 1e6));
}

/// A line of its own when the source was under strain.
std::string strain_text(const std::optional<extract::Governed>& governed) {
    if (!governed || governed->reasons.empty()) return "";
    return fmt::format("\n  between {} and {} workers read, as the source was under strain ({})",
                       governed->workers_least, governed->workers_most,
                       fmt::join(governed->reasons, "; "));
}

std::string sentence_of(const extract::RunSummary& summary) {
    const std::string amount = fmt::format("{} rows in {} part{}, {}", grouped(summary.rows),
                                           summary.parts, summary.parts == 1 ? "" : "s",
                                           human_bytes(static_cast<std::uint64_t>(summary.bytes)));
    switch (summary.outcome) {
        case extract::RunOutcome::Unchanged:
            return fmt::format("{}: nothing to do, the source is as run {} left it ({})",
                               summary.export_name, summary.run_id, amount);
        case extract::RunOutcome::Written:
            return fmt::format("{}: {}, {}", summary.export_name, amount,
                               human_seconds(summary.seconds));
        case extract::RunOutcome::Done: break;
    }
    const auto rate = static_cast<std::int64_t>(static_cast<double>(summary.rows) /
                                                std::max(summary.seconds, 1e-6));
    return fmt::format("{}: {}, {} ({} rows/s){}\n  {}\n  {}{}", summary.export_name, amount,
                       human_seconds(summary.seconds), grouped(rate),
                       summary.is_resumed ? ", resumed" : "", summary.prefix,
                       load_text(summary.load), strain_text(summary.governed));
}

Result<core::Verdict> run_run(const RunOptions& options, Context& context) {
    json::Value answers = json::Value::array();
    const auto work = [&](const extract::JobContext& job) -> Result<core::Verdict> {
        const extract::RunSummary summary =
            TRY(extract::run_export(job, {.is_fresh = options.is_fresh}));
        for (const std::string& warning : summary.warnings) context.warn(warning);
        if (summary.values_nulled > 0) {
            context.warn(fmt::format("{}: {} values did not fit their column and are NULL",
                                     summary.export_name, grouped(summary.values_nulled)));
        }
        answers.push_back(to_json(summary));
        // An export to standard output leaves it to the rows.
        const bool owns_stdout = summary.outcome != extract::RunOutcome::Written;
        if (!owns_stdout) context.say(sentence_of(summary));
        if (owns_stdout && !context.is_json() && !context.is_quiet()) {
            context.out().write(printable(sentence_of(summary)) + "\n");
        }
        return core::Verdict::Clean;
    };
    auto verdict = for_each_export(options, context, work);
    if (context.is_json() && !answers.empty() &&
        answers.back().at("outcome") != extract::name_of(extract::RunOutcome::Written)) {
        context.out().write(json::write({{"exports", answers}}, 2) + "\n");
    }
    return verdict;
}

}  // namespace

Command extract_run_command() {
    return command<RunOptions>(
        {"extract", "run", "Read the exports, or go on where the last run stopped"}, Needs::Config,
        run_flags, run_run);
}

}  // namespace trueup::app
