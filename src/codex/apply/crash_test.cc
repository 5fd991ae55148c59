// Fault model: SIGKILL at any fault point of sync (patching and growing), undo, prepare and of the
// recovery itself. Afterwards, before anything else ran, no rollout may have lost a byte that is
// not a provider or a blank; after the next command that writes, each thread is of one piece, and
// doing the work again ends where an undisturbed run ends. Power loss is covered as far as flushes
// stand before what depends on them; that order is not tested here.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/fault.h"
#include "codex/apply/apply_test_support.h"
#include "codex/apply/execute.h"

namespace trueup::codex {
namespace {

using codex::testing::thread_id;
using Files = std::map<std::string, std::string>;

class CrashTest : public ApplyTest {
  protected:
    CrashTest() {
        add(1, "azure");
        add(2, "vm", 0);
        add({.id = thread_id(3), .provider = "a-longer-one", .padding = 0});
        make_store();
        keep();
    }
    CrashTest(const CrashTest&) = delete;
    CrashTest& operator=(const CrashTest&) = delete;
    CrashTest(CrashTest&&) = delete;
    CrashTest& operator=(CrashTest&&) = delete;
    ~CrashTest() override { std::filesystem::remove_all(kept_); }

    void keep() {
        std::filesystem::remove_all(kept_);
        std::filesystem::copy(home_.path(), kept_, std::filesystem::copy_options::recursive);
    }
    void put_back() {
        std::filesystem::remove_all(home_.path());
        std::filesystem::copy(kept_, home_.path(), std::filesystem::copy_options::recursive);
    }

    /// Runs `work` in a child that dies at visit `visit`; false when it ended before.
    bool dies_at(int visit, const std::function<void()>& work) {
        const pid_t child = ::fork();
        if (child == 0) {
            fault::arm(fault::Action::Crash, visit);
            work();
            ::_exit(0);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

    /// Everything but the provider's value and blanks, so that states can be compared.
    Files states() const {
        Files files = rollouts();
        for (const auto& [id, provider] : rows()) files["row " + id] = provider.value_or("NULL");
        return files;
    }

    std::string kept_ = home_.path() + ".kept";
};

/// The thread's rollout and row, in one state.
std::vector<std::pair<std::string, std::string>> pieces(const Files& states, int number) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [name, content] : states) {
        if (name.find(thread_id(number)) != std::string::npos) found.emplace_back(name, content);
    }
    return found;
}

void expect_of_one_piece(const Files& now, const Files& before, const Files& after) {
    for (int number = 1; number <= 3; ++number) {
        const auto piece = pieces(now, number);
        const bool is_whole = piece == pieces(before, number) || piece == pieces(after, number);
        EXPECT_TRUE(is_whole) << "thread " << number << " is neither old nor new";
    }
}

/// Dies at every visit of `work` in turn; `follow` is what a person does next.
#define WALK(work, follow)                                                                   \
    put_back();                                                                              \
    const Files before = states();                                                           \
    work();                                                                                  \
    const Files after = states();                                                            \
    int visits = 0;                                                                          \
    for (int visit = 1;; ++visit) {                                                          \
        SCOPED_TRACE(visit);                                                                 \
        put_back();                                                                          \
        if (!dies_at(visit, [&] { work(); })) break;                                         \
        ++visits;                                                                            \
        fault::arm(fault::Action::None, 0);                                                  \
        static_cast<void>(prune(job(), kRunsKept, std::chrono::milliseconds(1000)).value()); \
        expect_of_one_piece(states(), before, after);                                        \
        follow();                                                                            \
        EXPECT_EQ(states(), after);                                                          \
    }                                                                                        \
    EXPECT_GT(visits, 10) << "hardly any fault point was reached: this proves nothing"

TEST_F(CrashTest, SyncIsAllOrNothingForEachThread) {
    const auto work = [this] { static_cast<void>(sync()); };
    WALK(work, work);
}

TEST_F(CrashTest, UndoIsAllOrNothingForEachThread) {
    sync();
    keep();
    const std::string run = history({home_.path(), home_.path()}).value().runs.at(0).run_id;
    const auto work = [&] { static_cast<void>(take_back({.run_id = run})); };
    const auto follow = [&] {
        const History all = history({home_.path(), home_.path()}).value();
        for (const RunSummary& one : all.runs) {
            if (one.run_id == run && one.can_undo) work();
        }
    };
    WALK(work, follow);
}

TEST_F(CrashTest, PrepareIsAllOrNothingForEachThread) {
    ReconcileOptions options;
    options.kind = RunKind::Prepare;
    const auto work = [&] { ASSERT_TRUE(prepare(job(), options).has_value()); };
    WALK(work, work);
}

TEST_F(CrashTest, RecoveryCanBeInterruptedToo) {
    put_back();
    const Files before = states();
    const auto work = [this] { static_cast<void>(sync()); };
    // The last visit after which there is something to recover: files and rows have changed by
    // then.
    int late = 1;
    while (dies_at(late, work)) {
        put_back();
        ++late;
    }
    const CodexHome home{home_.path(), home_.path()};
    do {
        put_back();
        ASSERT_TRUE(dies_at(--late, work));
    } while (unfinished_runs(home).value().empty());
    ASSERT_NE(states(), before);
    keep();
    int visits = 0;
    const auto recovering = [this] {
        static_cast<void>(prune(job(), kRunsKept, std::chrono::milliseconds(1000)).value());
    };
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE(visit);
        put_back();
        if (!dies_at(visit, recovering)) break;
        ++visits;
        fault::arm(fault::Action::None, 0);
        recovering();
        EXPECT_EQ(states(), before);
    }
    EXPECT_GT(visits, 5);
}

TEST_F(CrashTest, EveryFailingStepLeavesThreadsOfOnePiece) {
    put_back();
    const Files before = states();
    sync();
    const Files after = states();
    int failures = 0;
    for (int visit = 1;; ++visit) {
        SCOPED_TRACE(visit);
        put_back();
        fault::arm(fault::Action::Fail, visit);
        const auto outcome = reconcile(job(), {});
        const bool has_detail = outcome && !outcome->left_out.empty();
        SCOPED_TRACE(!outcome     ? outcome.error().message
                     : has_detail ? outcome->left_out.front().detail
                                  : "");
        const bool has_failed = fault::visits() >= visit;
        fault::arm(fault::Action::None, 0);
        if (!has_failed) break;
        ++failures;
        static_cast<void>(prune(job(), kRunsKept, std::chrono::milliseconds(1000)).value());
        expect_of_one_piece(states(), before, after);
        sync();
        EXPECT_EQ(states(), after);
    }
    EXPECT_GT(failures, 10);
}

}  // namespace
}  // namespace trueup::codex
