#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "app/codex_options.h"
#include "app/context.h"
#include "base/result.h"
#include "codex/apply/reconcile.h"
#include "codex/home/codex_home.h"
#include "codex/home/settings.h"
#include "codex/inspect/inventory.h"
#include "core/progress.h"

/// From options and the world to what the domain wants of the app.
namespace trueup::app {

/// Execution workers a command gives the domain.
int codex_workers();

Result<codex::CodexHome> open_codex_home(const CodexOptions& options, const Context& context);
/// What the configuration of that home says under these options.
Result<codex::Settings> open_settings(const codex::CodexHome& home, const CodexOptions& options,
                                      const Context& context);

/// A command at work in one home: shows progress as long as it lives, and tells notices at once.
/// Print the answer after it is gone.
class CodexJob {
  public:
    enum class Shows : std::uint8_t { Progress, Nothing };
    CodexJob(codex::CodexHome home, const Context& context, Shows shows = Shows::Progress);
    CodexJob(const CodexJob&) = delete;
    CodexJob& operator=(const CodexJob&) = delete;
    CodexJob(CodexJob&&) = delete;
    CodexJob& operator=(CodexJob&&) = delete;
    ~CodexJob() = default;

    const codex::JobContext& context() const { return job_; }
    core::Progress& progress() { return progress_; }

  private:
    core::Progress progress_;
    std::unique_ptr<core::ProgressSink> sink_;
    codex::JobContext job_;
    core::ProgressReporter reporter_;  // Last: it looks at the others.
};

/// Does `work` as a job in that home, and returns what it returns.
template <class Work>
auto as_job(const codex::CodexHome& home, const Context& context, const Work& work) {
    const CodexJob job(home, context);
    return work(job.context());
}

/// What reconcile() and its like are to do.
codex::ReconcileOptions to_reconcile(codex::RunKind kind, const ChangeOptions& options,
                                     const Context& context);
codex::Selection selected(const SelectionOptions& options, const Context& context);

/// Everything of a home, read with the stamps known from the last time.
struct LookOptions {
    codex::StoreFilter stores = codex::StoreFilter::All;
    codex::RowDetail rows = codex::RowDetail::Brief;
};
Result<codex::Inventory> look_at(const codex::CodexHome& home, const codex::Settings& settings,
                                 const LookOptions& options, const Context& context);

/// What a sync would do with it; asks which rollouts are open only when one would have to grow.
Result<codex::Plan> plan_for(const codex::Inventory& inventory, const codex::Selection& selection,
                             const Context& context);

}  // namespace trueup::app
