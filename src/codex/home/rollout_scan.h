#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "codex/home/rollout.h"
#include "zstd/decompressor.h"

/// The search for session_meta records in the bytes of a rollout. Private to this module.
namespace trueup::codex {

/// What is kept from one rollout to the next.
struct RolloutBuffers {
    /// Tests use small windows. At least kWindowBytesMin.
    explicit RolloutBuffers(std::size_t bytes = 256u << 10)
        : window_bytes(bytes), window(std::make_unique_for_overwrite<char[]>(bytes)) {}

    std::size_t window_bytes;
    std::unique_ptr<char[]> window;
    std::string line;                                // A line that does not fit into the window.
    TextPool texts;                                  // Of providers and folders.
    std::optional<zstd::Decompressor> decompressor;  // Made for the first file that needs it.
};
inline constexpr std::size_t kWindowBytesMin = 64;

/// The bytes of a rollout as its lines count them, compressed or not.
class RolloutSource {
  public:
    /// `file` has `bytes` bytes; what is appended later is left for the next look. Without a
    /// decompressor the file is plain. Both must outlive it.
    RolloutSource(const File& file, std::uint64_t bytes, zstd::Decompressor* decompressor);

    /// Fills `into`; fewer bytes only at the end. Going back in a compressed file means to begin
    /// anew, and is refused (Failed) when it was done too often.
    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into);

  private:
    Status go_to(std::uint64_t offset);

    const File* file_;
    std::uint64_t bytes_;
    zstd::Decompressor* decompressor_;
    std::uint64_t position_ = 0;  // Of the decompressor.
    int rewinds_ = 0;
};

/// Finds the records, one window after the other: memory does not depend on the file. A line that
/// does not fit into the window is read for itself, but only when it holds one of the words.
class RolloutScan {
  public:
    /// All three must outlive it.
    RolloutScan(RolloutSource& source, RolloutBuffers& buffers, Rollout& rollout)
        : source_(&source), buffers_(&buffers), rollout_(&rollout) {}

    /// Fills in problem, detail, thread_id, metas and has_encrypted. An error is the source's.
    Status run(MetaScan scan);

  private:
    struct Line {
        std::string_view text;   // Without LF. Valid until the next line is asked for.
        std::uint64_t next = 0;  // Where the one behind it begins.
        bool is_too_long = false;
    };

    std::string_view window() const { return {buffers_->window.get(), used_}; }
    Status fill(std::size_t bytes);
    Status slide();
    Status go_behind(const Line& line);
    Status first_line();
    Status look_at_window();
    Status look_at_line(std::uint64_t begin);
    Result<Line> line_at(std::uint64_t begin);
    Result<Line> long_line(std::uint64_t begin);
    void take(std::uint64_t offset, std::string_view text, ParsedLine parsed);
    void give_up(RolloutProblem problem, std::string_view detail);
    bool has_given_up() const { return rollout_->problem != RolloutProblem::None; }

    RolloutSource* source_;  // All three borrowed.
    RolloutBuffers* buffers_;
    Rollout* rollout_;
    std::uint64_t start_ = 0;       // Of the window, in the rollout.
    std::size_t used_ = 0;          // Bytes in the window.
    std::size_t from_ = 0;          // Where in the window the search goes on.
    std::uint64_t line_begin_ = 0;  // Of the line in which the window begins.
    bool is_at_end_ = false;        // Nothing follows behind the window.
    bool is_whole_ = false;
};

}  // namespace trueup::codex
