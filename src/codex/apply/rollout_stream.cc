#include "codex/apply/rollout_stream.h"

#include <algorithm>
#include <vector>

#include "zstd/decompressor.h"

namespace trueup::codex {

struct RolloutStream::Inflater {
    zstd::Decompressor decompressor;
    std::vector<std::byte> scratch;  // For what is skipped.
};

RolloutStream::RolloutStream(const File& file, std::unique_ptr<Inflater> inflater)
    : file_(&file), inflater_(std::move(inflater)) {}
RolloutStream::RolloutStream(RolloutStream&&) noexcept = default;
RolloutStream& RolloutStream::operator=(RolloutStream&&) noexcept = default;
RolloutStream::~RolloutStream() = default;

RolloutStream RolloutStream::open(const File& file, RolloutFormat format) {
    if (format == RolloutFormat::Plain) return RolloutStream(file, nullptr);
    auto inflater = std::make_unique<Inflater>();
    inflater->decompressor.begin(file);
    return RolloutStream(file, std::move(inflater));
}

Result<std::size_t> RolloutStream::read(std::span<std::byte> into) {
    const std::size_t got =
        inflater_ ? TRY(inflater_->decompressor.read(into)) : TRY(file_->read_at(position_, into));
    position_ += got;
    return got;
}

Status RolloutStream::skip_to(std::uint64_t offset) {
    if (!inflater_) {
        position_ = offset;
        return {};
    }
    inflater_->scratch.resize(std::size_t{64} << 10);
    while (position_ < offset) {
        const auto wanted = std::min<std::uint64_t>(offset - position_, inflater_->scratch.size());
        if (TRY(read(std::span(inflater_->scratch).first(wanted))) == 0) break;
    }
    return {};
}

Result<std::string> RolloutStream::text(std::uint64_t bytes) {
    std::string text(bytes, '\0');
    text.resize(TRY(read(std::as_writable_bytes(std::span(text)))));
    return text;
}

}  // namespace trueup::codex
