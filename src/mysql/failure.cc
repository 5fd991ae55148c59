#include "mysql/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace trueup::mysql {
namespace {

/// https://mariadb.com/kb/en/mariadb-error-code-reference/ and
/// https://dev.mysql.com/doc/mysql-errors/8.4/en/: too many connections (1040, 1203, 1226),
/// shutting down (1053), a lock that was not to be had (1205), a deadlock (1213), interrupted by
/// somebody (1317), a table that was altered meanwhile (1412), a broken connection (1152 to 1161,
/// 1184), killed (1927).
constexpr std::array<unsigned int, 20> kPassing = {1040, 1053, 1152, 1153, 1154, 1155, 1156,
                                                   1157, 1158, 1159, 1160, 1161, 1184, 1203,
                                                   1205, 1213, 1226, 1317, 1412, 1927};
/// No answer, gone away, lost: 2002, 2003, 2006, 2012, 2013, 2055, 5014 (lost while reading).
constexpr std::array<unsigned int, 8> kLost = {1927, 2002, 2003, 2006, 2012, 2013, 2055, 5014};
/// Unknown column, table, function.
constexpr std::array<unsigned int, 3> kMissing = {1054, 1146, 1305};

bool is_in(auto numbers, unsigned int number) {
    return std::ranges::find(numbers, number) != numbers.end();
}

std::string_view hint_for(unsigned int number) {
    switch (number) {
        case 1969:
        case 3024: return "raise tuning.statement_timeout_s, or cut smaller chunks";
        case 1205: return "raise tuning.lock_timeout_s, or try again later";
        case 1142:
        case 1143: return "grant SELECT on it to the user that connects";
        case 1040:
        case 1203: return "lower tuning.parallel, or raise max_connections";
        default: return {};
    }
}

}  // namespace

ErrorClass class_of(unsigned int number) {
    if (is_in(kPassing, number) || is_in(kLost, number)) return ErrorClass::Retryable;
    return is_in(kMissing, number) ? ErrorClass::Config : ErrorClass::Failed;
}

bool ends_session(unsigned int number) {
    constexpr unsigned int kShuttingDown = 1053;
    return is_in(kLost, number) || number == kShuttingDown;
}

std::unexpected<Error> failure(unsigned int number, const char* said, std::string_view place) {
    const std::string_view text = said == nullptr ? "" : trim(said);
    return fail(
        class_of(number),
        fmt::format("{}: {}", place, text.empty() ? "the connection was lost" : printable(text)),
        std::string(hint_for(number)));
}

}  // namespace trueup::mysql
