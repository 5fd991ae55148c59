#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"
#include "extract/config/resolve.h"
#include "extract/config/server_url.h"

// How to reach a server, and as whom. No message here repeats a password or a URL.

namespace trueup::extract {
namespace {

constexpr std::array<std::string_view, 3> kUrlKeys = {"url", "url_env", "url_file"};
constexpr std::array<std::string_view, 6> kAddressKeys = {"host",     "port",         "user",
                                                          "password", "password_env", "database"};

std::vector<std::string_view> written(const Section& source,
                                      std::span<const std::string_view> keys) {
    std::vector<std::string_view> found;
    std::ranges::copy_if(keys, std::back_inserter(found),
                         [&](std::string_view key) { return source.has(key); });
    return found;
}

Result<std::string> from_environment(const Section& source, std::string_view key,
                                     const Surroundings& surroundings) {
    const std::string name = source.text(key).value_or("");
    auto value = surroundings.environment(name);
    if (value && !value->empty()) return *std::move(value);
    return source.refuse(key,
                         fmt::format("names the environment variable {}, which is {}",
                                     source.messages().quoted(name), value ? "empty" : "not set"));
}

Result<std::string> from_file(const Section& source, std::string_view key,
                              const std::string& directory, const Surroundings& surroundings) {
    const std::string path = join_path(directory, source.text(key).value_or(""));
    const auto text = surroundings.read_file(path);
    if (!text) return source.refuse(key, "cannot be read: " + text.error().message);
    std::string value(trim(*text));
    if (value.empty()) return source.refuse(key, "names an empty file");
    return value;
}

Result<std::string> url_of(const Section& source, std::string_view key,
                           const std::string& directory, const Surroundings& surroundings) {
    if (key == "url_env") return from_environment(source, key, surroundings);
    if (key == "url_file") return from_file(source, key, directory, surroundings);
    return source.text(key).value_or("");
}

Result<Server> server_of_url_key(const Section& source, Engine engine, const std::string& directory,
                                 const Surroundings& surroundings) {
    const std::string_view key = written(source, kUrlKeys).front();
    const std::string text = TRY(url_of(source, key, directory, surroundings));
    auto server = server_of_url(text, engine, directory);
    if (!server) return source.refuse(key, server.error().message, server.error().hint);
    return *std::move(server);
}

/// A secret in the file is seen by all who see the file, and by its history. What `${NAME}` brings
/// is not in it.
void warn_of_secrets(const Section& source) {
    const std::string password = source.text("password").value_or("");
    if (!password.empty() && source.messages().as_written(password) == password) {
        source.warn("password",
                    "stands in the file for everybody who may read it: password_env names a "
                    "variable that holds it, url_file a file with the whole URL");
    }
    const std::string url = source.text("url").value_or("");
    const std::string_view in_url = password_in_url(url);
    const std::string written = source.messages().as_written(url);
    if (!in_url.empty() && password_in_url(written) == in_url) {
        source.warn("url",
                    "has a password in it for everybody who may read the file: url_env names a "
                    "variable that holds the URL, url_file a file");
    }
}

Result<Server> server_of_keys(const Section& source, Engine engine,
                              const Surroundings& surroundings) {
    for (const std::string_view needed : {"host", "user", "database"}) {
        if (source.has(needed)) continue;
        return source.messages().refuse(source.at(),
                                        fmt::format("source lacks the key \"{}\"", needed),
                                        "a server needs host, user and database, or a url");
    }
    if (source.has("password") && source.has("password_env")) {
        return source.refuse("password_env", "does not go together with password");
    }
    Server server{.host = source.text("host").value_or(""),
                  .port = static_cast<int>(source.integer("port").value_or(default_port(engine))),
                  .user = source.text("user").value_or(""),
                  .password = source.text("password").value_or(""),
                  .database = source.text("database").value_or("")};
    if (source.has("password_env")) {
        server.password = TRY(from_environment(source, "password_env", surroundings));
    }
    return server;
}

/// What `tls:` says goes before what a URL says; where neither says anything, only a server on this
/// very machine is talked to in plain text.
Status settle_tls(const Section& source, const std::string& directory,
                  const Surroundings& surroundings, Server& server) {
    if (!source.has("tls")) {
        if (!server.tls) server.tls = default_tls(server.host);
        return {};
    }
    const Section tls = source.section("tls");
    for (const std::string_view loose : {"accept_invalid_certs", "accept_invalid_hostnames"}) {
        if (!tls.flag(loose) || !tls.has("mode")) continue;
        return tls.refuse(
            loose, fmt::format("does not go together with mode: {}", tls.choice_name("mode")),
            "mode: require takes any certificate, verify-ca any host name");
    }
    server.tls = tls.choice<TlsMode>("mode").value_or(TlsMode::VerifyFull);
    if (tls.flag("accept_invalid_hostnames")) server.tls = TlsMode::VerifyCa;
    if (tls.flag("accept_invalid_certs")) server.tls = TlsMode::Require;
    if (!tls.has("ca_file")) return {};
    server.ca_file = absolute_path(join_path(directory, tls.text("ca_file").value_or("")));
    const auto readable = surroundings.read_file(server.ca_file);
    if (!readable) return tls.refuse("ca_file", "cannot be read: " + readable.error().message);
    return {};
}

}  // namespace

Result<Server> resolve_server(const Section& source, Engine engine, const std::string& directory,
                              const Surroundings& surroundings) {
    const auto urls = written(source, kUrlKeys);
    const auto keys = written(source, kAddressKeys);
    if (urls.size() > 1) {
        return source.refuse(urls[1], fmt::format("does not go together with {}", urls[0]));
    }
    if (!urls.empty() && !keys.empty()) {
        return source.refuse(keys[0], fmt::format("does not go together with {}", urls[0]),
                             "write everything into the URL, or nothing");
    }
    Server server = TRY(urls.empty() ? server_of_keys(source, engine, surroundings)
                                     : server_of_url_key(source, engine, directory, surroundings));
    if (server.host.contains('@')) {
        return source.refuse(
            urls.empty() ? "host" : urls[0], "has an \"@\" in its host",
            "the host alone belongs there: user and password have their own place");
    }
    warn_of_secrets(source);
    TRY(settle_tls(source, directory, surroundings, server));
    return server;
}

}  // namespace trueup::extract
