#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_outcome.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::RunKind;
using codex::Text;

struct PrepareOptions : ChangeOptions {};

/// No row changes, and only first lines do: what is about them has no meaning here.
void prepare_flags(CLI::App& app, PrepareOptions& options) {
    dry_run_flag(app, options.is_dry_run);
    padding_flag(app, options.padding);
    wait_flag(app, options.wait);
    backfill_flag(app, options.forces_backfill);
    selection_flags(app, options.selection);
}

Result<core::Verdict> run_prepare(const PrepareOptions& options, Context& context) {
    TRY(refuse_store(options, "codex prepare"));
    return run_in_home(options, context, [&](const codex::JobContext& job) {
        return codex::prepare(job, to_reconcile(RunKind::Prepare, options, context));
    });
}

}  // namespace

Command codex_prepare_command() {
    Command out = command<PrepareOptions>({"codex", "prepare", Text::CmdPrepare}, Needs::Nothing,
                                          prepare_flags, run_prepare);
    out.hidden_names = {"codex bucket prepare"};
    return out;
}

}  // namespace trueup::app
