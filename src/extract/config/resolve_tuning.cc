#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "extract/config/resolve.h"

namespace trueup::extract {
namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20U;
constexpr int kWorkersByDefaultMax = 4;

/// Reads tuning keys from the export, else the source, else the table's default for the profile.
class Layers {
  public:
    Layers(const Section& export_tuning, const Section& source_tuning)
        : layers_{&export_tuning, &source_tuning} {}

    void set_profile(Profile profile) { profile_ = profile; }

    std::optional<Profile> profile() const {
        for (const Section* layer : layers_) {
            if (layer->has("profile")) return layer->choice<Profile>("profile");
        }
        return std::nullopt;
    }
    /// The section that says it, or null.
    const Section* sayer(std::string_view key) const {
        for (const Section* layer : layers_) {
            if (layer->has(key)) return layer;
        }
        return nullptr;
    }
    std::int64_t integer(std::string_view key) const {
        const Section* said = sayer(key);
        if (said != nullptr) return said->integer(key).value();
        const Key* known = find_key(kTuningSection, key);
        CHECK(known != nullptr);
        const auto number = default_for(*known, profile_);
        CHECK(number.has_value());
        return *number;
    }
    std::uint64_t megabytes(std::string_view key) const {
        return static_cast<std::uint64_t>(integer(key)) * kMegabyte;
    }
    /// Whether the nearest layer that bounds batches bounds their rows.
    bool says_rows() const {
        for (const Section* layer : layers_) {
            if (layer->has("batch_size")) return true;
            if (layer->has("batch_size_memory_mb")) return false;
        }
        return false;
    }
    bool is_adaptive(const Above& above) const {
        const auto engine = above.source->choice<Engine>("type");
        const bool is_file = engine == Engine::Sqlite || engine == Engine::DuckDb;
        const Section* said = sayer("adaptive");
        if (is_file && said != nullptr && said->flag("adaptive")) {
            said->warn("adaptive",
                       "has no effect on a database file: only servers say how busy "
                       "they are");
        }
        if (is_file) return false;
        if (said != nullptr) return said->flag("adaptive");
        // Where others work on the source, or somebody asked for care. Who asks for speed gets it.
        if (profile_ == Profile::Fast) return false;
        return profile_ == Profile::Safe || above.environment == Environment::Production;
    }
    BatchOverflow on_overflow() const {
        const Section* said = sayer("on_batch_memory_exceeded");
        const Section& section = said == nullptr ? *layers_[0] : *said;
        return section.choice<BatchOverflow>("on_batch_memory_exceeded").value();
    }

  private:
    const Section* layers_[2];
    Profile profile_ = Profile::Balanced;
};

/// Without a word about what else it serves, an embedded database is a file with nobody to spare:
/// pauses between batches would cost two thirds of the speed and help no one.
Profile default_profile(std::optional<Environment> environment) {
    return environment.value_or(Environment::Local) == Environment::Local ? Profile::Fast
                                                                          : Profile::Balanced;
}

Status refuse_two_batch_sizes(const Section& tuning) {
    if (!tuning.has("batch_size") || !tuning.has("batch_size_memory_mb")) return {};
    return tuning.refuse("batch_size_memory_mb", "does not go together with batch_size",
                         "remove one of the two");
}

/// A batch has one bound: rows when the nearest layer that speaks of batches says rows, else bytes
/// with the profile's rows above them.
void resolve_batch(const Layers& layers, Tuning& tuning) {
    if (layers.says_rows()) {
        tuning.batch_rows = layers.integer("batch_size");
        return;
    }
    const Key* rows = find_key(kTuningSection, "batch_size");
    CHECK(rows != nullptr);
    tuning.batch_rows = default_for(*rows, tuning.profile).value();
    tuning.batch_bytes = layers.megabytes("batch_size_memory_mb");
}

/// How many chunks are read at once, and how few while the source is under strain.
Status resolve_workers(const Section& exported, const Layers& layers, const Above& above,
                       Tuning& tuning) {
    tuning.workers =
        tuning.profile == Profile::Safe ? 1 : std::clamp(above.cores, 1, kWorkersByDefaultMax);
    const Section* sayer = layers.sayer("parallel");
    if (sayer != nullptr) tuning.workers = static_cast<int>(sayer->integer("parallel").value());
    if (const auto parallel = exported.integer("parallel")) {
        if (exported.section("tuning").has("parallel")) {
            return exported.refuse("parallel", "does not go together with tuning.parallel",
                                   "remove one of the two");
        }
        tuning.workers = static_cast<int>(*parallel);
        sayer = &exported;
    }
    tuning.is_adaptive = layers.is_adaptive(above);
    tuning.workers_min = static_cast<int>(layers.integer("min_parallel"));
    const Section* sayer_min = layers.sayer("min_parallel");
    // How many cores there are may differ from machine to machine, and is no mistake.
    if (sayer != nullptr && sayer_min != nullptr && tuning.workers_min > tuning.workers) {
        return sayer_min->refuse("min_parallel",
                                 fmt::format("is more than parallel, which is {}", tuning.workers),
                                 "raise parallel, or lower min_parallel");
    }
    tuning.workers_min = std::min(tuning.workers_min, tuning.workers);
    return {};
}

}  // namespace

Result<Tuning> resolve_tuning(const Section& exported, const Above& above) {
    const Section own = exported.section("tuning");
    const Section shared = above.source->section("tuning");
    TRY(refuse_two_batch_sizes(own));
    TRY(refuse_two_batch_sizes(shared));
    Layers layers(own, shared);
    Tuning tuning;
    tuning.profile = layers.profile().value_or(default_profile(above.environment));
    layers.set_profile(tuning.profile);

    TRY(resolve_workers(exported, layers, above, tuning));
    resolve_batch(layers, tuning);
    tuning.batch_bytes_max = layers.megabytes("max_batch_memory_mb");
    tuning.on_batch_overflow = layers.on_overflow();
    tuning.throttle_ms = layers.integer("throttle_ms");
    tuning.statement_timeout_s = layers.integer("statement_timeout_s");
    tuning.lock_timeout_s = layers.integer("lock_timeout_s");
    tuning.retries_max = static_cast<int>(layers.integer("max_retries"));
    tuning.retry_backoff_ms = layers.integer("retry_backoff_ms");
    tuning.memory_limit_bytes = layers.megabytes("memory_limit_mb");
    tuning.memory_threshold_bytes = layers.megabytes("memory_threshold_mb");
    tuning.value_bytes_max = layers.megabytes("max_value_mb");
    return tuning;
}

}  // namespace trueup::extract
