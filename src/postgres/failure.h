#pragma once

#include <expected>
#include <string_view>

#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace trueup::postgres {

/// What kind of failure an SQLSTATE means (PostgreSQL documentation, appendix A). Empty: the server
/// did not say one, as when the connection broke.
ErrorClass class_of(std::string_view sqlstate);

/// What the server just reported, as ours; `place` names the server. Private to this module.
std::unexpected<Error> failure(pg_result* result, std::string_view place);
/// The same for what libpq itself says of a connection.
std::unexpected<Error> failure(pg_conn* connection, std::string_view place);

}  // namespace trueup::postgres
