#include "codex/watch/log_file.h"

#include <fmt/format.h>

#include "base/fault.h"
#include "base/file.h"

namespace trueup::codex {

Result<LogFile> LogFile::open(std::string path, const Clock& clock) {
    TRY(make_directories(parent_path(path), 0700));
    TRY(File::open_append(path, 0600));
    return LogFile(std::move(path), clock);
}

Status LogFile::write(std::string_view line) const {
    const std::string text = fmt::format("{} {}\n", human_time(clock_->now(), false), line);
    File file = TRY(File::open_append(path_, 0600));
    const FileInfo info = TRY(file.info());
    // A terminal or a pipe is nothing that could be moved away.
    if (info.is_regular && info.bytes > 0 && info.bytes + text.size() > kLogBytesMax) {
        FAULT_POINT("watch log: before rotation");
        TRY(rename_file(path_, path_ + ".1"));
        FAULT_POINT("watch log: after rotation");
        file = TRY(File::open_append(path_, 0600));
    }
    return file.write_all(as_bytes(text));
}

}  // namespace trueup::codex
