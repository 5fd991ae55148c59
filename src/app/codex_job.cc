#include "app/codex_job.h"

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

#include "app/codex_words.h"
#include "base/random.h"
#include "codex/apply/run_folder.h"
#include "codex/home/open_files.h"

namespace trueup::app {
namespace {

constexpr int kWorkersMax = 4;  // Reading heads of files: more find the disk busy.

bool is_warning(codex::NoticeKind kind) {
    switch (kind) {
        case codex::NoticeKind::WaitingForLock:
        case codex::NoticeKind::WaitingForBackfill:
        case codex::NoticeKind::WaitingForStore: return false;
        case codex::NoticeKind::RecoveredRun:
        case codex::NoticeKind::StaleBackfill:
        case codex::NoticeKind::UnknownProvider:
        case codex::NoticeKind::Encrypted: return true;
    }
    std::unreachable();
}

/// With --json they are part of the answer.
void tell(const Context& context, const codex::Notice& notice) {
    if (context.is_json()) return;
    const std::string sentence = sentence_of(notice);
    if (is_warning(notice.kind)) {
        context.warn(sentence);
    } else {
        context.say(sentence);
    }
}

/// Workers make and drop many small texts. In one heap for all threads, what one of them leaves is
/// used by the others: a tenth less memory at 20,000 threads, at no cost that could be measured.
void use_one_heap() {
#ifdef __GLIBC__
    ::mallopt(M_ARENA_MAX, 1);
#endif
}

}  // namespace

int codex_workers() {
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kWorkersMax);
}

Result<codex::CodexHome> open_codex_home(const CodexOptions& options, const Context& context) {
    return codex::find_codex_home(options.home, context.environment());
}

Result<codex::Settings> open_settings(const codex::CodexHome& home, const CodexOptions& options,
                                      const Context& context) {
    return codex::read_settings(home, options.settings(), context.environment());
}

CodexJob::CodexJob(codex::CodexHome home, const Context& context, Shows shows)
    : sink_(shows == Shows::Progress ? context.progress_sink() : core::no_progress()),
      job_{.home = std::move(home),
           .environment = context.environment(),
           .clock = &context.clock(),
           .random = &system_random(),
           .progress = &progress_,
           .tell =
               [&context, shows](const codex::Notice& notice) {
                   if (shows == Shows::Progress) tell(context, notice);
               },
           .workers = codex_workers()},
      reporter_(progress_, *sink_) {
    use_one_heap();
}

codex::Selection selected(const SelectionOptions& options, const Context& context) {
    std::error_code gone;  // Then --cwd is taken from the root: there is nothing better.
    const std::string here = std::filesystem::current_path(gone).string();
    return to_selection(options, here, context.clock().now(), context.options().is_utc);
}

codex::ReconcileOptions to_reconcile(codex::RunKind kind, const ChangeOptions& options,
                                     const Context& context) {
    codex::ReconcileOptions out;
    out.kind = kind;
    out.settings = options.settings();
    out.stores = options.stores();
    out.is_sqlite_only = options.is_sqlite_only;
    out.is_dry_run = options.is_dry_run;
    out.forces_backfill = options.forces_backfill;
    out.first_line_only = options.first_line_only;
    out.padding = options.padding.value_or(codex::kPaddingBytesDefault);
    out.wait = options.wait;
    out.selection = selected(options.selection, context);
    return out;
}

Result<codex::Inventory> look_at(const codex::CodexHome& home, const codex::Settings& settings,
                                 const LookOptions& options, const Context& context) {
    const codex::InspectOptions how{.stores = options.stores,
                                    .rows = options.rows,
                                    .workers = codex_workers(),
                                    .cache_path = codex::cache_path(home)};
    return as_job(home, context, [&](const codex::JobContext& job) {
        return codex::inspect(home, settings, how, *job.clock, *job.progress);
    });
}

Result<codex::Plan> plan_for(const codex::Inventory& inventory, const codex::Selection& selection,
                             const Context& context) {
    TRY(codex::require_threads(selection, inventory));
    codex::PlanOptions options;
    options.selection = selection;
    options.now = context.clock().now();
    codex::Plan plan = codex::make_plan(inventory, options);
    if (plan.counts.grow == 0) return plan;
    const codex::OpenFiles open_files = codex::find_open_files();
    options.open_files = &open_files;
    return codex::make_plan(inventory, options);
}

}  // namespace trueup::app
