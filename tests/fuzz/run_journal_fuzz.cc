// Any records make a run, or an error that says they do not; what is read of one is what is written
// of it. The records come with right checksums: those have a test of their own.
//
// The input: (type:u8, length:u16 little-endian, payload)*.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/file.h"
#include "codex/apply/run_journal.h"

namespace {

using namespace trueup;         // NOLINT(google-build-using-namespace): a program of one file.
using namespace trueup::codex;  // NOLINT(google-build-using-namespace): the same.

/// What was understood is written in a way that is understood again, as the same.
template <typename Decode>
void expect_round_trip(Decode decode, std::string_view payload) {
    const auto once = decode(payload);
    if (!once) {
        CHECK(once.error().kind == ErrorClass::Integrity);
        return;
    }
    const std::string bytes = encode(*once);
    const auto again = decode(bytes);
    CHECK(again.has_value());
    CHECK(encode(*again) == bytes);
}

void expect_round_trips(std::string_view payload) {
    expect_round_trip(decode_begin, payload);
    expect_round_trip(decode_store, payload);
    expect_round_trip(decode_row, payload);
    expect_round_trip(decode_finished, payload);
    expect_round_trip(decode_file_edit, payload);
    const auto edit = decode_file_edit(payload);
    if (edit && edit->mode == EditMode::Patch) CHECK(edit->reversed().reversed() == *edit);
}

const std::string& place() {
    static const std::string path = "/dev/shm/trueup-fuzz-" + std::to_string(::getpid());
    return path;
}

/// The records of the input, whatever they hold.
void write_journal(std::string_view rest) {
    auto writer = core::JournalWriter::create(place());
    CHECK(writer.has_value());
    while (rest.size() >= 3) {
        const auto type = static_cast<std::uint8_t>(rest[0]);
        const std::size_t length = static_cast<std::uint8_t>(rest[1]) |
                                   static_cast<std::size_t>(static_cast<std::uint8_t>(rest[2]))
                                       << 8U;
        const std::string_view payload = rest.substr(3, length);
        rest.remove_prefix(3 + payload.size());
        expect_round_trips(payload);
        CHECK(writer->append(type, payload).has_value());
    }
    CHECK(writer->flush().has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    discard(remove_file(place()), "it may not be there");
    write_journal({reinterpret_cast<const char*>(data), size});
    const auto journal = read_run_journal(place());
    discard(remove_file(place()), "the next one is made anew");
    if (!journal) {
        CHECK(journal.error().kind == ErrorClass::Integrity);
        return 0;
    }
    for (const FileAt& file : journal->files) CHECK(file.thread < journal->threads.size());
    for (const RowEdit& row : journal->rows) {
        CHECK(row.thread < journal->threads.size());
        CHECK(row.store < journal->stores.size());
    }
    if (!journal->finished) return 0;
    for (const std::uint32_t thread : journal->finished->untouched) {
        CHECK(thread < journal->threads.size());
    }
    return 0;
}
