#include "base/result.h"

#include <fmt/format.h>

namespace trueup {

std::string_view name_of(ErrorClass kind) {
    switch (kind) {
        case ErrorClass::Failed: return "failed";
        case ErrorClass::Retryable: return "retryable";
        case ErrorClass::Integrity: return "integrity";
        case ErrorClass::SchemaChanged: return "schema_changed";
        case ErrorClass::Usage: return "usage";
        case ErrorClass::Config: return "config";
        case ErrorClass::Interrupted: return "interrupted";
        case ErrorClass::Bug: return "bug";
    }
    std::unreachable();
}

std::unexpected<Error> in_context(Error error, std::string_view context) {
    error.message = fmt::format("{}: {}", context, error.message);
    return std::unexpected(std::move(error));
}

}  // namespace trueup
