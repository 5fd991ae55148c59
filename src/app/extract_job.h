#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/context.h"
#include "base/result.h"
#include "core/progress.h"
#include "core/verdict.h"
#include "extract/config/config.h"
#include "extract/run/job.h"

/// What the commands of `trueup extract` share: from options to exports, one after another.
namespace trueup::app {

/// Reads the configuration that the options name; its warnings are left to the caller.
Result<extract::Config> read_config(const ConfigOptions& options);

/// The same; its warnings go to stderr.
Result<extract::Config> load_config(const ConfigOptions& options, Context& context);

/// The exports that --export names, in the order of the file; all of them without one. Usage, with
/// a suggestion, for a name that is not there.
Result<std::vector<const extract::Export*>> selected_exports(const extract::Config& config,
                                                             const ConfigOptions& options);

/// Whether a failure of the class `left` counts more than one of `right`, where several exports
/// failed.
bool is_worse(ErrorClass left, ErrorClass right);

/// Runs `work` for each selected export, each with progress of its own. An export that fails does
/// not stop the others: its error is told at once, and the worst one is what comes back (Integrity,
/// SchemaChanged, Retryable, then the rest; an interrupt ends everything). Without errors the worst
/// verdict: Differs, then Incomplete.
Result<core::Verdict> for_each_export(
    const ConfigOptions& options, Context& context,
    const std::function<Result<core::Verdict>(const extract::JobContext&)>& work);

}  // namespace trueup::app
