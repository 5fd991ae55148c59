#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"

namespace trueup::extract {

/// A file whose first bytes change with every commit, together with its size and time.
struct WatchedFile {
    std::string path;
    std::size_t head_bytes;
};

/// A text that differs once any of the files changed; missing files are part of it. Nothing when
/// one of them changed so recently that another change could leave the same times.
Result<std::optional<std::string>> state_of_files(std::span<const WatchedFile> files);

}  // namespace trueup::extract
