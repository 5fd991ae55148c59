#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/codex_job.h"
#include "app/codex_json.h"
#include "app/codex_view.h"
#include "app/commands.h"
#include "base/text.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::RunSummary;
using codex::Text;
using codex::tr;
using term::Style;

constexpr std::int64_t kShownDefault = 20;
constexpr std::int64_t kShownMax = 1'000'000;

struct HistoryOptions : CodexOptions {
    NumberOption runs_max{"-l,--last", 1, kShownMax, {}};
};

void history_flags(CLI::App& app, HistoryOptions& options) {
    number_flag(app, options.runs_max, tr(Text::OptLast, kShownDefault));
}

term::Cell state_cell(const RunSummary& run) {
    if (!run.finished_at) return {tr(Text::HistoryInterrupted), Style::Bad};
    if (run.undone_by) return {tr(Text::HistoryUndone), Style::Faint};
    if (run.can_undo) return {tr(Text::HistoryCanUndo), Style::Good};
    return {tr(Text::HistoryDone)};
}

void print_runs(const Context& context, const std::vector<RunSummary>& runs, std::int64_t most) {
    term::Table table({{tr(Text::ColRun), term::Align::Left, false},
                       {tr(Text::ColCommand)},
                       {tr(Text::ColTarget)},
                       {tr(Text::ColStarted), term::Align::Left, false},
                       {tr(Text::ColRollouts), term::Align::Right, false},
                       {tr(Text::ColRows), term::Align::Right, false},
                       {tr(Text::ColLeft), term::Align::Right, false},
                       {tr(Text::ColSize), term::Align::Right, false},
                       {tr(Text::ColState), term::Align::Left, false}});
    for (const RunSummary& run : runs) {
        if (most-- == 0) break;
        table.add_row({{run.run_id},
                       {std::string(name_of(run.kind))},
                       {run.target},
                       {context.human_time(run.started_at), Style::Faint},
                       {grouped(run.rollouts)},
                       {grouped(run.rows)},
                       {grouped(run.left), run.left > 0 ? Style::Warning : Style::Plain},
                       {human_bytes(run.bytes)},
                       state_cell(run)});
    }
    context.out().write(table.render(context.table_options()));
}

json::Value to_json(const codex::History& history, std::int64_t most) {
    json::Value runs = json::Value::array();
    for (const RunSummary& run : history.runs) {
        if (most-- == 0) break;
        runs.push_back(run_json(run));
    }
    return {{"schema", "trueup.codex.history/1"}, {"runs", runs}, {"damaged", history.damaged}};
}

Result<core::Verdict> run_history(const HistoryOptions& options, Context& context) {
    TRY(refuse_store(options, "codex history"));
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const codex::History history = TRY(codex::history(home));
    if (context.is_json()) {
        print_json(context, to_json(history, options.runs_max.value.value_or(kShownDefault)));
        return core::Verdict::Clean;
    }
    for (const std::string& run_id : history.damaged) {
        context.warn(tr(Text::HistoryDamaged, run_id));
    }
    if (history.runs.empty()) {
        print_verdict(context, Style::Plain, tr(Text::HistoryNone));
        return core::Verdict::Clean;
    }
    print_runs(context, history.runs, options.runs_max.value.value_or(kShownDefault));
    const bool can_undo = std::ranges::any_of(history.runs, &RunSummary::can_undo);
    if (can_undo) print_next(context, tr(Text::NextUndo));
    return core::Verdict::Clean;
}

}  // namespace

Command codex_history_command() {
    return command<HistoryOptions>({"codex", "history", Text::CmdHistory}, Needs::Nothing,
                                   history_flags, run_history);
}

}  // namespace trueup::app
