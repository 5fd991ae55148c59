#include "extract/source/file_state.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

namespace trueup::extract {
namespace {

/// Several ticks of the coarsest clock that file systems stamp with.
constexpr std::int64_t kTicksNs = 50'000'000;

}  // namespace

Result<std::optional<std::string>> state_of_files(std::span<const WatchedFile> files) {
    std::string facts;
    for (const WatchedFile& watched : files) {
        const auto info = TRY(file_info(watched.path));
        if (!info) {
            facts += "missing\n";
            continue;
        }
        if (system_clock().now() * 1000 - info->mtime_ns < kTicksNs) {
            return std::optional<std::string>{};
        }
        std::string head(watched.head_bytes, '\0');
        const File opened = TRY(File::open_read(watched.path));
        head.resize(TRY(opened.read_at(0, std::as_writable_bytes(std::span(head)))));
        facts += fmt::format("{} {} {} {}\n", info->inode, info->bytes, info->mtime_ns,
                             sha256_hex(head));
    }
    return std::optional(sha256_hex(facts));
}

}  // namespace trueup::extract
