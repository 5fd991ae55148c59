#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace trueup::extract {

/// Collects the lines of all differing rows; the file appears whole, at the end. Without a path it
/// takes them and keeps nothing.
class RowsFile {
  public:
    explicit RowsFile(std::string path) : path_(std::move(path)) {}

    Status open() {
        if (path_.empty()) return {};
        TRY(remove_file(aside()));
        auto file = TRY(File::create(aside()));
        file_.emplace(std::move(file));
        return {};
    }
    Status add(std::string_view line) {
        if (!file_) return {};
        buffer_.append(line);
        buffer_ += '\n';
        constexpr std::size_t kFlushBytes = std::size_t{64} << 10;
        return buffer_.size() < kFlushBytes ? Status{} : flush();
    }
    Status close() {
        if (!file_) return {};
        TRY(flush());
        TRY(file_->sync());
        return rename_file(aside(), path_);
    }

  private:
    std::string aside() const { return path_ + ".tmp"; }
    Status flush() {
        TRY(file_->write_all(as_bytes(buffer_)));
        buffer_.clear();
        return {};
    }
    std::string path_;
    std::optional<File> file_;
    std::string buffer_;
};

}  // namespace trueup::extract
