#include "postgres/failure.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"

namespace trueup::postgres {
namespace {

/// Shutting down, starting up, too many clients; a deadlock; a lock that was not to be had.
constexpr std::array<std::string_view, 7> kPassing = {"57P01", "57P02", "57P03", "40001",
                                                      "40P01", "55P03", "25P03"};
/// Undefined column, table, function, object, schema, database.
constexpr std::array<std::string_view, 6> kMissing = {"42703", "42P01", "42883",
                                                      "42704", "3F000", "3D000"};

std::string_view hint_for(std::string_view sqlstate) {
    if (sqlstate == "57014") return "raise tuning.statement_timeout_s, or cut smaller chunks";
    if (sqlstate == "55P03") return "raise tuning.lock_timeout_s, or try again later";
    if (sqlstate == "42501") return "grant SELECT on it to the user that connects";
    if (sqlstate == "53300") return "lower tuning.parallel, or raise max_connections";
    return {};
}

/// The first line, without the "ERROR:  " or "connection to server at …" that says it twice.
std::string first_line(const char* text) {
    std::string_view said = text == nullptr ? "" : text;
    said = trim(said.substr(0, said.find('\n')));
    for (const std::string_view lead : {"ERROR:  ", "FATAL:  "}) {
        if (const auto at = said.find(lead); at != std::string_view::npos) {
            said.remove_prefix(at + lead.size());
        }
    }
    return said.empty() ? "the connection was lost" : printable(said);
}

std::string_view field(const pg_result* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

ErrorClass class_of(std::string_view sqlstate) {
    const bool is_lost = sqlstate.empty() || sqlstate.starts_with("08");
    const bool is_short_of_resources = sqlstate.starts_with("53");
    if (is_lost || is_short_of_resources ||
        std::ranges::find(kPassing, sqlstate) != kPassing.end()) {
        return ErrorClass::Retryable;
    }
    return std::ranges::find(kMissing, sqlstate) != kMissing.end() ? ErrorClass::Config
                                                                   : ErrorClass::Failed;
}

std::unexpected<Error> failure(pg_result* result, std::string_view place) {
    const std::string_view sqlstate = field(result, PG_DIAG_SQLSTATE);
    const std::string_view primary = field(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string said =
        primary.empty() ? first_line(PQresultErrorMessage(result)) : printable(primary);
    return fail(class_of(sqlstate), fmt::format("{}: {}", place, said),
                std::string(hint_for(sqlstate)));
}

std::unexpected<Error> failure(pg_conn* connection, std::string_view place) {
    return fail(ErrorClass::Retryable,
                fmt::format("{}: {}", place, first_line(PQerrorMessage(connection))));
}

}  // namespace trueup::postgres
