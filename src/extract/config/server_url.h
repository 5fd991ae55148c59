#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "extract/config/config.h"

namespace trueup::extract {

/// 5432, 3306.
int default_port(Engine engine);

/// A connection URL taken apart, percent-encoding undone.
struct ServerUrl {
    std::string scheme;
    std::string user;
    std::optional<std::string> password;
    std::string host;  // Without the brackets of an IPv6 address.
    std::optional<int> port;
    std::string database;
    std::map<std::string, std::string> parameters;
};

/// "scheme://user:password@host:port/database?name=value" (RFC 3986). The error, of class Config,
/// is the end of a sentence and repeats nothing of the URL.
Result<ServerUrl> parse_server_url(std::string_view text);

/// The password in a URL as it stands there, percent-encoded; empty when there is none.
std::string_view password_in_url(std::string_view text);

/// The engine that the URL's scheme means (postgres, postgresql; mysql, mariadb), or nothing.
std::optional<Engine> engine_of_url(std::string_view text);

/// The server of `engine` that a URL names; its TLS mode and certificates only when the URL says
/// them, relative paths from `directory`. Errors as above.
Result<Server> server_of_url(std::string_view text, Engine engine, const std::string& directory);

/// Where nothing is said: plain text to this very machine, a proven server everywhere else.
TlsMode default_tls(std::string_view host);

}  // namespace trueup::extract
