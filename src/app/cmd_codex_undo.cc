#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_outcome.h"
#include "app/commands.h"
#include "app/help.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::Text;

struct UndoCommandOptions : CodexOptions {
    std::optional<std::string> run_id;
    bool is_dry_run = false;
    std::chrono::milliseconds wait = kWaitDefault;
};

void undo_flags(CLI::App& app, UndoCommandOptions& options) {
    app.add_option("RUN", options.run_id, help_text(Text::OptRun))->type_name("");
    dry_run_flag(app, options.is_dry_run);
    wait_flag(app, options.wait);
}

Result<core::Verdict> run_undo(const UndoCommandOptions& options, Context& context) {
    TRY(refuse_store(options, "codex undo"));
    const codex::UndoOptions how{
        .run_id = options.run_id, .is_dry_run = options.is_dry_run, .wait = options.wait};
    return run_in_home(options, context,
                       [&](const codex::JobContext& job) { return codex::undo(job, how); });
}

}  // namespace

Command codex_undo_command() {
    return command<UndoCommandOptions>({"codex", "undo", Text::CmdUndo}, Needs::Nothing, undo_flags,
                                       run_undo);
}

}  // namespace trueup::app
