#include <CLI/CLI.hpp>

#include "app/codex_job.h"
#include "app/codex_outcome.h"
#include "app/commands.h"
#include "codex/text/text.h"

namespace trueup::app {
namespace {

using codex::RunKind;
using codex::Text;

struct SwitchOptions : ChangeOptions {
    std::optional<std::string> wanted;  // Wins over --provider.
};

void switch_flags(CLI::App& app, SwitchOptions& options) {
    provider_argument(app, options.wanted);
    change_flags(app, options);
}

Result<core::Verdict> run_switch(const SwitchOptions& options, Context& context) {
    TRY(refuse_store_with_rollouts(options, options.is_sqlite_only, "codex switch"));
    SwitchOptions how = options;
    if (options.wanted) how.provider = options.wanted;
    return reconcile_home(RunKind::Switch, how, context);
}

}  // namespace

Command codex_switch_command() {
    Command out = command<SwitchOptions>({"codex", "switch", Text::CmdSwitch}, Needs::Nothing,
                                         switch_flags, run_switch);
    out.hidden_names = {"codex bucket switch"};
    return out;
}

}  // namespace trueup::app
