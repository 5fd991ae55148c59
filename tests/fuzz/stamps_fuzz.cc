// Any bytes are a stamp cache; what does not end with its digest says nothing.

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/file.h"
#include "codex/inspect/stamp_cache.h"

namespace {

using namespace trueup;         // NOLINT(google-build-using-namespace): a program of one file.
using namespace trueup::codex;  // NOLINT(google-build-using-namespace): the same.

const std::string& place() {
    static const std::string path = "/dev/shm/trueup-fuzz-" + std::to_string(::getpid());
    return path;
}

/// What was recalled has records or a problem; what was not has neither.
void check_recalled(const Rollout& one) {
    const bool has_problem = one.problem != RolloutProblem::None;
    CHECK(one.path.view().starts_with("/h/"));
    if (one.looked_at_ns == 0) {
        CHECK(one.metas.empty());
        CHECK(!has_problem);
    } else {
        CHECK(one.metas.empty() == has_problem);
    }
    CHECK((one.format == RolloutFormat::Zstd) == one.path.view().ends_with(".zst"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    discard(remove_file(place()), "it may not be there");
    {
        auto file = File::create(place(), 0600);
        CHECK(file.has_value());
        CHECK(file->write_all(std::as_bytes(std::span(data, size))).has_value());
    }
    std::array<Rollout, 3> rollouts;
    rollouts[0].path = "/h/archived_sessions/rollout-a.jsonl";
    rollouts[1].path = "/h/sessions/rollout-a.jsonl";
    rollouts[2].path = "/h/sessions/rollout-b.jsonl.zst";
    rollouts[2].format = RolloutFormat::Zstd;
    recall_stamps(place(), "/h", rollouts);
    for (const Rollout& one : rollouts) check_recalled(one);
    discard(remove_file(place()), "the next one is made anew");
    return 0;
}
