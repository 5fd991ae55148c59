#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/codex_job.h"
#include "app/codex_view.h"
#include "app/codex_words.h"
#include "app/commands.h"
#include "base/text.h"
#include "codex/text/text.h"
#include "core/report.h"

namespace trueup::app {
namespace {

using codex::counted;
using codex::Noun;
using codex::Text;
using codex::ThreadPlan;
using codex::tr;
using term::Style;

struct CheckOptions : CodexOptions {
    SelectionOptions selection;
};

void check_flags(CLI::App& app, CheckOptions& options) { selection_flags(app, options.selection); }

/// What the report is made of, for those who read it with their eyes.
struct Checked {
    codex::Inventory inventory;
    codex::Plan plan;
    core::Report report;
};

Result<Checked> look(const CheckOptions& options, const Context& context) {
    const UnixMicros started_at = context.clock().now();
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const codex::Settings settings = TRY(open_settings(home, options, context));
    Checked out;
    out.inventory = TRY(look_at(home, settings, {.stores = options.stores()}, context));
    out.plan = TRY(plan_for(out.inventory, selected(options.selection, context), context));
    out.report = codex::to_report(out.inventory, out.plan);
    out.report.started_at = started_at;
    out.report.finished_at = context.clock().now();
    return out;
}

void print_answer(const Context& context, const Checked& checked) {
    const codex::PlanCounts& counts = checked.plan.counts;
    const auto total = std::ssize(checked.plan.threads);
    const std::string all = counted(total, Noun::Thread);
    switch (checked.report.verdict()) {
        case core::Verdict::Clean:
            print_verdict(context, Style::Good, tr(Text::CheckClean, all, checked.plan.target));
            return;
        case core::Verdict::Differs:
            print_verdict(
                context, Style::Bad,
                tr(Text::CheckDiffers, grouped(total - counts.match), all, checked.plan.target));
            return;
        case core::Verdict::Incomplete:
            print_verdict(context, Style::Warning, tr(Text::CheckIncomplete));
            return;
    }
}

Style style_of(core::PartitionVerdict verdict) {
    switch (verdict) {
        case core::PartitionVerdict::Match: return Style::Good;
        case core::PartitionVerdict::Mismatch: return Style::Bad;
        case core::PartitionVerdict::Unknown: return Style::Warning;
    }
    std::unreachable();
}

std::string verdict_word(core::PartitionVerdict verdict) {
    switch (verdict) {
        case core::PartitionVerdict::Match: return tr(Text::VerdictMatch);
        case core::PartitionVerdict::Mismatch: return tr(Text::VerdictMismatch);
        case core::PartitionVerdict::Unknown: return tr(Text::VerdictUnknown);
    }
    std::unreachable();
}

void print_stores(const Context& context, const Checked& checked) {
    term::Table table({{tr(Text::ColStore), term::Align::Left, false},
                       {tr(Text::ColRows), term::Align::Right, false},
                       {tr(Text::ColUnderTarget), term::Align::Right, false},
                       {tr(Text::ColVerdict), term::Align::Left, false},
                       {tr(Text::ColFile)}});
    for (const core::Partition& part : checked.report.partitions) {
        if (part.kind != "store") continue;
        // Its id is its kind and its path.
        const std::size_t blank = part.id.find(' ');
        table.add_row({{part.id.substr(0, blank)},
                       {part.truth ? grouped(*part.truth) : "?"},
                       {part.copy ? grouped(*part.copy) : "?"},
                       {verdict_word(part.verdict), style_of(part.verdict)},
                       {part.id.substr(blank + 1), Style::Faint}});
    }
    print_table(context, table);
}

/// "azure, (none)": what the thread carries now.
std::string providers_of(const codex::Inventory& inventory, const codex::Thread& thread) {
    std::vector<std::string> found;
    const auto add = [&found](const std::optional<SharedText>& provider) {
        std::string text = provider_text(provider ? std::optional(provider->str()) : std::nullopt);
        if (std::ranges::find(found, text) == found.end()) found.push_back(std::move(text));
    };
    for (const codex::RowRef ref : thread.rows) {
        add(inventory.stores[ref.store].rows[ref.row].provider);
    }
    for (const std::uint32_t index : thread.rollouts) {
        for (const codex::MetaAt& at : inventory.rollouts[index].metas) add(at.meta.provider);
    }
    return listed(found);
}

std::string how_text(const ThreadPlan& plan) {
    const std::string reason = word_of(plan.reason);
    return reason.empty() ? word_of(plan.action) : reason;
}

void print_threads(const Context& context, const Checked& checked) {
    std::vector<const ThreadPlan*> differing;
    for (const ThreadPlan& plan : checked.plan.threads) {
        if (plan.action != codex::Action::Match) differing.push_back(&plan);
    }
    if (differing.empty()) return;
    context.out().write("\n");
    print_heading(context, tr(Text::HeadThreads));
    term::Table table({{tr(Text::ColThread), term::Align::Left, false},
                       {tr(Text::ColProvider)},
                       {tr(Text::ColHow)}});
    for (std::size_t i = 0; i < std::min(differing.size(), kThreadsShownMax); ++i) {
        const codex::Thread& thread = checked.inventory.threads[differing[i]->thread];
        const bool is_left = differing[i]->action == codex::Action::Blocked ||
                             differing[i]->action == codex::Action::Bad;
        table.add_row({{thread.id.str()},
                       {providers_of(checked.inventory, thread)},
                       {how_text(*differing[i]), is_left ? Style::Warning : Style::Plain}});
    }
    print_table(context, table);
    print_more(context, differing.size());
}

Result<core::Verdict> run_check(const CheckOptions& options, Context& context) {
    const Checked checked = TRY(look(options, context));
    const core::Verdict verdict = checked.report.verdict();
    if (context.is_json()) {
        context.out().write(core::to_json(checked.report) + "\n");
        return verdict;
    }
    print_answer(context, checked);
    print_stores(context, checked);
    print_threads(context, checked);
    if (verdict == core::Verdict::Differs) print_next(context, tr(Text::StatusNextSync));
    return verdict;
}

}  // namespace

Command codex_check_command() {
    return command<CheckOptions>({"codex", "check", Text::CmdCheck}, Needs::Nothing, check_flags,
                                 run_check);
}

}  // namespace trueup::app
