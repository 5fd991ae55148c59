#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_outcome.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::RunKind;
using codex::Text;

struct SyncOptions : ChangeOptions {};

void sync_flags(CLI::App& app, SyncOptions& options) { change_flags(app, options); }

Result<core::Verdict> run_sync(const SyncOptions& options, Context& context) {
    TRY(refuse_store_with_rollouts(options, options.is_sqlite_only, "codex sync"));
    return reconcile_home(RunKind::Sync, options, context);
}

}  // namespace

Command codex_sync_command() {
    return command<SyncOptions>({"codex", "sync", Text::CmdSync}, Needs::Nothing, sync_flags,
                                run_sync);
}

}  // namespace trueup::app
