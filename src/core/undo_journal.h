#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

/// A log that is written before data are changed, and read back to apply, to undo or to recover:
/// docs/formats/undo-journal.md. What a record means is the domain's business.
namespace trueup::core {

/// A longer payload is refused when written and is damage when read.
inline constexpr std::uint32_t kJournalPayloadBytesMax = 256u << 20;

/// Appends records to a journal. Nothing is durable before sync() returned; whoever drops the
/// writer without it loses what was not yet written.
class JournalWriter {
  public:
    /// Creates the file for its owner alone; Failed when it exists. The caller syncs the folder.
    static Result<JournalWriter> create(const std::string& path);
    /// Goes on behind the last whole record; what is torn behind it is cut off.
    static Result<JournalWriter> reopen(const std::string& path);

    /// Buffered; answers the record's offset, for JournalReader::at(). `type` is the domain's.
    Result<std::uint64_t> append(std::uint32_t type, std::string_view payload);
    /// All records so far can be read, by this process and others, when it returns.
    Status flush();
    /// All records so far are on the disk when it returns.
    Status sync();

  private:
    JournalWriter(File file, std::uint64_t end) : file_(std::move(file)), end_(end) {}

    File file_;
    std::uint64_t end_;  // Of what was written to the file; the buffer goes there.
    std::string buffer_;
};

/// False for a file that is missing, or whose header was never flushed, so that nothing in it can
/// ever have been relied on. Failed when it cannot be looked at.
Result<bool> is_begun_journal(const std::string& path);

struct JournalRecord {
    std::uint32_t type = 0;
    std::uint64_t offset = 0;
    std::string_view payload;  // Valid until the next call on the reader.
};

/// Reads a journal, hostile until its checksums agree. A torn or damaged tail ends the log as its
/// end does: what counts is the last whole record. For one worker at a time.
class JournalReader {
  public:
    /// Integrity when it is no journal, Failed when a newer trueup wrote it.
    static Result<JournalReader> open(const std::string& path);
    /// The next whole record, or nothing at the end.
    Result<std::optional<JournalRecord>> next();
    /// The record at an offset that append() or next() gave; Integrity when none begins there.
    Result<JournalRecord> at(std::uint64_t offset);
    /// The record that ends with the file; nothing when the tail is torn or there is none.
    Result<std::optional<JournalRecord>> last();
    /// Where next() goes on; after it answered nothing, where the last whole record ends.
    std::uint64_t position() const { return position_; }

  private:
    JournalReader(File file, std::uint64_t size);
    /// At least `bytes` bytes from `offset`, from the buffer or the file; fewer at the end of the
    /// file.
    Result<std::string_view> view(std::uint64_t offset, std::uint64_t bytes);
    /// The record at `offset`; nothing when there is no whole one.
    Result<std::optional<JournalRecord>> parse(std::uint64_t offset);

    File file_;
    std::uint64_t size_;
    std::uint64_t position_;
    std::string buffer_;  // Bytes of the file from buffer_at_ on.
    std::uint64_t buffer_at_ = 0;
};

}  // namespace trueup::core
