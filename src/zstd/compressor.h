#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

struct ZSTD_CCtx_s;

namespace trueup::zstd {

/// What Codex itself uses, and zstd by default.
inline constexpr int kLevel = 3;

/// Writes one frame with a checksum of its content to the end of a file. Move-only.
class Compressor {
  public:
    /// `file` must outlive it and is written by nobody else meanwhile.
    explicit Compressor(File& file);
    Status write(Bytes bytes);
    /// Ends the frame; nothing may be written afterwards. Without it the frame is cut off. Makes
    /// nothing durable.
    Status finish();

  private:
    struct Free {
        void operator()(ZSTD_CCtx_s* context) const noexcept;
    };
    std::unique_ptr<ZSTD_CCtx_s, Free> context_;
    File* file_;  // Borrowed.
    std::vector<std::byte> output_;
    bool is_finished_ = false;
};

}  // namespace trueup::zstd
