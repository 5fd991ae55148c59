#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_service.h"
#include "app/codex_view.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::ServiceStatus;
using codex::Text;
using codex::tr;
using term::Style;

struct ServiceStatusOptions : CodexOptions {};

void service_status_flags(CLI::App& /*app*/, ServiceStatusOptions& /*options*/) {}

Style style_of(const ServiceStatus& status) {
    if (!status.manager) return Style::Plain;
    return status.is_running.value_or(false) ? Style::Good : Style::Warning;
}

Result<core::Verdict> run_service_status(const ServiceStatusOptions& options, Context& context) {
    TRY(refuse_store(options, "codex service status"));
    const codex::CodexHome home = TRY(open_codex_home(options, context));
    const ServiceStatus status = codex::service_status(home, context.environment());
    if (context.is_json()) {
        print_json(context, service_json(status));
        return core::Verdict::Clean;
    }
    print_verdict(context, style_of(status), tr(Text::ServiceIs, service_text(status)));
    print_facts(context, {{Text::LabelService, status.name},
                          {Text::ColFile, status.manager ? status.path : ""},
                          {Text::LabelHome, home.path},
                          {Text::LabelProcess, status.pid ? std::to_string(*status.pid) : ""},
                          {Text::ColState, status.state},
                          {Text::LabelProblem, status.problem, Style::Warning}});
    if (!status.manager) print_next(context, tr(Text::ServiceNextInstall));
    return core::Verdict::Clean;
}

}  // namespace

Command codex_service_status_command() {
    return command<ServiceStatusOptions>({"codex service", "status", Text::CmdServiceStatus},
                                         Needs::Nothing, service_status_flags, run_service_status);
}

}  // namespace trueup::app
