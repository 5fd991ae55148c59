#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mysql/result_column.h"
#include "mysql/row_stream.h"

struct st_mysql;       // NOLINT(readability-identifier-naming): the library's name.
struct st_mysql_stmt;  // NOLINT(readability-identifier-naming): the same.

/// MySQL and MariaDB through libmariadb (https://mariadb.com/kb/en/mariadb-connector-c/), which is
/// loaded when it is first needed.
namespace trueup::mysql {

/// How much of the server's identity is proven. Nothing but Disable sends a statement in the clear;
/// VerifyFull alone keeps even the user's name from a server without TLS, and VerifyCa logs in only
/// by answers that hold no password (mysql_native_password, ed25519).
enum class Tls : std::uint8_t { Disable, Require, VerifyCa, VerifyFull };

struct ConnectOptions {
    std::string host;  // A name, an address, or a Unix socket ("/…").
    int port = 3306;
    std::string user;
    std::string password;  // Empty: what the server lets in without, or MYSQL_PWD.
    std::string database;
    Tls tls = Tls::VerifyFull;
    std::string ca_file;  // Empty: the system's certificates.
    std::chrono::seconds connect_timeout{15};
    std::chrono::seconds statement_timeout{0};  // 0: none.
    std::chrono::seconds lock_timeout{0};       // 0: none.
};

/// "db.example.com:3306/shop": never with a user or a password.
std::string place_of(const ConnectOptions& options);

/// The rows of a small query, each value as the server's text.
class Rows {
  public:
    using Row = std::vector<std::optional<std::string>>;
    explicit Rows(std::vector<Row> rows) : rows_(std::move(rows)) {}
    std::size_t size() const { return rows_.size(); }
    bool is_null(std::size_t row, std::size_t column) const { return !rows_[row][column]; }
    /// Empty for NULL; valid as long as this object.
    std::string_view text(std::size_t row, std::size_t column) const {
        const auto& value = rows_[row][column];
        return value ? std::string_view(*value) : std::string_view();
    }

  private:
    std::vector<Row> rows_;
};

/// One session: UTC, utf8mb4, a fixed sql_mode, read-only, closed on destruction. Move-only; for
/// one thread at a time. Every wait ends at once with Interrupted when a signal asks to stop, and
/// the server is told to stop too.
///
/// Errors name the server (never the user's password): Retryable when another attempt may succeed
/// (connection lost, server full or ending, deadlock, lock not available), Config for tables and
/// columns that do not exist, Failed for everything else.
class Connection {
  public:
    static Result<Connection> open(const ConnectOptions& options);
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) noexcept = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() = default;

    /// One statement; all of its rows are held in memory.
    Result<Rows> query(std::string_view sql);
    /// The same without rows.
    Status exec(std::string_view sql);
    /// The columns that the query would return. It is parsed, not run.
    Result<std::vector<ResultColumn>> describe(std::string_view sql);
    /// Runs the query as a prepared statement. The connection does nothing else until the stream
    /// ends, and must outlive it.
    Result<RowStream> stream(std::string_view sql);

    /// A second session beside this one.
    Result<Connection> open_another() const { return open(options_); }

    bool is_mariadb() const { return is_mariadb_; }
    /// The session's number as the server greeted with it.
    unsigned long announced_id() const;
    /// 101119 for 10.11.19.
    unsigned long server_version() const { return server_version_; }
    /// False once the session is lost.
    bool is_alive() const { return !is_lost_; }
    /// What is said of a session that is.
    std::unexpected<Error> lost() const;
    const std::string& place() const { return place_; }

  private:
    friend class RowStream;
    struct Close {
        void operator()(st_mysql* connection) const noexcept;
    };
    Connection(st_mysql* connection, ConnectOptions options)
        : connection_(connection), options_(std::move(options)), place_(place_of(options_)) {}
    Status tell_options();
    Status connect();
    Status set_up();
    Status send(std::string_view sql);
    Result<Statement> prepare(std::string_view sql);
    /// What just went wrong, or Interrupted; a statement that may still run is then cancelled.
    std::unexpected<Error> failed(unsigned int number, const char* said);
    std::unexpected<Error> failed();
    std::unexpected<Error> failed(st_mysql_stmt* statement);
    /// Ends the statement that runs, by another connection; what stays of it has to be read.
    void kill_query() noexcept;

    std::unique_ptr<st_mysql, Close> connection_;
    ConnectOptions options_;
    std::string place_;
    bool is_mariadb_ = false;
    bool is_lost_ = false;
    unsigned long server_version_ = 0;
};

}  // namespace trueup::mysql
