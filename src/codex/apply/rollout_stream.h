#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "codex/home/rollout.h"

namespace trueup::codex {

/// The bytes of a rollout from front to back, decompressed when it is compressed. The file must
/// outlive it.
class RolloutStream {
  public:
    static RolloutStream open(const File& file, RolloutFormat format);
    RolloutStream(const RolloutStream&) = delete;
    RolloutStream& operator=(const RolloutStream&) = delete;
    RolloutStream(RolloutStream&&) noexcept;
    RolloutStream& operator=(RolloutStream&&) noexcept;
    ~RolloutStream();

    /// Fills `into`; fewer bytes only at the end.
    Result<std::size_t> read(std::span<std::byte> into);
    /// Moves on to `offset`, which is not behind position(); a rollout that ends before ends there.
    Status skip_to(std::uint64_t offset);
    /// The next `bytes` bytes; fewer at the end.
    Result<std::string> text(std::uint64_t bytes);
    std::uint64_t position() const { return position_; }

  private:
    struct Inflater;
    RolloutStream(const File& file, std::unique_ptr<Inflater> inflater);

    const File* file_;
    std::unique_ptr<Inflater> inflater_;  // Nothing: the file is plain.
    std::uint64_t position_ = 0;
};

}  // namespace trueup::codex
