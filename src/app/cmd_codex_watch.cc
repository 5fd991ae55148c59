#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_watch.h"
#include "app/commands.h"
#include "base/text.h"
#include "codex/text/text.h"
#include "json/json.h"

namespace trueup::app {
namespace {

using codex::Text;

struct WatchCommandOptions : WatchFlags {};

void watch_command_flags(CLI::App& app, WatchCommandOptions& options) { watch_flags(app, options); }

/// One line at once: nobody wants to wait for the end of a watch to hear of it.
void say_line(const Context& context, std::string_view line) {
    if (context.is_json()) {
        const json::Value document = {{"at", rfc3339(context.clock().now())}, {"message", line}};
        context.out().write(json::write(document) + "\n");
        return;
    }
    context.out().write(printable(line) + "\n");
}

Result<core::Verdict> run_watch(const WatchCommandOptions& options, Context& context) {
    TRY(refuse_store_with_rollouts(options, options.is_sqlite_only, "codex watch"));
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    codex::WatchOptions how = to_watch(options);
    how.say = [&context](std::string_view line) { say_line(context, line); };
    const CodexJob job(home, context, CodexJob::Shows::Nothing);
    const auto reconcile = [&job](const codex::ReconcileOptions& once) {
        return codex::reconcile(job.context(), once);
    };
    TRY(codex::watch(job.context(), how, reconcile));
    return core::Verdict::Clean;
}

}  // namespace

Command codex_watch_command() {
    Command out = command<WatchCommandOptions>({"codex", "watch", Text::CmdWatch}, Needs::Nothing,
                                               watch_command_flags, run_watch);
    out.hidden_names = {"codex daemon"};
    return out;
}

}  // namespace trueup::app
