#include "codex/apply/splice.h"

#include <algorithm>
#include <array>

#include "codex/apply/rollout_stream.h"
#include "zstd/compressor.h"

namespace trueup::codex {
namespace {

constexpr std::size_t kCopyBytes = 256u << 10;

using Buffer = std::vector<std::byte>;

/// Whether `expected` (a member of Splice) stands at each splice of `edit`.
Result<bool> stands_at(const File& file, const FileEdit& edit, std::string Splice::*expected) {
    RolloutStream stream = RolloutStream::open(file, edit.format);
    for (const Splice& splice : edit.splices) {
        TRY(stream.skip_to(splice.offset));
        const std::string& wanted = splice.*expected;
        if (TRY(stream.text(wanted.size())) != wanted) return false;
    }
    return true;
}

Status splice_plain(const File& old, const FileEdit& edit, File& fresh) {
    std::uint64_t at = 0;
    for (const Splice& splice : edit.splices) {
        TRY(fresh.append_range(old, at, splice.offset - at));
        TRY(fresh.write_all(as_bytes(splice.after)));
        at = splice.offset + splice.before.size();
    }
    // What was appended since the size was taken would be noticed before the file gets its name.
    const std::uint64_t size = TRY(old.size());
    return fresh.append_range(old, at, size - std::min(size, at));
}

/// Gives `take` the next `bytes` bytes by way of the buffer; false when the rollout ends before.
template <class Take>
Result<bool> pass(RolloutStream& stream, std::uint64_t bytes, Buffer& buffer, const Take& take) {
    while (bytes > 0) {
        const auto wanted = std::min<std::uint64_t>(bytes, buffer.size());
        const std::size_t got = TRY(stream.read(std::span(buffer).first(wanted)));
        TRY(take(Bytes(buffer).first(got)));
        if (got < wanted) return false;
        bytes -= got;
    }
    return true;
}

/// Gives `take` the bytes that a rollout has after the edit, piece by piece.
template <class Take>
Status edited_bytes(const File& old, const FileEdit& edit, const Take& take) {
    RolloutStream stream = RolloutStream::open(old, edit.format);
    Buffer buffer(kCopyBytes);
    for (const Splice& splice : edit.splices) {
        TRY(pass(stream, splice.offset - stream.position(), buffer, take));
        TRY(stream.skip_to(splice.offset + splice.before.size()));
        TRY(take(as_bytes(splice.after)));
    }
    while (TRY(pass(stream, kCopyBytes, buffer, take))) continue;
    return {};
}

}  // namespace

Result<bool> holds_splices(const File& file, const FileEdit& edit) {
    return stands_at(file, edit.reversed(), &Splice::before);
}

Result<SpliceResult> splice_into(const File& old, const FileEdit& edit, File& fresh) {
    if (!TRY(stands_at(old, edit, &Splice::before))) {
        return TRY(holds_splices(old, edit)) ? SpliceResult::AlreadyDone : SpliceResult::Foreign;
    }
    if (edit.format == RolloutFormat::Plain) {
        TRY(splice_plain(old, edit, fresh));
        return SpliceResult::Done;
    }
    zstd::Compressor compressor(fresh);
    TRY(edited_bytes(old, edit, [&](Bytes bytes) { return compressor.write(bytes); }));
    TRY(compressor.finish());
    return SpliceResult::Done;
}

Result<bool> is_result_of(const File& source, const File& old, const FileEdit& edit) {
    RolloutStream stream = RolloutStream::open(source, edit.format);
    Buffer buffer;
    bool is_equal = true;
    const auto compare = [&](Bytes bytes) -> Status {
        buffer.resize(bytes.size());
        const std::size_t got = TRY(stream.read(buffer));
        is_equal = is_equal && got == bytes.size() && std::ranges::equal(buffer, bytes);
        return {};
    };
    TRY(edited_bytes(old, edit, compare));
    std::array<std::byte, 1> more{};
    return is_equal && TRY(stream.read(more)) == 0;
}

}  // namespace trueup::codex
