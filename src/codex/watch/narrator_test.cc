#include "codex/watch/narrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codex/watch/watch_test_support.h"

namespace trueup::codex {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NarratorTest : public testing::Test {
  protected:
    /// What is said about it.
    std::vector<std::string> about(const RunOutcome& outcome) {
        narrator_.tell(outcome);
        return std::exchange(said_, {});
    }
    std::vector<std::string> about(const std::string& error, const std::string& hint = {}) {
        narrator_.tell(Error{ErrorClass::Failed, error, hint});
        return std::exchange(said_, {});
    }
    static RunOutcome quiet() {
        RunOutcome outcome;
        outcome.target = "openai";
        outcome.matched = 1234;
        return outcome;
    }

  private:
    std::vector<std::string> said_;
    Narrator narrator_{[this](std::string_view line) { said_.emplace_back(line); }};
};

TEST_F(NarratorTest, SaysWhatWasDoneAndIsSilentOtherwise) {
    EXPECT_THAT(about(quiet()), ElementsAre("1,234 threads are under openai"));
    EXPECT_THAT(about(quiet()), IsEmpty());
    RunOutcome outcome = quiet();
    outcome.patched = 1;
    outcome.grown = 2;
    outcome.rows_changed = 3;
    EXPECT_THAT(about(outcome), ElementsAre("under openai now: 1 rollout changed in place, "
                                            "2 rollouts written anew, 3 rows changed"));
    outcome = quiet();
    outcome.target = "azure";
    EXPECT_THAT(about(outcome), ElementsAre("1,234 threads are under azure"));
}

TEST_F(NarratorTest, AnErrorIsSaidOncePerText) {
    EXPECT_THAT(about("locked", "wait"), ElementsAre("locked (wait)"));
    EXPECT_THAT(about("locked", "wait"), IsEmpty());
    EXPECT_THAT(about("full"), ElementsAre("full"));
    EXPECT_THAT(about("locked", "wait"), ElementsAre("locked (wait)"));
    EXPECT_THAT(about(quiet()), ElementsAre("it works again", "1,234 threads are under openai"));
    RunOutcome failed = quiet();
    failed.failure = Error{ErrorClass::Failed, "nothing could be done", {}};
    EXPECT_THAT(about(failed), ElementsAre("nothing could be done"));
    EXPECT_THAT(about(failed), IsEmpty());
    EXPECT_THAT(about(quiet()), ElementsAre("it works again"));
}

TEST_F(NarratorTest, AStoreThatStaysAsItIsIsNotRepeated) {
    RunOutcome outcome = quiet();
    StoreOutcome store;
    store.store.path = "/s";
    store.result = StoreResult::Locked;
    store.detail = "by a writer";
    outcome.stores = {store};
    static_cast<void>(about(quiet()));
    EXPECT_THAT(about(outcome), ElementsAre("store cli /s is locked: by a writer"));
    EXPECT_THAT(about(outcome), IsEmpty());
    outcome.stores[0].result = StoreResult::Backfill;
    outcome.stores[0].detail.clear();
    EXPECT_THAT(about(outcome),
                ElementsAre("store cli /s is being rebuilt by Codex and left alone"));
    EXPECT_THAT(about(quiet()), IsEmpty());
    outcome.stores[0].result = StoreResult::Missing;
    EXPECT_THAT(about(outcome), ElementsAre("store cli /s does not exist"));
    outcome.stores[0].result = StoreResult::Failed;
    EXPECT_THAT(about(outcome), ElementsAre("store cli /s cannot be used"));
}

TEST_F(NarratorTest, ABlockedSetIsSaidWhenItGrows) {
    static_cast<void>(about(quiet()));
    RunOutcome outcome = quiet();
    outcome.left_out = {left("a", Reason::Paginated)};
    EXPECT_THAT(about(outcome), ElementsAre("1 thread is left as it is", "  a: paginated"));
    EXPECT_THAT(about(outcome), IsEmpty());
    outcome.left_out.push_back(left("b", Reason::OpenElsewhere));
    outcome.left_out.back().detail = "/r";
    EXPECT_THAT(about(outcome),
                ElementsAre("2 threads are left as they are", "  a: paginated", "  b: open, /r"));
    outcome.left_out.erase(outcome.left_out.begin());
    EXPECT_THAT(about(outcome), IsEmpty());
    outcome.left_out[0].reason = Reason::HardLinked;
    EXPECT_THAT(about(outcome), testing::SizeIs(2));
    EXPECT_THAT(about(quiet()), ElementsAre("no thread is left any more"));
    for (int thread = 0; thread < 9; ++thread) {
        outcome.left_out.push_back(left(std::to_string(thread), Reason::Empty));
    }
    const auto many = about(outcome);
    EXPECT_THAT(many, testing::SizeIs(7));
    EXPECT_EQ(many.back(), "  and more");
}

TEST_F(NarratorTest, NoticesAreSaidWhenTheyAreNew) {
    static_cast<void>(about(quiet()));
    RunOutcome outcome = quiet();
    outcome.notices = {{NoticeKind::WaitingForLock, "", 0},
                       {NoticeKind::UnknownProvider, "relay", 0},
                       {NoticeKind::RecoveredRun, "20260101T000000Z-1", 3},
                       {NoticeKind::StaleBackfill, "/s", 0},
                       {NoticeKind::Encrypted, "", 1}};
    EXPECT_THAT(about(outcome), ElementsAre(HasSubstr("relay"), HasSubstr("20260101T000000Z-1"),
                                            HasSubstr("/s"), HasSubstr("1 changed thread holds")));
    EXPECT_THAT(about(outcome), IsEmpty());
}

TEST_F(NarratorTest, NothingDrivesTheTerminal) {
    EXPECT_THAT(about("a\x1b[2Jb"), ElementsAre("a\\u{1B}[2Jb"));
}

}  // namespace
}  // namespace trueup::codex
