#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace trueup {

/// What went wrong, from the operator's side of the screen: one class, one exit status.
enum class ErrorClass : std::uint8_t {
    Failed,         // The world refused, and asking again will not help.
    Retryable,      // A later run may succeed.
    Integrity,      // Data disagree: damage or a verified difference.
    SchemaChanged,  // The source's schema moved and the policy says stop.
    Usage,          // The command line is wrong.
    Config,         // The configuration is wrong.
    Interrupted,    // A signal asked us to stop.
    Bug,            // trueup is wrong.
};

/// The class's name in JSON ("failed", "retryable", …).
std::string_view name_of(ErrorClass kind);

struct Error {
    ErrorClass kind;
    std::string message;  // One sentence, names the object: table, file, key.
    std::string hint;     // What to do next; may be empty.
};

/// std::expected, with the two things it lacks: discarding one is a compile error, and the
/// codebase names it in one place.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
  public:
    using std::expected<T, Error>::expected;
};
using Status = Result<void>;

/// `return fail(ErrorClass::Config, "…")`, in any function that returns a Result.
inline std::unexpected<Error> fail(ErrorClass kind, std::string message, std::string hint = {}) {
    return std::unexpected(Error{kind, std::move(message), std::move(hint)});
}

/// Passes `error` on with `context: ` before its message. Added once, where a module's edge is
/// crossed.
std::unexpected<Error> in_context(Error error, std::string_view context);

/// Drops an outcome on purpose; `why` is for the reader and for grep.
template <class T>
void discard(const Result<T>& outcome, std::string_view why) {
    static_cast<void>(outcome);
    static_cast<void>(why);
}

/// Yields the value, or returns the error to the caller. Use it as a whole statement or a whole
/// initializer, never inside an argument list.
#define TRY(...)                                                   \
    (__extension__({                                               \
        auto try_result = (__VA_ARGS__);                           \
        if (!try_result) [[unlikely]]                              \
            return std::unexpected(std::move(try_result).error()); \
        *std::move(try_result);                                    \
    }))

}  // namespace trueup
