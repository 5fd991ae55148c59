#include "codex/home/rollout_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "codex/home/rollout_words.h"

namespace trueup::codex {
namespace {

constexpr std::size_t kHeadBytes = 16u << 10;
/// More than this much of the line buffer is given back after the file.
constexpr std::size_t kLineBytesKept = 1u << 20;
/// A line longer than the window is no record unless somebody means ill; then reading it may cost
/// this many times the file.
constexpr int kRewindsMax = 16;

std::string_view without_cr(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::size_t last_line_feed(std::string_view text) {
    const void* const found = ::memrchr(text.data(), '\n', text.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace

RolloutSource::RolloutSource(const File& file, std::uint64_t bytes,
                             zstd::Decompressor* decompressor)
    : file_(&file), bytes_(bytes), decompressor_(decompressor) {
    if (decompressor_ != nullptr) decompressor_->begin(file);
}

Result<std::size_t> RolloutSource::read_at(std::uint64_t offset, std::span<char> into) {
    if (decompressor_ == nullptr) {
        const std::uint64_t left = offset < bytes_ ? bytes_ - offset : 0;
        const auto asked = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left));
        return file_->read_at(offset, std::as_writable_bytes(into.first(asked)));
    }
    TRY(go_to(offset));
    const std::size_t got = TRY(decompressor_->read(std::as_writable_bytes(into)));
    position_ += got;
    return got;
}

Status RolloutSource::go_to(std::uint64_t offset) {
    if (offset < position_) {
        if (++rewinds_ > kRewindsMax) {
            return fail(ErrorClass::Failed,
                        fmt::format("{} has too many long lines to be looked at", file_->path()));
        }
        decompressor_->begin(*file_);
        position_ = 0;
    }
    std::array<std::byte, 16384> skipped;
    while (position_ < offset) {
        const std::uint64_t step = std::min<std::uint64_t>(offset - position_, skipped.size());
        const std::size_t got =
            TRY(decompressor_->read(std::span(skipped).first(static_cast<std::size_t>(step))));
        if (got == 0) break;
        position_ += got;
    }
    return {};
}

Status RolloutScan::run(MetaScan scan) {
    is_whole_ = scan == MetaScan::WholeFile;
    CHECK(buffers_->window_bytes >= kWindowBytesMin);
    TRY(fill(is_whole_ ? buffers_->window_bytes : std::min(kHeadBytes, buffers_->window_bytes)));
    TRY(first_line());
    while (is_whole_ && !has_given_up()) {
        TRY(look_at_window());
        if (is_at_end_) break;
        TRY(slide());
    }
    if (!has_given_up() && rollout_->metas.empty()) {
        give_up(RolloutProblem::NoMeta,
                is_whole_ ? "it holds no session_meta record with an id"
                          : "its first line is no session_meta record with an id");
    }
    if (buffers_->line.capacity() > kLineBytesKept) buffers_->line = std::string();
    return {};
}

/// Reads on behind what is in the window, until it holds `bytes`.
Status RolloutScan::fill(std::size_t bytes) {
    const std::span<char> room(buffers_->window.get() + used_, bytes - used_);
    const std::size_t got = TRY(source_->read_at(start_ + used_, room));
    used_ += got;
    is_at_end_ = got < room.size();
    return {};
}

/// The window moves on. What is left of the last line comes along, so that a line is rarely read
/// twice; of a longer one only as much as a word could begin in.
Status RolloutScan::slide() {
    std::size_t kept = kWordBytesMax - 1;
    const std::size_t feed = last_line_feed(window());
    if (feed != std::string_view::npos) {
        line_begin_ = start_ + feed + 1;
        const std::size_t rest = used_ - feed - 1;
        if (rest <= buffers_->window_bytes / 2) kept = rest;
    }
    const std::size_t moved = used_ - kept;
    // What was searched is not searched again, and a line that was looked at may end right here.
    const std::size_t searched = std::max(from_, used_ - std::min(used_, kWordBytesMax - 1));
    from_ = searched > moved ? searched - moved : 0;
    std::memmove(buffers_->window.get(), buffers_->window.get() + moved, kept);
    start_ += moved;
    used_ = kept;
    return fill(buffers_->window_bytes);
}

/// The search goes on behind a line that was looked at; it ends in the window or later.
Status RolloutScan::go_behind(const Line& line) {
    if (line.next <= start_ + used_) {
        from_ = static_cast<std::size_t>(line.next - start_);
        return {};
    }
    start_ = line.next;
    line_begin_ = line.next;
    used_ = 0;
    from_ = 0;
    return fill(buffers_->window_bytes);
}

Status RolloutScan::first_line() {
    if (used_ == 0) {
        give_up(RolloutProblem::Empty, "it is empty");
        return {};
    }
    const Line line = TRY(line_at(0));
    if (line.is_too_long) {
        give_up(RolloutProblem::TooLong,
                fmt::format("line 1 has more than {} bytes", kMetaLineBytesMax));
        return {};
    }
    ParsedLine parsed = parse_line(without_cr(line.text));
    if (parsed.kind == LineKind::NotJson) {
        give_up(RolloutProblem::NotJson,
                fmt::format("line 1 is no JSON from byte {} on", parsed.error_at + 1));
        return {};
    }
    take(0, line.text, std::move(parsed));
    return go_behind(line);
}

Status RolloutScan::look_at_window() {
    while (!has_given_up()) {
        const WordAt found = find_word(window(), from_, !rollout_->has_encrypted);
        if (found.word == RolloutWord::None) break;
        if (found.word == RolloutWord::Encrypted) {
            rollout_->has_encrypted = true;
            from_ = found.offset + kEncryptedWord.size();
            continue;
        }
        const std::size_t feed = last_line_feed(window().substr(0, found.offset));
        TRY(look_at_line(feed == std::string_view::npos ? line_begin_ : start_ + feed + 1));
    }
    return {};
}

/// A line with the word for it; the search goes on behind it.
Status RolloutScan::look_at_line(std::uint64_t begin) {
    const Line line = TRY(line_at(begin));
    if (line.is_too_long) {
        give_up(RolloutProblem::TooLong, fmt::format("the line at byte {} has more than {} bytes",
                                                     begin, kMetaLineBytesMax));
        return {};
    }
    // A line that is no JSON was cut off in a crash, or is being written: Codex passes over it, and
    // so do we.
    take(begin, line.text, parse_line(without_cr(line.text)));
    return go_behind(line);
}

/// The line that begins at `begin`: out of the window when all of it is there.
Result<RolloutScan::Line> RolloutScan::line_at(std::uint64_t begin) {
    if (begin < start_) return long_line(begin);
    const auto at = static_cast<std::size_t>(begin - start_);
    const std::string_view rest = window().substr(at);
    const std::size_t feed = rest.find('\n');
    if (feed != std::string_view::npos) {
        return Line{.text = rest.substr(0, feed), .next = begin + feed + 1};
    }
    if (is_at_end_) return Line{.text = rest, .next = begin + rest.size()};
    return long_line(begin);
}

Result<RolloutScan::Line> RolloutScan::long_line(std::uint64_t begin) {
    std::string& line = buffers_->line;
    std::size_t held = 0;
    while (held <= kMetaLineBytesMax) {
        const std::size_t step = std::max(2 * buffers_->window_bytes, held);
        line.resize(held + step);
        const std::size_t got =
            TRY(source_->read_at(begin + held, std::span(line).subspan(held, step)));
        const std::string_view read = std::string_view(line).substr(held, got);
        const std::size_t feed = read.find('\n');
        if (feed != std::string_view::npos) {
            const std::size_t length = held + feed;
            if (length > kMetaLineBytesMax) break;
            return Line{.text = std::string_view(line).substr(0, length),
                        .next = begin + length + 1};
        }
        held += got;
        if (got < step && held <= kMetaLineBytesMax) {
            return Line{.text = std::string_view(line).substr(0, held), .next = begin + held};
        }
    }
    return Line{.is_too_long = true};
}

void RolloutScan::take(std::uint64_t offset, std::string_view text, ParsedLine parsed) {
    if (parsed.kind != LineKind::Meta) {
        const bool holds_word = text.find(kEncryptedWord) != std::string_view::npos;
        if (is_whole_ && holds_word) rollout_->has_encrypted = true;
        return;
    }
    if (rollout_->metas.empty()) rollout_->thread_id = parsed.meta.thread_id;
    if (parsed.meta.thread_id != rollout_->thread_id) return;
    // Many rollouts say the same.
    if (parsed.meta.provider) parsed.meta.provider = buffers_->texts.of(*parsed.meta.provider);
    parsed.meta.cwd = buffers_->texts.of(parsed.meta.cwd);
    if (rollout_->metas.empty()) rollout_->metas.reserve(1);
    rollout_->metas.push_back({.offset = offset, .meta = std::move(parsed.meta)});
}

void RolloutScan::give_up(RolloutProblem problem, std::string_view detail) {
    rollout_->problem = problem;
    rollout_->detail = detail;
}

}  // namespace trueup::codex
