// A rollout from anywhere, through a window whose size is the first byte: what is found is what a
// reader without windows finds.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codex/home/rollout_scan.h"
#include "codex/home/rollout_test_support.h"

namespace {

/// One file for all inputs; what a longer one has left behind counts as appended meanwhile.
trueup::File& scratch() {
    static trueup::File file = [] {
        const auto path = std::filesystem::temp_directory_path() /
                          ("trueup-rollout-fuzz-" + std::to_string(::getpid()));
        auto made = trueup::File::open_or_create(path.string()).value();
        std::filesystem::remove(path);
        return made;
    }();
    return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace trueup::codex;  // NOLINT(google-build-using-namespace): the only function.
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    scratch().write_at(0, trueup::as_bytes(text)).value();

    RolloutSource source(scratch(), text.size(), nullptr);
    RolloutBuffers buffers(kWindowBytesMin + data[0]);
    Rollout rollout;
    CHECK(RolloutScan(source, buffers, rollout).run(MetaScan::WholeFile).has_value());
    CHECK(is_same(rollout, naive(text)));
    for (const MetaAt& at : rollout.metas) {
        CHECK(at.offset + at.meta.length <= text.size());
        const bool begins_line = at.offset == 0 || text[at.offset - 1] == '\n';
        CHECK(begins_line);
        CHECK(parse_line(text.substr(at.offset, at.meta.length)).kind == LineKind::Meta);
    }
    return 0;
}
