#include "app/codex_outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/codex_job.h"
#include "app/codex_json.h"
#include "app/codex_view.h"
#include "app/codex_words.h"
#include "base/text.h"

namespace trueup::app {
namespace {

using codex::counted;
using codex::Noun;
using codex::RunKind;
using codex::RunOutcome;
using codex::StoreOutcome;
using codex::StoreResult;
using codex::Text;
using codex::ThreadOutcome;
using codex::tr;
using term::Style;

/// The numbers a sentence is made of, as texts.
struct Amounts {
    std::string all;
    std::string changed;
    std::string left;
    std::string rollouts;
    std::string rows;
    bool has_changed = false;
    bool has_left = false;
};

Amounts amounts_of(const RunOutcome& outcome) {
    const std::int64_t rollouts = outcome.patched + outcome.grown;
    return {.all = counted(outcome.threads, Noun::Thread),
            .changed = counted(std::ssize(outcome.changed), Noun::Thread),
            .left = counted(outcome.left, Noun::Thread),
            .rollouts = counted(rollouts, Noun::Rollout),
            .rows = counted(outcome.rows_changed, Noun::Row),
            .has_changed = !outcome.changed.empty() || rollouts + outcome.rows_changed > 0,
            .has_left = outcome.left > 0};
}

std::string dry_sentence(const RunOutcome& outcome, const Amounts& amounts) {
    switch (outcome.kind) {
        case RunKind::Undo: return tr(Text::UndoDry, amounts.rollouts, amounts.rows);
        case RunKind::Prepare: return tr(Text::PrepareDry, amounts.rollouts);
        case RunKind::RestoreOriginal: return tr(Text::RestoreDry, amounts.changed);
        case RunKind::Sync:
        case RunKind::Switch:
        case RunKind::Watch: break;
    }
    if (amounts.has_changed && amounts.has_left) {
        return tr(Text::DryMovedPartly, amounts.changed, outcome.target, amounts.left);
    }
    if (amounts.has_changed) return tr(Text::DryMoved, amounts.changed, outcome.target);
    if (amounts.has_left) return tr(Text::DryNotMoved, amounts.left);
    return tr(Text::DryNothing, amounts.all, outcome.target);
}

std::string sync_sentence(const RunOutcome& outcome, const Amounts& amounts) {
    if (amounts.has_changed && amounts.has_left) {
        return tr(Text::RunMovedPartly, amounts.changed, outcome.target, amounts.left);
    }
    if (amounts.has_left) return tr(Text::RunNotMoved, amounts.left);
    const auto is_left = [](const StoreOutcome& one) { return one.result != StoreResult::Updated; };
    const auto stores_left = std::ranges::count_if(outcome.stores, is_left);
    if (stores_left > 0) {
        return tr(Text::RunStoresLeft, amounts.changed, outcome.target,
                  counted(stores_left, Noun::Store));
    }
    if (amounts.has_changed) return tr(Text::RunMoved, amounts.changed, outcome.target);
    if (outcome.threads == 0) return tr(Text::RunNothingSelected);
    return tr(Text::RunNothing, amounts.all, outcome.target);
}

std::string sentence_of(const RunOutcome& outcome) {
    const Amounts amounts = amounts_of(outcome);
    if (outcome.is_dry_run) return dry_sentence(outcome, amounts);
    switch (outcome.kind) {
        case RunKind::Undo:
            return amounts.has_left
                       ? tr(Text::UndoPartly, amounts.rollouts, amounts.rows, amounts.left)
                       : tr(Text::UndoDone, amounts.rollouts, amounts.rows);
        case RunKind::Prepare:
            return amounts.has_changed ? tr(Text::PrepareDone, amounts.rollouts)
                                       : tr(Text::PrepareNothing, amounts.all);
        case RunKind::RestoreOriginal:
            if (amounts.has_left) return tr(Text::RestorePartly, amounts.changed, amounts.left);
            return amounts.has_changed ? tr(Text::RestoreDone, amounts.changed)
                                       : tr(Text::RestoreNothing, amounts.all);
        case RunKind::Sync:
        case RunKind::Switch:
        case RunKind::Watch: return sync_sentence(outcome, amounts);
    }
    std::unreachable();
}

std::string rollouts_text(const RunOutcome& outcome) {
    const std::int64_t changed = outcome.patched + outcome.grown;
    if (changed == 0) return "";
    const std::string amount = counted(changed, Noun::Rollout);
    const std::string in_place = grouped(outcome.patched);
    const std::string rewritten = grouped(outcome.grown);
    return outcome.is_dry_run ? tr(Text::DryRollouts, amount, in_place, rewritten)
                              : tr(Text::RunRollouts, amount, in_place, rewritten);
}

std::string rows_text(const RunOutcome& outcome) {
    if (outcome.rows_changed == 0) return "";
    const std::string amount = counted(outcome.rows_changed, Noun::Row);
    return outcome.is_dry_run ? tr(Text::DryRows, amount) : tr(Text::RunRows, amount);
}

void print_numbers(const Context& context, const RunOutcome& outcome) {
    const double seconds = std::chrono::duration<double>(outcome.elapsed).count();
    print_facts(context, {{Text::LabelRollouts, rollouts_text(outcome)},
                          {Text::LabelRows, rows_text(outcome)},
                          {Text::LabelRun, outcome.run_id.value_or("")},
                          {Text::LabelTime, human_seconds(seconds)}});
}

Style style_of(StoreResult result) {
    switch (result) {
        case StoreResult::Updated: return Style::Good;
        case StoreResult::Backfill:
        case StoreResult::Locked: return Style::Warning;
        case StoreResult::Missing:
        case StoreResult::Failed: return Style::Bad;
    }
    std::unreachable();
}

void print_stores(const Context& context, const RunOutcome& outcome) {
    if (outcome.stores.empty()) return;
    term::Table table({{tr(Text::ColStore), term::Align::Left, false},
                       {tr(Text::ColResult), term::Align::Left, false},
                       {tr(Text::ColRows), term::Align::Right, false},
                       {tr(Text::ColChanged), term::Align::Right, false},
                       {tr(Text::ColBackup)}});
    for (const StoreOutcome& store : outcome.stores) {
        table.add_row({{std::string(name_of(store.store.kind))},
                       {word_of(store.result), style_of(store.result)},
                       {grouped(store.rows)},
                       {grouped(store.rows_changed)},
                       {store.backup.value_or(""), Style::Faint}});
    }
    print_table(context, table);
    for (const StoreOutcome& store : outcome.stores) {
        if (store.detail.empty()) continue;
        print_line(context, fmt::format("{}: {}", name_of(store.store.kind), store.detail));
    }
}

std::string first_path(const ThreadOutcome& thread) {
    return thread.paths.empty() ? std::string() : thread.paths.front().str();
}

void print_left(const Context& context, const RunOutcome& outcome) {
    if (outcome.left_out.empty()) return;
    context.out().write("\n");
    print_heading(context, tr(Text::HeadLeft));
    term::Table table(
        {{tr(Text::ColThread), term::Align::Left, false}, {tr(Text::ColWhy)}, {tr(Text::ColFile)}});
    for (std::size_t i = 0; i < std::min(outcome.left_out.size(), kThreadsShownMax); ++i) {
        const ThreadOutcome& thread = outcome.left_out[i];
        const std::string why = word_of(thread.reason);
        table.add_row({{thread.id.str()},
                       {why.empty() ? thread.detail.str() : why, Style::Warning},
                       {first_path(thread), Style::Faint}});
    }
    print_table(context, table);
    print_more(context, outcome.left_out.size());
}

/// A dry run shows them; after the deed `codex list` does.
void print_changes(const Context& context, const RunOutcome& outcome) {
    const bool is_wanted = outcome.is_dry_run || context.is_verbose();
    if (!is_wanted || outcome.changed.empty()) return;
    context.out().write("\n");
    print_heading(context, tr(Text::HeadChanges));
    term::Table table({{tr(Text::ColThread), term::Align::Left, false},
                       {tr(Text::ColHow), term::Align::Left, false},
                       {tr(Text::ColFile)}});
    for (std::size_t i = 0; i < std::min(outcome.changed.size(), kThreadsShownMax); ++i) {
        const ThreadOutcome& thread = outcome.changed[i];
        table.add_row(
            {{thread.id.str()}, {word_of(thread.action)}, {first_path(thread), Style::Faint}});
    }
    print_table(context, table);
    print_more(context, outcome.changed.size());
}

void print_what_next(const Context& context, const RunOutcome& outcome) {
    const bool has_changes = !outcome.changed.empty() || outcome.run_id.has_value();
    if (outcome.is_dry_run && has_changes) {
        print_next(context, tr(Text::NextRun));
    } else if (outcome.verdict() == core::Verdict::Incomplete && !outcome.is_dry_run) {
        print_next(context, tr(Text::NextAgain));
    } else if (has_changes && outcome.kind != RunKind::Undo && !outcome.is_dry_run) {
        print_next(context, tr(Text::NextUndo));
    }
}

/// Shows what a run did, or would do; its verdict, or why nothing at all could be done.
Result<core::Verdict> show_outcome(const Context& context, const RunOutcome& outcome) {
    const core::Verdict verdict = outcome.verdict();
    if (context.is_json()) {
        print_json(context, outcome_json(outcome));
        if (outcome.failure) return std::unexpected(*outcome.failure);
        return verdict;
    }
    const bool is_done = verdict == core::Verdict::Clean;
    print_verdict(context, is_done ? Style::Good : Style::Warning, sentence_of(outcome));
    print_numbers(context, outcome);
    print_stores(context, outcome);
    print_changes(context, outcome);
    print_left(context, outcome);
    if (outcome.failure) return std::unexpected(*outcome.failure);
    print_what_next(context, outcome);
    return verdict;
}

}  // namespace

Result<core::Verdict> run_in_home(
    const CodexOptions& options, const Context& context,
    const std::function<Result<RunOutcome>(const codex::JobContext&)>& work) {
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const RunOutcome outcome = TRY(as_job(home, context, work));
    return show_outcome(context, outcome);
}

Result<core::Verdict> reconcile_home(RunKind kind, const ChangeOptions& options,
                                     const Context& context) {
    return run_in_home(options, context, [&](const codex::JobContext& job) {
        return codex::reconcile(job, to_reconcile(kind, options, context));
    });
}

}  // namespace trueup::app
