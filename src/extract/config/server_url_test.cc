#include "extract/config/server_url.h"

#include <gtest/gtest.h>

namespace trueup::extract {
namespace {

TEST(ServerUrl, IsTakenApart) {
    const ServerUrl url = parse_server_url(
                              "PostgreSQL://re%61der:s%3A%40%2Fcret@db.example.com:5433/sh%20op"
                              "?sslmode=require&host=/run/x")
                              .value();
    EXPECT_EQ(url.scheme, "postgresql");
    EXPECT_EQ(url.user, "reader");
    EXPECT_EQ(url.password, "s:@/cret");
    EXPECT_EQ(url.host, "db.example.com");
    EXPECT_EQ(url.port, 5433);
    EXPECT_EQ(url.database, "sh op");
    EXPECT_EQ(url.parameters.at("sslmode"), "require");
    EXPECT_EQ(url.parameters.at("host"), "/run/x");
}

TEST(ServerUrl, MostOfItMayBeMissing) {
    struct Row {
        std::string_view text;
        std::string_view user;
        std::string_view host;
        std::string_view database;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"x://", "", "", ""},
        Row{"x://h", "", "h", ""},
        Row{"x:///d", "", "", "d"},
        Row{"x://u@h/d", "u", "h", "d"},
        Row{"x://u@/d", "u", "", "d"},
        Row{"x://h?a=b", "", "h", ""},
        Row{"x://a@b@h/d", "a@b", "h", "d"},
        Row{"x://[::1]/d", "", "::1", "d"},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.text);
        const auto url = parse_server_url(row.text);
        ASSERT_TRUE(url.has_value());
        EXPECT_EQ(url->user, row.user);
        EXPECT_EQ(url->host, row.host);
        EXPECT_EQ(url->database, row.database);
        EXPECT_EQ(url->password, std::nullopt);
        EXPECT_EQ(url->port, std::nullopt);
    }
}

TEST(ServerUrl, AnEmptyPasswordIsOne) {
    EXPECT_EQ(parse_server_url("x://u:@h/d").value().password, "");
    EXPECT_EQ(parse_server_url("x://[::1]:7/d").value().port, 7);
}

TEST(ServerUrl, APasswordIsFoundAsItStandsThere) {
    EXPECT_EQ(password_in_url("x://u:s%40/d"), "");
    EXPECT_EQ(password_in_url("x://u:s%40:@h/d"), "s%40:");
    EXPECT_EQ(password_in_url("x://u@h:1/d"), "");
    EXPECT_EQ(password_in_url("x://u:${PASSWORD}@h:${PORT}/d"), "${PASSWORD}");
    EXPECT_EQ(password_in_url("u:s@h"), "");
}

TEST(ServerUrl, WhatIsNoneIsRefusedWithoutRepeatingIt) {
    for (const std::string_view text :
         {"", "secret", "secret@host", "x://u:secret@h:0/d", "x://u:secret@h:65536/d",
          "x://u:secret@h:1a/d", "x://u:secret%@h/d", "x://u:secret%4@h/d", "x://u:secret%zz@h/d",
          "x://u:secret%00@h/d", "x://u:secret@[::1/d", "x://u:secret@[::1]5/d",
          "x://u:12/secret@h/d", "x://u:12?secret@h/d", "x://u:1/2?secret@h/d"}) {
        const auto url = parse_server_url(text);
        ASSERT_FALSE(url.has_value()) << text;
        EXPECT_EQ(url.error().kind, ErrorClass::Config);
        EXPECT_EQ(url.error().message.find("secret"), std::string::npos) << url.error().message;
    }
}

TEST(ServerUrl, EachEngineHasItsOwnWords) {
    const Server postgres =
        server_of_url("postgres://u@h/d?sslmode=verify-ca&host=/run", Engine::Postgres, "/x")
            .value();
    EXPECT_EQ(postgres.port, 5432);
    EXPECT_EQ(postgres.host, "/run");
    EXPECT_EQ(postgres.tls, TlsMode::VerifyCa);
    const Server mysql =
        server_of_url("MariaDB://u@h/d?ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem", Engine::Mysql, "/x")
            .value();
    EXPECT_EQ(mysql.port, 3306);
    EXPECT_EQ(mysql.tls, TlsMode::VerifyFull);
    EXPECT_EQ(mysql.ca_file, "/x/ca.pem");
    EXPECT_EQ(server_of_url("mysql://u@h:7/d?socket=/run/s", Engine::Mysql, "/x").value().host,
              "/run/s");
    EXPECT_FALSE(server_of_url("mysql://u@h/d", Engine::Postgres, "/x").has_value());
    EXPECT_FALSE(server_of_url("mysql://u@h/d?sslmode=require", Engine::Mysql, "/x").has_value());
}

TEST(ServerUrl, TheSchemeNamesTheEngine) {
    EXPECT_EQ(engine_of_url("postgresql://h"), Engine::Postgres);
    EXPECT_EQ(engine_of_url("MYSQL://h"), Engine::Mysql);
    EXPECT_EQ(engine_of_url("mariadb://h"), Engine::Mysql);
    EXPECT_EQ(engine_of_url("oracle://h"), std::nullopt);
}

}  // namespace
}  // namespace trueup::extract
