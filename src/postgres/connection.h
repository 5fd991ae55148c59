#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

struct pg_conn;
struct pg_result;

/// PostgreSQL through libpq (https://www.postgresql.org/docs/current/libpq.html), which is loaded
/// when it is first needed.
namespace trueup::postgres {

/// How much of the server's identity is proven. Nothing but Disable sends a byte in the clear.
enum class Tls : std::uint8_t { Disable, Require, VerifyCa, VerifyFull };

struct ConnectOptions {
    std::string host;  // A name, an address, or the folder of a Unix socket ("/…").
    int port = 5432;
    std::string user;
    std::string password;  // Empty: what the server lets in without, or ~/.pgpass.
    std::string database;
    Tls tls = Tls::VerifyFull;
    std::string ca_file;  // Empty: the system's certificates.
    std::chrono::seconds connect_timeout{15};
    std::chrono::seconds statement_timeout{0};  // 0: none.
    std::chrono::seconds lock_timeout{0};       // 0: none.
    /// The session is left as the server made it, outside of any transaction: for looking at what
    /// stands in between.
    bool is_bare = false;
};

/// "db.example.com:5432/shop": never with a user or a password.
std::string place_of(const ConnectOptions& options);

/// The rows of a query, each value as the server's text.
class Rows {
  public:
    explicit Rows(pg_result* result) : result_(result) {}
    int size() const;
    bool is_null(int row, int column) const;
    /// Empty for NULL; valid as long as this object.
    std::string_view text(int row, int column) const;
    /// Fails, naming the server, where a value is no UTF-8.
    Status check_utf8(const std::string& place) const;

  private:
    struct Clear {
        void operator()(pg_result* result) const noexcept;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

/// The same of one text.
Status check_utf8(std::string_view text, const std::string& place);

/// A column of a statement's result.
struct ResultColumn {
    std::string name;
    std::uint32_t type_oid = 0;
    std::int32_t type_modifier = -1;
};

class Connection;

/// The rows of a COPY … TO STDOUT, message by message. The connection does nothing else meanwhile;
/// one that is left before its end is cancelled.
class CopyOut {
  public:
    CopyOut(CopyOut&&) noexcept;
    CopyOut& operator=(CopyOut&&) = delete;
    CopyOut(const CopyOut&) = delete;
    CopyOut& operator=(const CopyOut&) = delete;
    ~CopyOut();

    /// The next message's bytes, valid until the next call; nothing at the end.
    Result<std::optional<std::string_view>> next();

  private:
    friend class Connection;
    explicit CopyOut(Connection& connection) : connection_(&connection) {}
    void release();

    Connection* connection_;
    char* message_ = nullptr;
    bool is_done_ = false;
};

/// One session: UTC, ISO dates, exact floats, read-only, closed on destruction. Move-only; for one
/// thread at a time. Every wait ends at once with Interrupted when a signal asks to stop, and the
/// server is told to stop too.
///
/// A pooler may lend another server session to each transaction, and lend it to others afterwards:
/// through one, there is a transaction at all times, and what is set ends with it.
///
/// Errors name the server (never the user's password): Retryable when another attempt may succeed
/// (connection lost, server starting or full, serialization, deadlock, lock not available), Config
/// for objects that do not exist, Failed for everything else.
class Connection {
  public:
    static Result<Connection> open(const ConnectOptions& options);
    /// From here on every statement sees one state of the data, until end_transaction().
    Status begin_repeatable_read();
    Status end_transaction();
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) noexcept = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() = default;

    /// One statement with parameters $1, $2, … in text form; nothing is NULL.
    Result<Rows> query(const std::string& sql,
                       std::span<const std::optional<std::string>> parameters = {});
    /// A question that need not be answered: an open transaction goes on when it fails.
    Result<Rows> query_apart(const std::string& sql);
    /// Statements without parameters; rows are dropped.
    Status exec(const std::string& sql);
    /// The columns that the query would return. It is parsed, not run.
    Result<std::vector<ResultColumn>> describe(const std::string& sql);
    /// `sql` is a whole COPY … TO STDOUT.
    Result<CopyOut> copy_out(const std::string& sql);

    /// 150018 for 15.18.
    int server_version() const { return server_version_; }
    /// Lost: only a new connection helps. Failed: the transaction is, and has to be rolled back.
    enum class State : std::uint8_t { Ready, Failed, Lost };
    State state() const;
    bool is_alive() const { return state() != State::Lost; }
    const std::string& place() const { return place_; }
    /// "TLSv1.3"; nothing when the connection is not encrypted.
    std::optional<std::string> tls_version() const;
    /// A pooler or another go-between answers in the server's place.
    bool is_pooled() const { return is_pooled_; }
    /// The server (SQL_ASCII) does not know how its texts are encoded: those of copy_out() are any
    /// bytes, while query() fails where one is no UTF-8.
    bool has_raw_texts() const { return has_raw_texts_; }
    /// The server process that runs this statement.
    Result<std::int64_t> backend_pid();

  private:
    friend class CopyOut;
    struct Finish {
        void operator()(pg_conn* connection) const noexcept;
    };
    Connection(pg_conn* connection, std::string place)
        : connection_(connection), place_(std::move(place)) {}
    Status finish_connecting(std::chrono::seconds timeout);
    Status set_up(const ConnectOptions& options);
    /// Waits until the server said something.
    Status wait_for_answer();
    /// The next result of the statement that was sent; null at its end.
    Result<pg_result*> next_result();
    Result<Rows> single_result();
    void cancel() noexcept;

    std::unique_ptr<pg_conn, Finish> connection_;
    std::string place_;
    int server_version_ = 0;
    std::chrono::milliseconds silence_max_{-1};  // Before the server is taken for lost; -1: any.
    bool is_given_up_ = false;                   // By us, though libpq knows of nothing wrong.
    bool is_pooled_ = false;
    bool has_raw_texts_ = false;
    std::string
        settings_;  // Statements that set up a session, or each transaction of a pooled one.
};

}  // namespace trueup::postgres
