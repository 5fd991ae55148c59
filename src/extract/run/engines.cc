#include "extract/run/engines.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace trueup::extract {

Result<Engines> open_engines(const Tuning& tuning, std::size_t workers, std::string spill_folder) {
    const auto limit_mb = static_cast<std::int64_t>(tuning.memory_limit_bytes >> 20U);
    Engines engines;
    engines.engine =
        TRY(columnar::Engine::open({.memory_limit_mb = std::max<std::int64_t>(limit_mb, 1),
                                    .spill_folder = std::move(spill_folder),
                                    .keeps_no_free_memory = tuning.profile == Profile::Safe}));
    engines.sessions.reserve(workers);
    for (std::size_t worker = 0; worker < workers; ++worker) {
        auto session = TRY(engines.engine->connect());
        engines.sessions.push_back(std::move(session));
    }
    return engines;
}

}  // namespace trueup::extract
