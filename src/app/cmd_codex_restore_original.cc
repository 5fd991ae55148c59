#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_outcome.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::RunKind;
using codex::Text;

struct RestoreOptions : ChangeOptions {};

void restore_flags(CLI::App& app, RestoreOptions& options) { change_flags(app, options); }

Result<core::Verdict> run_restore(const RestoreOptions& options, Context& context) {
    TRY(refuse_store_with_rollouts(options, options.is_sqlite_only, "codex restore-original"));
    return run_in_home(options, context, [&](const codex::JobContext& job) {
        return codex::restore_original(job,
                                       to_reconcile(RunKind::RestoreOriginal, options, context));
    });
}

}  // namespace

Command codex_restore_original_command() {
    return command<RestoreOptions>({"codex", "restore-original", Text::CmdRestoreOriginal},
                                   Needs::Nothing, restore_flags, run_restore);
}

}  // namespace trueup::app
