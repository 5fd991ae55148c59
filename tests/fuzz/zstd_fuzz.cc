// Any bytes are a compressed file, or an error that names it; and what was read survives being
// compressed by us.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/file.h"
#include "zstd/compressor.h"
#include "zstd/decompressor.h"

namespace {

using trueup::ErrorClass;
using trueup::File;
using trueup::Result;

constexpr std::size_t kContentMax = std::size_t{8} << 20U;  // A small file may hold much.

Result<std::string> content_of(const File& file, std::size_t step) {
    trueup::zstd::Decompressor decompressor;
    decompressor.begin(file);
    std::string content;
    std::string buffer(step, '\0');
    while (content.size() < kContentMax) {
        const std::size_t got = TRY(decompressor.read(std::as_writable_bytes(std::span(buffer))));
        content += std::string_view(buffer).substr(0, got);
        if (got < step) break;
    }
    return content;
}

/// An empty file without a name, gone with the process.
File scratch_file() {
    std::string path = (std::filesystem::temp_directory_path() / "trueup-fuzz-XXXXXX").string();
    const int fd = ::mkstemp(path.data());
    CHECK(fd >= 0);
    ::close(fd);
    File file = File::open_edit(path).value();
    CHECK(trueup::remove_file(path).has_value());
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static File input = scratch_file();
    CHECK(input.truncate(0).has_value());
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    CHECK(input.write_at(0, trueup::as_bytes(bytes)).has_value());
    const auto content = content_of(input, 4096);
    const auto again = content_of(input, 999);
    const bool is_of_one_mind = content.has_value() == again.has_value();
    const bool is_cut_off = content && content->size() >= kContentMax;
    CHECK(is_of_one_mind || is_cut_off);
    if (!content) {
        const trueup::Error& error = content.error();
        const bool is_expected =
            error.kind == ErrorClass::Integrity || error.kind == ErrorClass::Failed;
        CHECK(is_expected);
        CHECK(error.message.starts_with(input.path()));
        return 0;
    }
    if (content->size() >= kContentMax) return 0;
    CHECK(*content == *again);

    File packed = scratch_file();
    trueup::zstd::Compressor compressor(packed);
    CHECK(compressor.write(trueup::as_bytes(*content)).has_value());
    CHECK(compressor.finish().has_value());
    CHECK(content_of(packed, 4096).value() == *content);
    return 0;
}
