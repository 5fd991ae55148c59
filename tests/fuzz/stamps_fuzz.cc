// Any bytes are the entries of a stamp cache: the target puts the first line before them and the
// digest behind, without which a cache says nothing. Recalls all that it finds.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "codex/inspect/stamp_cache.h"

namespace {

using namespace trueup;         // NOLINT(google-build-using-namespace): a program of one file.
using namespace trueup::codex;  // NOLINT(google-build-using-namespace): the same.

/// What is recalled has records or a problem.
void check_recalled(const Rollout& one) {
    const bool has_problem = one.problem != RolloutProblem::None;
    CHECK(one.looked_at_ns != 0);
    CHECK(one.metas.empty() == has_problem);
    CHECK((one.format == RolloutFormat::Zstd) == one.path.view().ends_with(".zst"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string bytes = "trueup stamps 3\n";
    bytes.append(reinterpret_cast<const char*>(data), size);
    bytes += sha256_hex(bytes);
    const StampCache cache = StampCache::parse(std::move(bytes));
    const std::vector<SharedText> paths = {
        "/h/archived_sessions/rollout-a.jsonl",
        "/h/sessions/rollout-a.jsonl",
        "/h/sessions/rollout-b.jsonl.zst",
    };
    const FileInfo info{.device = 1, .inode = 2, .bytes = 3, .mtime_ns = 4, .ctime_ns = 5};
    TextPool pool;
    const auto places = cache.places_of(paths, "/h");
    CHECK(places.size() == paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const auto known = cache.recall(places[i], paths[i], info, pool);
        if (known) check_recalled(*known);
    }
    // Whatever place is asked for, nothing outside is read.
    for (const std::uint32_t place : {1U, 17U, static_cast<std::uint32_t>(size), 0xffffffffU}) {
        if (const auto known = cache.recall(place, paths[2], info, pool)) check_recalled(*known);
    }
    return 0;
}
