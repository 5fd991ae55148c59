#pragma once

#include <optional>
#include <string>

#include "app/context.h"
#include "base/result.h"
#include "core/report.h"
#include "extract/proof/reconcile.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library names it so.
class App;
}

/// What `reconcile`, `repair` and `validate` share: their flags, and how a report is shown.
namespace trueup::app {

/// How source and copy are compared, as the command line says it.
struct CompareFlags {
    std::string evidence;
    std::string evidence_copy = "parts";
    std::string run_id;
    std::string stable_after;
    int settle = 0;
};

void compare_flags(CLI::App& app, CompareFlags& flags);
extract::ReconcileOptions compare_options(const CompareFlags& flags);

/// The partitions that do not match, then one line over all of them.
void print_report(const Context& context, const core::Report& report);

}  // namespace trueup::app
