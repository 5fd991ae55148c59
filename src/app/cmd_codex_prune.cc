#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_view.h"
#include "app/commands.h"
#include "base/text.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::counted;
using codex::Noun;
using codex::Text;
using codex::tr;

constexpr std::int64_t kKeepMax = 1'000'000;

struct PruneOptions : CodexOptions {
    NumberOption kept{"--keep", 0, kKeepMax, {}};
    std::int64_t keep() const { return kept.value.value_or(codex::kRunsKept); }
    bool is_dry_run = false;
    std::chrono::milliseconds wait = kWaitDefault;
};

void prune_flags(CLI::App& app, PruneOptions& options) {
    number_flag(app, options.kept, tr(Text::OptKeep));
    dry_run_flag(app, options.is_dry_run);
    wait_flag(app, options.wait);
}

Result<core::Verdict> run_prune(const PruneOptions& options, Context& context) {
    TRY(refuse_store(options, "codex prune"));
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const auto removed = TRY(as_job(home, context, [&](const codex::JobContext& job) {
        const int keep = static_cast<int>(options.keep());
        return options.is_dry_run ? codex::runs_beyond(home, keep)
                                  : codex::prune(job, keep, options.wait);
    }));
    if (context.is_json()) {
        print_json(context, {{"schema", "trueup.codex.prune/1"},
                             {"dry_run", options.is_dry_run},
                             {"removed", removed}});
    } else if (removed.empty()) {
        print_verdict(context, term::Style::Plain,
                      tr(Text::PruneNone, counted(options.keep(), Noun::Run)));
    } else {
        const std::string runs = counted(std::ssize(removed), Noun::Run);
        print_verdict(context, term::Style::Good,
                      options.is_dry_run ? tr(Text::PruneWould, runs) : tr(Text::PruneDone, runs));
        for (const std::string& run_id : removed) print_line(context, run_id);
    }
    return core::Verdict::Clean;
}

}  // namespace

Command codex_prune_command() {
    Command out = command<PruneOptions>({"codex", "prune", Text::CmdPrune}, Needs::Nothing,
                                        prune_flags, run_prune);
    out.hidden_names = {"codex history prune"};
    return out;
}

}  // namespace trueup::app
