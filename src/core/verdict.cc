#include "core/verdict.h"

#include <utility>

namespace trueup::core {

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Clean: return "clean";
        case Verdict::Differs: return "differs";
        case Verdict::Incomplete: return "incomplete";
    }
    std::unreachable();
}

std::string_view name_of(PartitionVerdict verdict) {
    switch (verdict) {
        case PartitionVerdict::Match: return "match";
        case PartitionVerdict::Mismatch: return "mismatch";
        case PartitionVerdict::Unknown: return "unknown";
    }
    std::unreachable();
}

}  // namespace trueup::core
