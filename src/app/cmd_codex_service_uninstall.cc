#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_service.h"
#include "app/codex_view.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::ServiceRemoved;
using codex::Text;
using codex::tr;

struct UninstallOptions : CodexOptions {};

void uninstall_flags(CLI::App& /*app*/, UninstallOptions& /*options*/) {}

json::Value to_json(const ServiceRemoved& removed) {
    return {{"schema", "trueup.codex.service/1"},
            {"had_unit", removed.had_unit},
            {"had_process", removed.had_process},
            {"path", removed.unit_path},
            {"log", removed.log_path},
            {"problem", removed.problem}};
}

Result<core::Verdict> run_uninstall(const UninstallOptions& options, Context& context) {
    TRY(refuse_store(options, "codex service uninstall"));
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const ServiceRemoved removed = TRY(codex::uninstall_service(home, context.environment()));
    if (context.is_json()) {
        print_json(context, to_json(removed));
        return core::Verdict::Clean;
    }
    if (!removed.problem.empty()) context.warn(removed.problem);
    if (!removed.had_unit && !removed.had_process) {
        print_verdict(context, term::Style::Plain, tr(Text::ServiceWasNone, removed.unit_path));
        return core::Verdict::Clean;
    }
    print_verdict(context, term::Style::Good, tr(Text::ServiceRemoved));
    print_facts(context, {{Text::ColFile, removed.had_unit ? removed.unit_path : removed.pid_path},
                          {Text::LabelHome, home.path},
                          {Text::LabelLog, removed.log_path}});
    return core::Verdict::Clean;
}

}  // namespace

Command codex_service_uninstall_command() {
    Command out =
        command<UninstallOptions>({"codex service", "uninstall", Text::CmdServiceUninstall},
                                  Needs::Nothing, uninstall_flags, run_uninstall);
    out.hidden_names = {"codex uninstall-service", "codex uninstall-launchd"};
    return out;
}

}  // namespace trueup::app
