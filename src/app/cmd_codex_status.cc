#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/codex_job.h"
#include "app/codex_service.h"
#include "app/codex_status.h"
#include "app/codex_view.h"
#include "app/codex_words.h"
#include "app/commands.h"
#include "app/help.h"
#include "base/text.h"

namespace trueup::app {
namespace {

using codex::counted;
using codex::Noun;
using codex::Text;
using codex::tr;
using term::Style;

/// How long status waits for a locked store.
constexpr std::chrono::milliseconds kLookWait{2'000};

struct StatusOptions : CodexOptions {
    bool is_sqlite_only = false;
};

void status_flags(CLI::App& app, StatusOptions& options) {
    app.add_flag("--sqlite-only", options.is_sqlite_only, help_text(Text::OptStatusSqliteOnly));
}

Result<HomeStatus> gather(const StatusOptions& options, const Context& context) {
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const codex::Settings settings = TRY(open_settings(home, options, context));
    if (options.is_sqlite_only) {
        auto counts =
            TRY(codex::count_stores(home, settings, options.stores(), context.clock(), kLookWait));
        return status_of(home, settings, std::move(counts));
    }
    const LookOptions how{.stores = options.stores()};
    const codex::Inventory inventory = TRY(look_at(home, settings, how, context));
    return status_of(inventory, TRY(plan_for(inventory, {}, context)));
}

void print_answer(const Context& context, const HomeStatus& status) {
    const Noun noun = status.rollouts ? Noun::Thread : Noun::Row;
    const std::string all = counted(status.threads.all, noun);
    const std::string& target = status.settings.provider;
    if (status.threads.hidden > 0) {
        print_verdict(context, Style::Warning,
                      tr(Text::StatusHidden, grouped(status.threads.hidden), all, target));
    } else if (status.has_unread_store()) {
        print_verdict(context, Style::Warning, tr(Text::StatusUnknown));
    } else if (status.threads.all == 0) {
        print_verdict(context, Style::Plain, tr(Text::StatusEmpty));
    } else {
        print_verdict(context, Style::Good, tr(Text::StatusClean, all, target));
    }
}

void print_stores(const Context& context, const HomeStatus& status) {
    term::Table table({{tr(Text::ColStore), term::Align::Left, false},
                       {tr(Text::ColThreads), term::Align::Right, false},
                       {tr(Text::ColMismatched), term::Align::Right, false},
                       {tr(Text::ColBackfill), term::Align::Left, false},
                       {tr(Text::ColFile)}});
    for (const StoreStatus& store : status.stores) {
        const bool is_known = !store.problem;
        const bool is_ready = store.backfill.state == codex::BackfillState::Ready;
        table.add_row({{std::string(name_of(store.store.kind))},
                       {is_known ? grouped(store.rows) : "?"},
                       {is_known ? grouped(store.hidden) : "?",
                        store.hidden > 0 ? Style::Warning : Style::Plain},
                       {is_known ? word_of(store.backfill.state) : "?",
                        is_ready ? Style::Plain : Style::Warning},
                       {store.store.path, Style::Faint}});
    }
    print_table(context, table);
    for (const StoreStatus& store : status.stores) {
        if (!store.problem) continue;
        const std::string line =
            fmt::format("{}: {}", name_of(store.store.kind), printable(store.problem->message));
        context.out().write("  " + context.out_styles()(Style::Bad, line) + "\n");
    }
}

void add_to(std::vector<codex::ProviderCount>& all, const codex::ProviderCount& one) {
    const auto found = std::ranges::find(all, one.provider, &codex::ProviderCount::provider);
    if (found == all.end()) {
        all.push_back(one);
    } else {
        found->rows += one.rows;
    }
}

/// Providers of all stores, those with most threads first.
std::vector<codex::ProviderCount> all_providers(const HomeStatus& status) {
    std::vector<codex::ProviderCount> all;
    for (const StoreStatus& store : status.stores) {
        for (const codex::ProviderCount& one : store.providers) add_to(all, one);
    }
    std::ranges::sort(all, [](const auto& left, const auto& right) {
        return left.rows != right.rows ? left.rows > right.rows : left.provider < right.provider;
    });
    return all;
}

void print_providers(const Context& context, const HomeStatus& status) {
    const auto providers = all_providers(status);
    if (providers.empty()) return;
    std::vector<term::Column> columns = {{tr(Text::ColProvider)}};
    for (const StoreStatus& store : status.stores) {
        columns.push_back({std::string(name_of(store.store.kind)), term::Align::Right, false});
    }
    term::Table table(std::move(columns));
    for (const codex::ProviderCount& provider : providers) {
        const bool is_target = provider.provider == status.settings.provider;
        std::vector<term::Cell> cells = {
            {provider_text(provider.provider), is_target ? Style::Good : Style::Warning}};
        for (const StoreStatus& store : status.stores) {
            const auto found = std::ranges::find(store.providers, provider.provider,
                                                 &codex::ProviderCount::provider);
            cells.push_back({grouped(found == store.providers.end() ? 0 : found->rows)});
        }
        table.add_row(std::move(cells));
    }
    print_table(context, table);
}

std::string rollouts_text(const std::optional<RolloutStatus>& status) {
    if (!status) return tr(Text::RolloutsNotRead);
    std::vector<std::string> parts = {tr(Text::RolloutsReadable, grouped(status->readable))};
    const std::pair<Text, std::int64_t> counts[] = {
        {Text::RolloutsMismatched, status->mismatched}, {Text::RolloutsBlocked, status->blocked},
        {Text::RolloutsUnreadable, status->unreadable}, {Text::RolloutsMissing, status->missing},
        {Text::RolloutsCompressed, status->compressed}, {Text::RolloutsNoRow, status->without_row},
        {Text::RolloutsEncrypted, status->encrypted}};
    for (const auto& [text, count] : counts) {
        if (count > 0) parts.push_back(codex::tr_with(text, grouped(count)));
    }
    return listed(parts);
}

std::string last_run_text(const Context& context, const HomeStatus& status) {
    if (!status.last_run) return tr(Text::LastRunNone);
    const codex::RunSummary& run = *status.last_run;
    return tr(Text::LastRun, name_of(run.kind), run.target, context.human_time(run.started_at),
              counted(run.rollouts, Noun::Rollout), counted(run.rows, Noun::Row));
}

/// What a person should know before doing anything.
void print_cautions(const Context& context, const HomeStatus& status) {
    std::vector<std::string> lines;
    const codex::Settings& settings = status.settings;
    if (!settings.is_known_provider) {
        lines.push_back(tr(Text::NoticeUnknownProvider, settings.provider));
    }
    if (settings.config != codex::ConfigState::Present &&
        settings.origin == codex::ProviderOrigin::Default && status.threads.all > 0) {
        lines.push_back(tr(Text::StatusNoConfig));
    }
    for (const StoreStatus& store : status.stores) {
        const auto kind = name_of(store.store.kind);
        if (store.backfill.state == codex::BackfillState::Running) {
            lines.push_back(tr(Text::StatusBackfill, kind));
        }
        if (store.backfill.state == codex::BackfillState::Stale) {
            lines.push_back(tr(Text::StatusStale, kind));
        }
    }
    if (status.unfinished) {
        lines.push_back(tr(Text::StatusUnfinished, status.unfinished->run_id));
    }
    if (status.leftovers > 0) {
        lines.push_back(tr(Text::StatusLeftovers, counted(status.leftovers, Noun::File)));
    }
    if (lines.empty()) return;
    context.out().write("\n");
    for (const std::string& line : lines) {
        const std::string text = context.out_styles()(Style::Warning, printable(line));
        context.out().write("  " + text + "\n");
    }
}

void print_status(const Context& context, const HomeStatus& status) {
    print_answer(context, status);
    print_facts(context, {{Text::LabelHome, status.home.path},
                          {Text::LabelConfig, config_text(status.settings)},
                          {Text::LabelTarget, target_text(status.settings), Style::Accent}});
    print_stores(context, status);
    print_providers(context, status);
    print_facts(context, {{Text::LabelRollouts, rollouts_text(status.rollouts)},
                          {Text::LabelService, service_text(status.service)},
                          {Text::LabelLastRun, last_run_text(context, status)}});
    print_cautions(context, status);
    if (status.threads.hidden > 0) {
        print_next(context, tr(Text::StatusNextSync));
    } else if (status.rollouts && status.rollouts->unreadable > 0) {
        print_next(context, tr(Text::StatusNextList));
    }
}

/// Status looked, unless there was nothing that could be looked at.
Status judge(const HomeStatus& status) {
    std::vector<std::string> problems;
    for (const StoreStatus& store : status.stores) {
        if (!store.problem) return {};
        problems.push_back(store.problem->message);
    }
    return fail(ErrorClass::Failed, tr(Text::NoStoreReadable, fmt::join(problems, "; ")));
}

Result<core::Verdict> run_status(const StatusOptions& options, Context& context) {
    HomeStatus status = TRY(gather(options, context));
    add_runs(status);
    status.service = codex::service_status(status.home, context.environment());
    if (context.is_json()) {
        print_json(context, to_json(status));
    } else {
        print_status(context, status);
    }
    TRY(judge(status));
    return core::Verdict::Clean;
}

}  // namespace

Command codex_status_command() {
    return command<StatusOptions>({"codex", "status", Text::CmdStatus}, Needs::Nothing,
                                  status_flags, run_status);
}

}  // namespace trueup::app
