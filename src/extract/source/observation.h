#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trueup::extract {

/// Ok: as a run needs it. Warning: a run can work, but somebody should know. Failure: a run would
/// fail. Unknown: could not be looked at.
enum class Health : std::uint8_t { Ok, Warning, Failure, Unknown };
/// "ok", "warn", "fail", "unknown".
std::string_view name_of(Health health);

/// What was found when one thing that a run needs was looked at.
struct Observation {
    std::string topic;  // "tls", "grants": says what was looked at, unique for its subject.
    Health health = Health::Ok;
    std::string sentence;  // Without a full stop.
    std::string hint;      // What to do about it; may be empty.
    /// Of a failure: how a run would end.
    ErrorClass kind = ErrorClass::Failed;
};

inline Observation fine(std::string topic, std::string sentence) {
    return {std::move(topic), Health::Ok, std::move(sentence), {}, {}};
}
inline Observation warning(std::string topic, std::string sentence, std::string hint = {}) {
    return {std::move(topic), Health::Warning, std::move(sentence), std::move(hint), {}};
}
inline Observation failure(std::string topic, Error error) {
    return {std::move(topic), Health::Failure, std::move(error.message), std::move(error.hint),
            error.kind};
}
inline Observation unknown(std::string topic, std::string why) {
    return {std::move(topic), Health::Unknown, std::move(why), {}, {}};
}

using Observations = std::vector<Observation>;

}  // namespace trueup::extract
