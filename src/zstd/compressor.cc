#include "zstd/compressor.h"

#include <fmt/format.h>
#include <zstd.h>

#include "base/check.h"

namespace trueup::zstd {
namespace {

std::unexpected<Error> failure(const File& file, std::size_t code) {
    return fail(ErrorClass::Failed,
                fmt::format("cannot compress into {}: {}", file.path(), ZSTD_getErrorName(code)));
}

}  // namespace

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const noexcept { ZSTD_freeCCtx(context); }

Compressor::Compressor(File& file)
    : context_(ZSTD_createCCtx()), file_(&file), output_(ZSTD_CStreamOutSize()) {
    CHECK(context_ != nullptr);
    for (const auto& [parameter, value] :
         {std::pair{ZSTD_c_compressionLevel, kLevel}, std::pair{ZSTD_c_checksumFlag, 1}}) {
        CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), parameter, value)) == 0);
    }
}

Status Compressor::write(Bytes bytes) {
    CHECK(!is_finished_);
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) {
        ZSTD_outBuffer out{output_.data(), output_.size(), 0};
        const std::size_t code = ZSTD_compressStream2(context_.get(), &out, &in, ZSTD_e_continue);
        if (ZSTD_isError(code) != 0) return failure(*file_, code);
        TRY(file_->write_all(Bytes(output_).first(out.pos)));
    }
    return {};
}

Status Compressor::finish() {
    CHECK(!is_finished_);
    is_finished_ = true;
    ZSTD_inBuffer in{nullptr, 0, 0};
    std::size_t left = 1;
    while (left != 0) {
        ZSTD_outBuffer out{output_.data(), output_.size(), 0};
        left = ZSTD_compressStream2(context_.get(), &out, &in, ZSTD_e_end);
        if (ZSTD_isError(left) != 0) return failure(*file_, left);
        TRY(file_->write_all(Bytes(output_).first(out.pos)));
    }
    return {};
}

}  // namespace trueup::zstd
