#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/testing/child.h"
#include "extract/ledger/ledger_test_support.h"
#include "sqlite/transaction.h"

namespace trueup::extract {
namespace {

LedgerOptions impatient() { return {.busy_timeout = std::chrono::milliseconds(0)}; }

void expect_error(const Error& error, ErrorClass kind, std::string_view names) {
    EXPECT_EQ(error.kind, kind) << error.message;
    EXPECT_NE(error.message.find(names), std::string::npos) << error.message;
}

TEST(LedgerOpen, CreatesAFolderOfItsOwn) {
    const LedgerFolder folder;
    EXPECT_FALSE(Ledger::open_read_only(folder.ledger()).value().has_value());
    EXPECT_FALSE(file_info(folder.path(".trueup")).value().has_value()) << "looking made it";
    ASSERT_TRUE(Ledger::open(folder.ledger()).has_value());
    struct stat info {};
    ASSERT_EQ(::stat(folder.path(".trueup").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
    EXPECT_TRUE(Ledger::open_read_only(folder.ledger()).value().has_value());
    EXPECT_EQ(ledger_path("conf/trueup.yaml"), "conf/.trueup/ledger.db");
    EXPECT_EQ(ledger_path("trueup.yaml"), "./.trueup/ledger.db");
}

TEST(LedgerOpen, BadFilesAreRefusedAndLeftAlone) {
    const LedgerFolder folder;
    {
        Ledger ledger = Ledger::open(folder.ledger()).value();
        std::vector<NewChunk> chunks(300, sample_chunk(std::string(200, 'x')));
        ASSERT_TRUE(ledger.begin_run(sample_run(), chunks).has_value());
    }
    const std::string good = read_file(folder.ledger(), 1U << 24U).value();
    constexpr std::size_t kPage = 4096;
    ASSERT_GT(good.size(), 20 * kPage);
    std::string flipped = good;
    for (std::size_t at = 10 * kPage; at < 20 * kPage; ++at) flipped[at] = '\x7f';
    for (const std::string& bad :
         {std::string(9'000, 'x'), std::string("short"), good.substr(0, 3 * kPage), flipped}) {
        const std::string path = folder.path("bad.db");
        ASSERT_TRUE(replace_file(path, bad, "test").has_value());
        expect_error(Ledger::open(path).error(), ErrorClass::Integrity, path);
        EXPECT_EQ(read_file(path, 1U << 24U).value(), bad);
    }
}

TEST(LedgerOpen, DatabasesOfOthersAndNewerOnesAreRefused) {
    const LedgerFolder folder;
    const std::string path = folder.path("x.db");
    {
        auto db =
            sqlite::Connection::open(path, {.mode = sqlite::OpenMode::ReadWriteCreate}).value();
        ASSERT_TRUE(db.exec("CREATE TABLE mine(a)").has_value());
    }
    const std::string before = read_file(path, 1U << 20U).value();
    expect_error(Ledger::open(path).error(), ErrorClass::Failed, "not a trueup ledger");
    expect_error(Ledger::open_read_only(path).error(), ErrorClass::Failed, path);
    EXPECT_EQ(read_file(path, 1U << 20U).value(), before);

    ASSERT_TRUE(Ledger::open(folder.ledger()).has_value());
    {
        auto db = sqlite::Connection::open(folder.ledger(), {.mode = sqlite::OpenMode::ReadWrite})
                      .value();
        ASSERT_TRUE(db.exec("PRAGMA user_version=99").has_value());
    }
    expect_error(Ledger::open(folder.ledger()).error(), ErrorClass::Failed,
                 "was written by a newer trueup (schema 99, this one knows 1)");
}

TEST(LedgerOpen, LockedIsRetryableAndReadersDoNotCare) {
    const LedgerFolder folder;
    Ledger ledger = Ledger::open(folder.ledger(), impatient()).value();
    auto other =
        sqlite::Connection::open(folder.ledger(), {.mode = sqlite::OpenMode::ReadWrite}).value();
    const auto held = sqlite::Transaction::begin(other, sqlite::TransactionKind::Immediate).value();
    expect_error(ledger.begin_run(sample_run(), {}).error(), ErrorClass::Retryable,
                 folder.ledger());
    EXPECT_TRUE(ledger.runs({}).value().empty());
    EXPECT_TRUE(Ledger::open_read_only(folder.ledger(), impatient()).value().has_value());
}

TEST(LedgerOpen, FirstOpenersDoNotCollide) {
    const LedgerFolder folder;
    constexpr int kOpeners = 4;
    std::vector<std::jthread> openers;
    openers.reserve(kOpeners);
    for (int opener = 0; opener < kOpeners; ++opener) {
        openers.emplace_back([&] {
            const auto ledger = Ledger::open(folder.ledger());
            EXPECT_TRUE(ledger.has_value()) << ledger.error().message;
        });
    }
    openers.clear();
    expect_sound(folder.ledger());
}

TEST(LedgerOpen, ReadOnlyIsFailedAtOnceAndNamesTheFile) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody without rights";
    const LedgerFolder folder;
    { ASSERT_TRUE(Ledger::open(folder.ledger()).has_value()); }
    ASSERT_EQ(::chmod(folder.path("").c_str(), 0755), 0);
    ASSERT_EQ(::chmod(folder.path(".trueup").c_str(), 0755), 0);
    ASSERT_EQ(::chmod(folder.ledger().c_str(), 0444), 0);
    EXPECT_EQ(status_as_nobody([&] {
                  const auto refused = Ledger::open(folder.ledger());
                  if (refused) return 1;
                  const Error& error = refused.error();
                  if (error.kind != ErrorClass::Failed) return 2;
                  return error.message.find(folder.ledger()) == std::string::npos ? 3 : 0;
              }),
              0);
}

}  // namespace
}  // namespace trueup::extract
