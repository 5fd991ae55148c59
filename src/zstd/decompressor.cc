#include "zstd/decompressor.h"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/check.h"

namespace trueup::zstd {
namespace {

// Enough for the first block of an ordinary frame, whose start may be all that is wanted.
constexpr std::size_t kFirstInputBytes = std::size_t{16} << 10U;
constexpr std::size_t kInputBytes = std::size_t{128} << 10U;
/// A context that grew beyond this for one file is not kept for the next.
constexpr std::size_t kContextBytesKept = std::size_t{12} << 20U;

}  // namespace

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

Decompressor::Decompressor() : input_(kInputBytes) {}

void Decompressor::begin(const File& file) {
    if (context_ && ZSTD_sizeof_DCtx(context_.get()) > kContextBytesKept) context_.reset();
    if (!context_) {
        context_.reset(ZSTD_createDCtx());
        CHECK(context_ != nullptr);
        const std::size_t code =
            ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
        CHECK(ZSTD_isError(code) == 0);
    }
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    file_ = &file;
    input_at_ = 0;
    input_end_ = 0;
    offset_ = 0;
    is_inside_frame_ = true;  // A file without any frame is cut off, too.
}

Result<std::size_t> Decompressor::read(std::span<std::byte> into) {
    CHECK(file_ != nullptr);
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos < out.size) {
        // Without input the decoder may still hold content that it could not hand out yet.
        ZSTD_inBuffer in{input_.data(), input_end_, input_at_};
        const std::size_t had = out.pos;
        if (in.pos < in.size || is_inside_frame_) {
            const std::size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
            input_at_ = in.pos;
            if (ZSTD_isError(code) != 0) return failure(code);
            is_inside_frame_ = code != 0;
        }
        if (out.pos > had || input_at_ < input_end_) continue;
        if (TRY(fill())) continue;
        if (!is_inside_frame_) break;
        return fail(ErrorClass::Integrity, fmt::format("{} is cut off: its compressed data end at "
                                                       "byte {}, in the middle of a frame",
                                                       file_->path(), offset_));
    }
    return out.pos;
}

Result<bool> Decompressor::fill() {
    const std::size_t wanted = offset_ == 0 ? kFirstInputBytes : kInputBytes;
    input_at_ = 0;
    input_end_ = 0;
    input_end_ = TRY(file_->read_at(offset_, std::span(input_).first(wanted)));
    offset_ += input_end_;
    return input_end_ > 0;
}

std::unexpected<Error> Decompressor::failure(std::size_t code) const {
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
        return fail(ErrorClass::Failed,
                    fmt::format("{} was compressed with a window of more than {} MiB, which is "
                                "more than trueup gives it",
                                file_->path(), 1U << (kWindowLogMax - 20)),
                    "compress it again without --long or --ultra");
    }
    const std::uint64_t at = offset_ - (input_end_ - input_at_);
    return fail(ErrorClass::Integrity, fmt::format("{} is damaged: {} at byte {} of the compressed "
                                                   "data",
                                                   file_->path(), ZSTD_getErrorName(code), at));
}

}  // namespace trueup::zstd
