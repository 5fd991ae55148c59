#include "core/undo_journal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace trueup::core {
namespace {

struct Sample {
    std::uint32_t type;
    std::string payload;
    bool operator==(const Sample&) const = default;
};

class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "journal-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;
    std::string operator/(const char* name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// Returns where each of them stands.
std::vector<std::uint64_t> write(const std::string& path, const std::vector<Sample>& samples) {
    auto writer = JournalWriter::create(path).value();
    std::vector<std::uint64_t> offsets;
    offsets.reserve(samples.size());
    for (const Sample& one : samples) {
        offsets.push_back(writer.append(one.type, one.payload).value());
    }
    writer.sync().value();
    return offsets;
}

std::vector<Sample> read(const std::string& path) {
    auto reader = JournalReader::open(path).value();
    std::vector<Sample> samples;
    while (const auto record = reader.next().value()) {
        samples.push_back({record->type, std::string(record->payload)});
    }
    return samples;
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void put_bytes(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<Sample> some_samples() {
    return {{1, "begin"}, {7, ""}, {2, std::string(200'000, 'x')}, {3, "end"}};
}

TEST(UndoJournal, GivesBackWhatWasWritten) {
    const Folder folder;
    write(folder / "j", some_samples());
    EXPECT_EQ(read(folder / "j"), some_samples());
    auto reader = JournalReader::open(folder / "j").value();
    const auto last = reader.last().value();
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->payload, "end");
    EXPECT_EQ(reader.at(last->offset).value().payload, "end");
    EXPECT_FALSE(reader.at(last->offset + 1).has_value());
}

TEST(UndoJournal, IsForItsOwnerAlone) {
    const Folder folder;
    write(folder / "j", some_samples());
    const auto mode = std::filesystem::status(folder / "j").permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_FALSE(JournalWriter::create(folder / "j").has_value()) << "it must not overwrite";
}

TEST(UndoJournal, EveryTruncationEndsWithAWholeRecord) {
    const Folder folder;
    const std::vector<Sample> samples = {{1, "begin"}, {7, ""}, {3, "the end"}};
    write(folder / "j", samples);
    const std::string whole = bytes_of(folder / "j");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        SCOPED_TRACE(length);
        put_bytes(folder / "cut", whole.substr(0, length));
        auto reader = JournalReader::open(folder / "cut");
        if (length < 16) {
            EXPECT_FALSE(reader.has_value());
            continue;
        }
        const auto got = read(folder / "cut");
        ASSERT_LT(got.size(), samples.size());
        EXPECT_TRUE(std::equal(got.begin(), got.end(), samples.begin()));
        const auto last = reader->last().value();
        while (reader->next().value()) continue;
        EXPECT_EQ(last.has_value(), length > 16 && reader->position() == length);

        // Going on behind a torn tail loses nothing that was whole.
        auto writer = JournalWriter::reopen(folder / "cut").value();
        ASSERT_TRUE(writer.append(9, "more").has_value());
        ASSERT_TRUE(writer.sync().has_value());
        const auto more = read(folder / "cut");
        ASSERT_EQ(more.size(), got.size() + 1);
        EXPECT_EQ(more.back(), (Sample{9, "more"}));
    }
}

TEST(UndoJournal, EveryFlippedByteIsNoticed) {
    const Folder folder;
    const std::vector<Sample> samples = {{1, "begin"}, {3, "end"}};
    write(folder / "j", samples);
    const std::string whole = bytes_of(folder / "j");
    for (std::size_t at = 0; at < whole.size(); ++at) {
        SCOPED_TRACE(at);
        std::string bent = whole;
        bent[at] = static_cast<char>(bent[at] ^ 0x10);
        put_bytes(folder / "bent", bent);
        if (!JournalReader::open(folder / "bent")) continue;
        EXPECT_LT(read(folder / "bent").size(), samples.size());
    }
}

TEST(UndoJournal, RefusesWhatIsNoneOrNewer) {
    const Folder folder;
    put_bytes(folder / "other", "SQLite format 3 and more");
    EXPECT_EQ(JournalReader::open(folder / "other").error().kind, ErrorClass::Integrity);
    write(folder / "j", some_samples());
    std::string newer = bytes_of(folder / "j");
    newer[12] = 2;
    put_bytes(folder / "newer", newer);
    EXPECT_EQ(JournalReader::open(folder / "newer").error().kind, ErrorClass::Failed);
}

TEST(UndoJournal, AnyRecordsComeBackByOrderAndByOffset) {
    const Folder folder;
    rc::check([&] {
        using Pairs = std::vector<std::pair<std::uint32_t, std::string>>;
        const auto pairs = *rc::gen::arbitrary<Pairs>();
        std::vector<Sample> samples;
        samples.reserve(pairs.size());
        for (const auto& [type, payload] : pairs) samples.push_back({type, payload});
        std::filesystem::remove(folder / "j");
        const auto offsets = write(folder / "j", samples);
        auto reader = JournalReader::open(folder / "j").value();
        for (std::size_t i = samples.size(); i-- > 0;) {
            const auto record = reader.at(offsets[i]).value();
            RC_ASSERT(record.type == samples[i].type);
            RC_ASSERT(record.payload == samples[i].payload);
        }
        RC_ASSERT(read(folder / "j").size() == samples.size());
    });
}

}  // namespace
}  // namespace trueup::core
