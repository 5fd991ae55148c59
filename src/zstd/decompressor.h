#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"

struct ZSTD_DCtx_s;

namespace trueup::zstd {

/// Frames that need to look further back are refused: it is memory that a reader must have.
inline constexpr int kWindowLogMax = 27;  // 128 MiB.

/// Reads what is compressed in a file, front to back and no further than asked. Move-only; keeps
/// its buffers from one file to the next.
///
/// Memory: what the frame asks for (2 MiB as Codex writes them, never more than the limit above),
/// and 128 KiB of input.
class Decompressor {
  public:
    Decompressor();
    /// Goes to the start of `file`, which must outlive the reading. The file's own position is
    /// neither used nor moved.
    void begin(const File& file);
    /// Fills `into` with what comes next; fewer bytes than asked for only at the end, then none.
    /// Several frames read as one content. Integrity, naming the file and the byte, when a frame is
    /// damaged or cut off, or when there is no frame at all; what came before has been read
    /// by then. Failed when a frame needs a larger window. After an error, begin() again.
    Result<std::size_t> read(std::span<std::byte> into);
    /// Compressed bytes taken from the file since begin().
    std::uint64_t input_bytes() const { return offset_; }

  private:
    struct Free {
        void operator()(ZSTD_DCtx_s* context) const noexcept;
    };
    /// False at the end of the file.
    Result<bool> fill();
    std::unexpected<Error> failure(std::size_t code) const;

    std::unique_ptr<ZSTD_DCtx_s, Free> context_;
    const File* file_ = nullptr;  // Borrowed.
    std::vector<std::byte> input_;
    std::size_t input_at_ = 0;  // Of what the decoder takes next.
    std::size_t input_end_ = 0;
    std::uint64_t offset_ = 0;  // Of the file's byte behind the input.
    bool is_inside_frame_ = true;
};

}  // namespace trueup::zstd
