#include <algorithm>

#include "codex/apply/change.h"
#include "codex/apply/originals.h"
#include "codex/apply/run_folder.h"

/// The commands that are a reconcile with another plan.
namespace trueup::codex {
namespace {

/// Each thread's own first provider.
class OriginalTargets final : public TargetOf {
  public:
    explicit OriginalTargets(Originals originals) : originals_(std::move(originals)) {}
    std::optional<SharedText> target_of(const Thread& thread) const override {
        return originals_.find(thread.id);
    }

  private:
    Originals originals_;
};

}  // namespace

Result<RunOutcome> reconcile(const JobContext& job, const ReconcileOptions& options) {
    return Change(job, options).run([](const Inventory& inventory, const PlanOptions& how) {
        return make_plan(inventory, how);
    });
}

Result<RunOutcome> prepare(const JobContext& job, const ReconcileOptions& options) {
    return Change(job, options).run([&](const Inventory& inventory, const PlanOptions& how) {
        return plan_padding(inventory, how, options.padding);
    });
}

Result<RunOutcome> restore_original(const JobContext& job, const ReconcileOptions& options) {
    const OriginalTargets targets(TRY(Originals::load(originals_path(job.home))));
    return Change(job, options).run([&](const Inventory& inventory, const PlanOptions& how) {
        PlanOptions own = how;
        own.targets = &targets;
        return make_plan(inventory, own);
    });
}

}  // namespace trueup::codex
