#pragma once

#include <expected>
#include <string_view>

#include "base/result.h"

namespace trueup::mysql {

/// What kind of failure an error number means: of MySQL's and MariaDB's servers (1000 and up, 3000
/// and up) or of the client library (2000 to 2999, 5000 and up).
ErrorClass class_of(unsigned int number);
/// True when the session is gone: only a new connection helps.
bool ends_session(unsigned int number);

/// What the server or libmariadb said, as ours; `place` names the server. Private to this module.
std::unexpected<Error> failure(unsigned int number, const char* said, std::string_view place);

}  // namespace trueup::mysql
