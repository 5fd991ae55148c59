#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_service.h"
#include "app/codex_view.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::ServiceInstalled;
using codex::Text;
using codex::tr;

struct InstallOptions : WatchFlags {};

void install_flags(CLI::App& app, InstallOptions& options) { watch_flags(app, options); }

/// How to read what it says.
std::string log_text(const ServiceInstalled& installed) {
    if (!installed.log_path.empty()) return installed.log_path;
    return "journalctl --user -f -u " + installed.name;
}

json::Value to_json(const ServiceInstalled& installed) {
    return {{"schema", "trueup.codex.service/1"},
            {"manager", name_of(installed.manager)},
            {"name", installed.name},
            {"path", installed.path},
            {"log", installed.log_path},
            {"pid", installed.pid > 0 ? json::Value(installed.pid) : json::Value()},
            {"fallback", installed.fallback}};
}

Result<core::Verdict> run_install(const InstallOptions& options, Context& context) {
    TRY(refuse_store_with_rollouts(options, options.is_sqlite_only, "codex service install"));
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    TRY(open_settings(home, options, context));  // A service that can only fail is none.
    const auto spec = TRY(to_service(options, home, context));
    const ServiceInstalled installed = TRY(codex::install_service(spec, context.environment()));
    if (context.is_json()) {
        print_json(context, to_json(installed));
        return core::Verdict::Clean;
    }
    if (!installed.fallback.empty()) context.warn(tr(Text::ServiceFallback, installed.fallback));
    print_verdict(context, term::Style::Good, tr(Text::ServiceInstalled));
    print_facts(context, {{Text::LabelService, installed.name},
                          {Text::LabelManager, std::string(name_of(installed.manager))},
                          {Text::ColFile, installed.path},
                          {Text::LabelHome, home.path},
                          {Text::LabelLog, log_text(installed)}});
    print_next(context, tr(Text::ServiceNextStatus));
    return core::Verdict::Clean;
}

}  // namespace

Command codex_service_install_command() {
    Command out = command<InstallOptions>({"codex service", "install", Text::CmdServiceInstall},
                                          Needs::Nothing, install_flags, run_install);
    out.hidden_names = {"codex install-service", "codex install-launchd"};
    return out;
}

}  // namespace trueup::app
