#include "core/undo_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/fault.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace trueup::core {
namespace {

constexpr std::string_view kMagic = "trueup undo\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kHeaderBytes = 16;  // The magic and the version.
// A record: payload bytes, type, checksum, payload, payload bytes once more. The last field lets a
// reader find the final record without reading the others.
constexpr std::uint64_t kFrontBytes = 16;
constexpr std::uint64_t kBackBytes = 4;
constexpr std::uint64_t kBufferBytes = 128u << 10;
constexpr std::uint64_t kReadBytes = 64u << 10;  // Several records at once.

template <class Unsigned>
void put(std::string& into, Unsigned value) {
    for (std::size_t i = 0; i < sizeof(value); ++i) {
        into.push_back(static_cast<char>(value >> (8 * i)));
    }
}

template <class Unsigned>
Unsigned take(std::string_view bytes, std::size_t at) {
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(value); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[at + i]);
        value = static_cast<Unsigned>(value | (static_cast<Unsigned>(byte) << (8 * i)));
    }
    return value;
}

/// The type takes part, so that a record cannot be read as one of another kind.
std::uint64_t checksum(std::uint32_t type, std::string_view payload) {
    return XXH3_64bits_withSeed(payload.data(), payload.size(), type);
}

std::string header() {
    std::string bytes(kMagic);
    put(bytes, kVersion);
    CHECK(bytes.size() == kHeaderBytes);
    return bytes;
}

Result<std::string> read_head(const File& file) {
    std::string head(kHeaderBytes, '\0');
    head.resize(TRY(file.read_at(0, std::as_writable_bytes(std::span(head)))));
    return head;
}

}  // namespace

Result<bool> is_begun_journal(const std::string& path) {
    if (!TRY(file_info(path))) return false;
    const File file = TRY(File::open_read(path));
    const std::string head = TRY(read_head(file));
    return head.size() == kHeaderBytes && head.find_first_not_of('\0') != std::string::npos;
}

Result<JournalWriter> JournalWriter::create(const std::string& path) {
    JournalWriter writer(TRY(File::create(path, 0600)), 0);
    writer.buffer_ = header();
    return writer;
}

Result<JournalWriter> JournalWriter::reopen(const std::string& path) {
    JournalReader reader = TRY(JournalReader::open(path));
    while (TRY(reader.next())) continue;
    File file = TRY(File::open_edit(path));
    TRY(file.truncate(reader.position()));
    return JournalWriter(std::move(file), reader.position());
}

Result<std::uint64_t> JournalWriter::append(std::uint32_t type, std::string_view payload) {
    if (payload.size() > kJournalPayloadBytesMax) {
        return fail(ErrorClass::Failed, fmt::format("{}: a record of {} bytes is too large",
                                                    file_.path(), payload.size()));
    }
    const std::uint64_t offset = end_ + buffer_.size();
    const auto bytes = static_cast<std::uint32_t>(payload.size());
    put(buffer_, bytes);
    put(buffer_, type);
    put(buffer_, checksum(type, payload));
    buffer_.append(payload);
    put(buffer_, bytes);
    if (buffer_.size() >= kBufferBytes) TRY(flush());
    return offset;
}

Status JournalWriter::flush() {
    if (buffer_.empty()) return {};
    TRY(file_.write_at(end_, as_bytes(buffer_)));
    end_ += buffer_.size();
    buffer_.clear();
    return {};
}

Status JournalWriter::sync() {
    FAULT_POINT("journal before sync");
    TRY(flush());
    TRY(file_.sync());
    FAULT_POINT("journal after sync");
    return {};
}

JournalReader::JournalReader(File file, std::uint64_t size)
    : file_(std::move(file)), size_(size), position_(kHeaderBytes) {}

Result<JournalReader> JournalReader::open(const std::string& path) {
    File file = TRY(File::open_read(path));
    const std::uint64_t size = TRY(file.size());
    const std::string head = TRY(read_head(file));
    if (head.size() < kHeaderBytes || !head.starts_with(kMagic)) {
        return fail(ErrorClass::Integrity, fmt::format("{} is no undo journal", path));
    }
    const auto version = take<std::uint32_t>(head, kMagic.size());
    if (version != kVersion) {
        return fail(ErrorClass::Failed,
                    fmt::format("{} is an undo journal of version {}, this trueup knows {}", path,
                                version, kVersion),
                    "use the trueup that wrote it, or a newer one");
    }
    return JournalReader(std::move(file), size);
}

Result<std::string_view> JournalReader::view(std::uint64_t offset, std::uint64_t bytes) {
    const bool is_buffered = offset >= buffer_at_ && offset + bytes <= buffer_at_ + buffer_.size();
    if (!is_buffered) {
        const std::uint64_t left = size_ - std::min(size_, offset);
        buffer_.resize(std::min(left, std::max(bytes, kReadBytes)));
        buffer_at_ = offset;
        const std::size_t got =
            TRY(file_.read_at(offset, std::as_writable_bytes(std::span(buffer_))));
        buffer_.resize(got);
    }
    return std::string_view(buffer_).substr(offset - buffer_at_, bytes);
}

Result<std::optional<JournalRecord>> JournalReader::parse(std::uint64_t offset) {
    if (offset < kHeaderBytes || offset >= size_ || size_ - offset < kFrontBytes + kBackBytes) {
        return std::nullopt;
    }
    const std::string_view front = TRY(view(offset, kFrontBytes));
    if (front.size() < kFrontBytes) return std::nullopt;
    const auto bytes = take<std::uint32_t>(front, 0);
    if (bytes > kJournalPayloadBytesMax || bytes > size_ - offset - kFrontBytes - kBackBytes) {
        return std::nullopt;
    }
    const std::string_view whole = TRY(view(offset, kFrontBytes + bytes + kBackBytes));
    if (whole.size() < kFrontBytes + bytes + kBackBytes) return std::nullopt;
    const auto type = take<std::uint32_t>(whole, 4);
    const std::string_view payload = whole.substr(kFrontBytes, bytes);
    if (take<std::uint64_t>(whole, 8) != checksum(type, payload)) return std::nullopt;
    if (take<std::uint32_t>(whole, kFrontBytes + bytes) != bytes) return std::nullopt;
    return JournalRecord{type, offset, payload};
}

Result<std::optional<JournalRecord>> JournalReader::next() {
    auto record = TRY(parse(position_));
    if (record) position_ += kFrontBytes + record->payload.size() + kBackBytes;
    return record;
}

Result<JournalRecord> JournalReader::at(std::uint64_t offset) {
    auto record = TRY(parse(offset));
    if (record) return *record;
    return fail(ErrorClass::Integrity,
                fmt::format("{}: there is no whole record at byte {}", file_.path(), offset));
}

Result<std::optional<JournalRecord>> JournalReader::last() {
    if (size_ < kHeaderBytes + kFrontBytes + kBackBytes) return std::nullopt;
    const std::string_view back = TRY(view(size_ - kBackBytes, kBackBytes));
    if (back.size() < kBackBytes) return std::nullopt;
    const std::uint64_t record = kFrontBytes + take<std::uint32_t>(back, 0) + kBackBytes;
    if (record > size_ - kHeaderBytes) return std::nullopt;
    auto found = TRY(parse(size_ - record));
    const bool ends_file =
        found && found->offset + kFrontBytes + found->payload.size() + kBackBytes == size_;
    if (!ends_file) return std::nullopt;
    return found;
}

}  // namespace trueup::core
