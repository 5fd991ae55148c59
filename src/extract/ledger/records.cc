#include "extract/ledger/records.h"

namespace trueup::extract {

std::string_view name_of(RunStatus status) {
    switch (status) {
        case RunStatus::Running: return "running";
        case RunStatus::Done: return "done";
        case RunStatus::Failed: return "failed";
        case RunStatus::Abandoned: return "abandoned";
    }
    std::unreachable();
}

std::string_view name_of(ChunkStatus status) {
    switch (status) {
        case ChunkStatus::Pending: return "pending";
        case ChunkStatus::Running: return "running";
        case ChunkStatus::Done: return "done";
        case ChunkStatus::Failed: return "failed";
    }
    std::unreachable();
}

std::string_view name_of(PartStatus status) {
    switch (status) {
        case PartStatus::Committed: return "committed";
        case PartStatus::Superseded: return "superseded";
    }
    std::unreachable();
}

}  // namespace trueup::extract
