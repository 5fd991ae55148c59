#include "mysql/connection.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>

#include <algorithm>
#include <utility>

#include "base/certificates.h"
#include "base/signal.h"
#include "mysql/failure.h"
#include "mysql/library.h"
#include "mysql/wait.h"

namespace trueup::mysql {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long it may take to tell a server that a statement shall end.
constexpr milliseconds kKillPatience{2000};

/// Beyond the statement timeout: a server that is reached has ended the statement by then.
constexpr seconds kSilencePatience{15};

/// Ways to log in that are asked for; null: all. libmariadb insists on TLS, before it logs in, only
/// where host names are checked too. Elsewhere whoever answers may say that it has none: a password
/// in clear text is then out of the question, and where the server shall prove itself so is one
/// that is encrypted with a key of the other side's.
const char* logins_for(Tls tls) {
    switch (tls) {
        case Tls::VerifyFull: return nullptr;
        case Tls::VerifyCa: return "mysql_native_password,client_ed25519";
        case Tls::Require:
        case Tls::Disable:
            return "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password";
    }
    std::unreachable();
}

}  // namespace

std::string place_of(const ConnectOptions& options) {
    return fmt::format("{}:{}/{}", options.host, options.port, options.database);
}

void Connection::Close::operator()(st_mysql* connection) const noexcept { mysql_close(connection); }

Result<Connection> Connection::open(const ConnectOptions& options) {
    TRY(load_libmariadb());
    TRY(check_interrupt());
    Connection opened(mysql_init(nullptr), options);
    if (!opened.connection_) return fail(ErrorClass::Failed, "no memory for a connection");
    TRY(opened.tell_options());
    TRY(opened.connect());
    TRY(opened.set_up());
    return opened;
}

/// Nothing is read from option files, and no server may ask for a file of ours.
Status Connection::tell_options() {
    st_mysql* mysql = connection_.get();
    const my_bool yes = 1;
    const unsigned int no_files = 0;
    int refused = mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    refused += mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, &wait_for_socket);
    refused += mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &no_files);
    refused += mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "trueup");
    if (const char* logins = logins_for(options_.tls)) {
        refused += mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, logins);
    }
    // A name alone would be looked for as a socket file.
    const bool is_socket = options_.host.starts_with('/');
    const unsigned int protocol = is_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    refused += mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    if (options_.statement_timeout != seconds(0)) {
        const auto limit =
            static_cast<unsigned int>((options_.statement_timeout + kSilencePatience).count());
        refused += mysql_optionsv(mysql, MYSQL_OPT_READ_TIMEOUT, &limit);
    }
    if (options_.tls != Tls::Disable) refused += mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    if (options_.tls >= Tls::VerifyCa) {
        // A certificate of an authority is asked for as soon as authorities are named.
        const std::string authorities =
            options_.ca_file.empty() ? system_certificates() : options_.ca_file;
        refused += mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, authorities.c_str());
    }
    if (options_.tls == Tls::VerifyFull) {
        refused += mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    }
    if (refused == 0) return {};
    return fail(ErrorClass::Failed, "MariaDB's client library is too old for trueup");
}

Status Connection::connect() {
    const bool is_socket = options_.host.starts_with('/');
    const Patience patience(options_.connect_timeout, Patience::OnStop::GiveUp);
    st_mysql* mysql = connection_.get();
    const auto* done = mysql_real_connect(
        mysql, is_socket ? nullptr : options_.host.c_str(), options_.user.c_str(),
        options_.password.empty() ? nullptr : options_.password.c_str(), options_.database.c_str(),
        static_cast<unsigned int>(options_.port), is_socket ? options_.host.c_str() : nullptr, 0);
    if (done != nullptr) {
        const bool is_plain = mysql_get_ssl_cipher(mysql) == nullptr;
        if (is_plain && options_.tls != Tls::Disable) {
            return fail(ErrorClass::Failed, fmt::format("{}: the server has no TLS", place_),
                        "configure it there, or send plain text with tls: {mode: disable}");
        }
        server_version_ = mysql_get_server_version(mysql);
        const std::string_view version = mysql_get_server_info(mysql);
        is_mariadb_ = version.contains("MariaDB");
        return {};
    }
    TRY(check_interrupt());
    if (patience.has_run_out()) {
        return fail(ErrorClass::Retryable, fmt::format("{}: no answer within {} s", place_,
                                                       options_.connect_timeout.count()));
    }
    auto failed = failure(mysql_errno(mysql), mysql_error(mysql), place_);
    // No database is no mistake of an export's.
    if (failed.error().kind == ErrorClass::Config) failed.error().kind = ErrorClass::Failed;
    return failed;
}

Status Connection::set_up() {
    const Patience patience(options_.connect_timeout, Patience::OnStop::GiveUp);
    // Dates that no calendar has may be stored, so bounds have to hold them. Readers may pause for
    // long, and sessions wait for each other. Limits that an administrator set for people would cut
    // rows off.
    TRY(
        exec("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00', autocommit = 1, "
             "sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_auto_is_null = 0, "
             "wait_timeout = 604800, net_read_timeout = 3600, net_write_timeout = 3600"));
    TRY(exec("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"));
    if (!is_mariadb_ && server_version_ >= 80000) {
        TRY(exec("SET SESSION information_schema_stats_expiry = 0"));
    }
    const auto run = options_.statement_timeout;
    TRY(exec(is_mariadb_
                 ? fmt::format("SET SESSION max_statement_time = {}", run.count())
                 : fmt::format("SET SESSION max_execution_time = {}", milliseconds(run).count())));
    if (options_.lock_timeout == seconds(0)) return {};
    return exec(fmt::format("SET SESSION lock_wait_timeout = {}", options_.lock_timeout.count()));
}

std::unexpected<Error> Connection::failed(unsigned int number, const char* said) {
    auto error = failure(number, said, place_);
    is_lost_ = is_lost_ || ends_session(number);
    if (const Status go_on = check_interrupt(); !go_on) {
        kill_query();
        is_lost_ = true;
        return std::unexpected(go_on.error());
    }
    return error;
}

unsigned long Connection::announced_id() const { return mysql_thread_id(connection_.get()); }

std::unexpected<Error> Connection::lost() const { return failure(CR_SERVER_LOST, nullptr, place_); }

std::unexpected<Error> Connection::failed() {
    return failed(mysql_errno(connection_.get()), mysql_error(connection_.get()));
}

/// A connection that breaks while rows come is not always said of the statement.
std::unexpected<Error> Connection::failed(st_mysql_stmt* statement) {
    const unsigned int number = mysql_stmt_errno(statement);
    if (number != 0) return failed(number, mysql_stmt_error(statement));
    if (mysql_errno(connection_.get()) != 0) return failed();
    return failed(CR_SERVER_LOST, nullptr);
}

Status Connection::send(std::string_view sql) {
    const auto size = static_cast<unsigned long>(sql.size());
    if (mysql_real_query(connection_.get(), sql.data(), size) == 0) return {};
    return failed();
}

Result<Rows> Connection::query(std::string_view sql) {
    TRY(send(sql));
    struct Free {
        void operator()(MYSQL_RES* result) const noexcept { mysql_free_result(result); }
    };
    const std::unique_ptr<MYSQL_RES, Free> result(mysql_store_result(connection_.get()));
    if (!result) {
        if (mysql_field_count(connection_.get()) != 0) return failed();
        return Rows({});
    }
    const unsigned int columns = mysql_num_fields(result.get());
    std::vector<Rows::Row> rows;
    while (MYSQL_ROW values = mysql_fetch_row(result.get())) {
        const unsigned long* sizes = mysql_fetch_lengths(result.get());
        Rows::Row& row = rows.emplace_back(columns);
        for (unsigned int i = 0; i < columns; ++i) {
            if (values[i] != nullptr) row[i].emplace(values[i], sizes[i]);
        }
    }
    return Rows(std::move(rows));
}

Status Connection::exec(std::string_view sql) {
    TRY(query(sql));
    return {};
}

Result<Statement> Connection::prepare(std::string_view sql) {
    Statement statement(mysql_stmt_init(connection_.get()));
    if (!statement) return fail(ErrorClass::Failed, "no memory for a statement");
    const auto size = static_cast<unsigned long>(sql.size());
    if (mysql_stmt_prepare(statement.get(), sql.data(), size) != 0) return failed(statement.get());
    return statement;
}

namespace {

std::vector<ResultColumn> columns_of(st_mysql_stmt* statement) {
    std::vector<ResultColumn> columns;
    MYSQL_RES* const described = mysql_stmt_result_metadata(statement);
    if (described == nullptr) return columns;
    const unsigned int count = mysql_num_fields(described);
    const MYSQL_FIELD* const fields = mysql_fetch_fields(described);
    columns.reserve(count);
    for (unsigned int i = 0; i < count; ++i) columns.push_back(result_column(fields[i]));
    mysql_free_result(described);
    return columns;
}

}  // namespace

Result<std::vector<ResultColumn>> Connection::describe(std::string_view sql) {
    const Statement statement = TRY(prepare(sql));
    return columns_of(statement.get());
}

Result<RowStream> Connection::stream(std::string_view sql) {
    Statement statement = TRY(prepare(sql));
    if (mysql_stmt_execute(statement.get()) != 0) return failed(statement.get());
    // Execution may know more than preparation did.
    auto columns = columns_of(statement.get());
    return RowStream(*this, std::move(statement), std::move(columns));
}

void Connection::kill_query() noexcept {
    const Patience patience(kKillPatience, Patience::OnStop::GoOn);
    Connection other(mysql_init(nullptr), options_);
    if (!other.connection_ || !other.tell_options() || !other.connect()) return;
    const std::string kill = fmt::format("KILL QUERY {}", mysql_thread_id(connection_.get()));
    mysql_real_query(other.connection_.get(), kill.data(), static_cast<unsigned long>(kill.size()));
}

}  // namespace trueup::mysql
