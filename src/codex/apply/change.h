#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codex/apply/execute.h"
#include "codex/apply/reconcile.h"
#include "codex/inspect/inventory.h"
#include "codex/plan/plan.h"
#include "core/file_lock.h"

namespace trueup::codex {

/// One reconcile, step by step; reconcile() and its relatives are made of it.
class Change {
  public:
    /// Both are borrowed.
    Change(const JobContext& job, const ReconcileOptions& options);

    using Planner = std::function<Plan(const Inventory&, const PlanOptions&)>;
    /// From the lock to the record.
    Result<RunOutcome> run(const Planner& planner);

  private:
    // Before anything is looked at.
    Status lock_and_recover();
    Result<bool> stores_are_ready();
    bool is_busy(const Store& store);

    // Inspect and plan.
    Status look();
    Status refuse_vanished_configuration() const;
    void make_the_plan(const Planner& planner);

    // Protect, apply, verify, record.
    Status execute_plan();
    RunInput input_of_plan();
    void add_thread(const ThreadPlan& plan, RunInput& input);
    const SharedText& target_of(const ThreadPlan& plan) const;
    std::optional<SharedText> original_of(const Thread& thread) const;
    void take_result(const RunResult& result);
    void refresh(const RunResult& result);
    Status tidy_up();

    RunOutcome outcome();
    std::optional<Error> failure() const;
    void tell(NoticeKind kind, std::string subject = {}, std::int64_t count = 0);
    std::chrono::milliseconds left_of_wait() const;

    /// One file that the plan changes.
    struct File {
        std::uint32_t rollout = 0;
        std::uint32_t thread = 0;  // Number within the run.
        EditMode mode = EditMode::Patch;
        SharedText provider;
    };

    const JobContext* job_;
    const ReconcileOptions* options_;
    std::chrono::nanoseconds began_;
    std::optional<core::FileLock> lock_;
    Inventory inventory_;
    Plan plan_;
    std::vector<File> files_;
    std::vector<FolderHandle> folders_;           // By worker.
    std::vector<std::uint32_t> plan_of_thread_;   // By number within the run: place in the plan.
    std::vector<std::uint32_t> store_of_record_;  // Place in the inventory.
    std::vector<StoreChange> store_results_;      // By record.
    std::vector<std::optional<std::string>> backups_;
    RunOutcome outcome_;
};

}  // namespace trueup::codex
