#pragma once

#include <functional>

#include "app/codex_options.h"
#include "app/context.h"
#include "base/result.h"
#include "codex/apply/reconcile.h"
#include "core/verdict.h"

namespace trueup::app {

/// Opens the home that `options` name, does `work` as a job in it, and shows the outcome.
Result<core::Verdict> run_in_home(
    const CodexOptions& options, const Context& context,
    const std::function<Result<codex::RunOutcome>(const codex::JobContext&)>& work);

/// What `sync` and `switch` are.
Result<core::Verdict> reconcile_home(codex::RunKind kind, const ChangeOptions& options,
                                     const Context& context);

}  // namespace trueup::app
