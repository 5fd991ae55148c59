#include "extract/config/server_url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"

namespace trueup::extract {
namespace {

std::unexpected<Error> refuse(std::string why, std::string hint = {}) {
    return fail(ErrorClass::Config, std::move(why), std::move(hint));
}

/// "%41" is "A"; nothing when a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        const std::string_view digits = text.substr(i + 1, 2);
        unsigned int letter = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), letter, 16);
        if (error != std::errc() || end != digits.data() + 2 || letter == 0) return std::nullopt;
        plain += static_cast<char>(letter);
        i += 2;
    }
    return plain;
}

/// What stands before `mark`, which goes too; all of it when there is none.
std::string_view take_until(std::string_view& text, char mark) {
    const std::size_t at = std::min(text.find(mark), text.size());
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return taken;
}

Result<std::string> part(std::string_view text) {
    auto plain = decoded(text);
    if (!plain) return refuse("has a \"%\" that is not followed by two hexadecimal digits");
    return *std::move(plain);
}

Status take_parameters(std::string_view text, ServerUrl& url) {
    while (!text.empty()) {
        std::string_view value = take_until(text, '&');
        const std::string name = TRY(part(take_until(value, '=')));
        url.parameters[name] = TRY(part(value));
    }
    return {};
}

/// "host", "host:5432", "[::1]:5432".
Status take_address(std::string_view address, ServerUrl& url) {
    std::string_view host = address;
    std::string_view port;
    if (address.starts_with('[')) {
        const std::size_t close = address.find(']');
        if (close == std::string_view::npos) return refuse("has a \"[\" that is not closed");
        host = address.substr(1, close - 1);
        port = address.substr(close + 1);
        if (!port.empty() && !port.starts_with(':')) return refuse("has an unreadable host");
        port.remove_prefix(std::min<std::size_t>(port.size(), 1));
    } else {
        host = take_until(address, ':');
        port = address;
    }
    url.host = TRY(part(host));
    if (port.empty()) return {};
    const auto number = parse_int64(port);
    if (!number || *number < 1 || *number > 65'535) {
        return refuse("has a port that is no number from 1 to 65,535");
    }
    url.port = static_cast<int>(*number);
    return {};
}

struct Credentials {
    std::string_view user;
    std::optional<std::string_view> password;
};

/// Of "user:password@host"; leaves the host. A password may hold an "@" that somebody forgot to
/// encode.
Credentials take_credentials(std::string_view& authority) {
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos) return {};
    std::string_view rest = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const bool has_password = rest.contains(':');
    Credentials found{.user = take_until(rest, ':'), .password = {}};
    if (has_password) found.password = rest;
    return found;
}

}  // namespace

std::string_view password_in_url(std::string_view text) {
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return {};
    text.remove_prefix(colon + 3);
    std::string_view authority = take_until(text, '/');
    return take_credentials(authority).password.value_or("");
}

Result<ServerUrl> parse_server_url(std::string_view text) {
    ServerUrl url;
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) {
        return refuse("is no URL: it must begin as postgres:// or mysql://");
    }
    url.scheme = lower_ascii(text.substr(0, colon));
    text.remove_prefix(colon + 3);
    std::string_view path = text;
    std::string_view authority = take_until(path, '/');
    // What stands behind a "/" or "?" of a password would be shown as a database or a parameter.
    if (path.contains('@') || authority.find('?') < authority.rfind('@') + 1) {
        return refuse("has an \"@\" behind its host",
                      "in a password, write / as %2F, ? as %3F and # as %23");
    }
    if (const std::size_t mark = authority.find('?'); mark != std::string_view::npos) {
        path = {};
        TRY(take_parameters(authority.substr(mark + 1), url));
        authority = authority.substr(0, mark);
    }
    Credentials credentials = take_credentials(authority);
    url.user = TRY(part(credentials.user));
    if (credentials.password) url.password = TRY(part(*credentials.password));
    TRY(take_address(authority, url));
    url.database = TRY(part(take_until(path, '?')));
    TRY(take_parameters(path, url));
    return url;
}

namespace {

/// What is peculiar to the URLs of an engine, in the words of its own programs.
struct Dialect {
    Engine engine;
    std::string_view title;
    std::array<std::string_view, 2> schemes;
    int port;
    std::string_view mode;                  // The parameter for the TLS mode,
    std::string_view authority;             // for certificates to trust,
    std::string_view place;                 // and for another place than the host: a socket.
    std::array<std::string_view, 4> modes;  // In the order of TlsMode.
    std::string_view unsafe_modes;
    std::array<std::string_view, 2> ignored;
};

constexpr std::array<Dialect, 2> kDialects = {{
    {.engine = Engine::Postgres,
     .title = "PostgreSQL",
     .schemes = {"postgres", "postgresql"},
     .port = 5432,
     .mode = "sslmode",
     .authority = "sslrootcert",
     .place = "host",
     .modes = {"disable", "require", "verify-ca", "verify-full"},
     .unsafe_modes = "prefer and allow",
     .ignored = {"application_name", "connect_timeout"}},
    {.engine = Engine::Mysql,
     .title = "MySQL or MariaDB",
     .schemes = {"mysql", "mariadb"},
     .port = 3306,
     .mode = "ssl-mode",
     .authority = "ssl-ca",
     .place = "socket",
     .modes = {"disabled", "required", "verify_ca", "verify_identity"},
     .unsafe_modes = "preferred",
     .ignored = {"charset", "connect_timeout"}},
}};

const Dialect& dialect_of(Engine engine) {
    const auto* const found = std::ranges::find(kDialects, engine, &Dialect::engine);
    CHECK(found != kDialects.end());
    return *found;
}

Result<TlsMode> mode_named(const Dialect& dialect, std::string_view name) {
    const std::string wanted = lower_ascii(name);
    const auto* const found = std::ranges::find(dialect.modes, wanted);
    if (found != dialect.modes.end()) return static_cast<TlsMode>(found - dialect.modes.begin());
    return refuse(
        fmt::format("holds an {} that is none of {}", dialect.mode, fmt::join(dialect.modes, ", ")),
        fmt::format("{} would fall back to plain text unasked", dialect.unsafe_modes));
}

Status take_parameter(const Dialect& dialect, std::string_view name, const std::string& value,
                      const std::string& directory, Server& server) {
    if (name == dialect.mode) {
        server.tls = TRY(mode_named(dialect, value));
    } else if (name == dialect.authority) {
        server.ca_file = absolute_path(join_path(directory, value));
    } else if (name == dialect.place) {
        server.host = value;
    } else if (std::ranges::find(dialect.ignored, name) == dialect.ignored.end()) {
        return refuse(
            fmt::format("has the parameter {}, which trueup does not know", printable(name)),
            fmt::format("known: {}, {}, {}", dialect.mode, dialect.authority, dialect.place));
    }
    return {};
}

}  // namespace

int default_port(Engine engine) { return dialect_of(engine).port; }

std::optional<Engine> engine_of_url(std::string_view text) {
    const std::string scheme = lower_ascii(text.substr(0, text.find("://")));
    for (const Dialect& dialect : kDialects) {
        if (std::ranges::find(dialect.schemes, scheme) != dialect.schemes.end()) {
            return dialect.engine;
        }
    }
    return std::nullopt;
}

Result<Server> server_of_url(std::string_view text, Engine engine, const std::string& directory) {
    const Dialect& dialect = dialect_of(engine);
    const ServerUrl url = TRY(parse_server_url(text));
    if (std::ranges::find(dialect.schemes, url.scheme) == dialect.schemes.end()) {
        return refuse(fmt::format("is no URL of a {} server: it must begin as {}://", dialect.title,
                                  dialect.schemes[0]));
    }
    Server server{.host = url.host,
                  .port = url.port.value_or(dialect.port),
                  .user = url.user,
                  .password = url.password.value_or(""),
                  .database = url.database};
    for (const auto& [name, value] : url.parameters) {
        TRY(take_parameter(dialect, name, value, directory, server));
    }
    if (server.host.empty() || server.user.empty() || server.database.empty()) {
        return refuse(
            "must name a host, a user and a database",
            fmt::format("for example: {}://reader@db.example.com/shop", dialect.schemes[0]));
    }
    return server;
}

TlsMode default_tls(std::string_view host) {
    const bool is_here =
        host == "localhost" || host == "::1" || host.starts_with("127.") || host.starts_with('/');
    return is_here ? TlsMode::Disable : TlsMode::VerifyFull;
}

}  // namespace trueup::extract
