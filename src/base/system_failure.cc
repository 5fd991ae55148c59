#include "base/system_failure.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace trueup {
namespace {

/// ENOSPC and friends can be cured by making room, so a later run may succeed.
ErrorClass class_of(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EAGAIN:
        case EMFILE:
        case ENFILE: return ErrorClass::Retryable;
        default: return ErrorClass::Failed;
    }
}

std::string hint_of(int error) {
    if (error == ENOSPC || error == EDQUOT) return "make room on the file system and run again";
    if (error == EROFS) return "the file system is read-only";
    return {};
}

}  // namespace

std::unexpected<Error> system_failure(int error, std::string_view verb, std::string_view path) {
    return fail(class_of(error),
                fmt::format("cannot {} {}: {}", verb, path, std::generic_category().message(error)),
                hint_of(error));
}

}  // namespace trueup
