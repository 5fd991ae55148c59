#include "postgres/connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "base/certificates.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/text.h"
#include "postgres/failure.h"
#include "postgres/library.h"

namespace trueup::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long a cancelled statement may take to end before the connection is given up.
constexpr milliseconds kCancelPatience{2000};

/// Beyond the statement timeout: a server that is reached has ended the statement by then.
constexpr milliseconds kSilencePatience{15'000};

const char* sslmode_of(Tls tls) {
    switch (tls) {
        case Tls::Disable: return "disable";
        case Tls::Require: return "require";
        case Tls::VerifyCa: return "verify-ca";
        case Tls::VerifyFull: return "verify-full";
    }
    std::unreachable();
}

/// What libpq is told, by keyword. An empty value says nothing.
class Keywords {
  public:
    void add(const char* name, std::string value) {
        if (!value.empty()) told_.emplace_back(name, std::move(value));
    }
    pg_conn* start() const {
        std::vector<const char*> names;
        std::vector<const char*> values;
        for (const auto& [name, value] : told_) {
            names.push_back(name);
            values.push_back(value.c_str());
        }
        names.push_back(nullptr);
        values.push_back(nullptr);
        return PQconnectStartParams(names.data(), values.data(), 0);
    }

  private:
    std::vector<std::pair<const char*, std::string>> told_;
};

/// True when the socket is ready or was closed; false when the time is up.
Result<bool> wait_for(int descriptor, short events, milliseconds patience) {
    while (true) {
        TRY(check_interrupt());
        std::array<pollfd, 2> waited = {
            pollfd{.fd = descriptor, .events = events, .revents = 0},
            pollfd{.fd = stop_descriptor(), .events = POLLIN, .revents = 0}};
        const int ready = ::poll(waited.data(), waited.size(), static_cast<int>(patience.count()));
        TRY(check_interrupt());
        if (ready >= 0) return ready > 0;
        if (errno != EINTR) {
            return fail(ErrorClass::Failed,
                        fmt::format("cannot wait for the server: {}", std::strerror(errno)));
        }
    }
}

/// Asks for a cancellation and returns in time: libpq waits for as long as a network that swallows
/// everything lets it.
void request_cancel(pg_conn* connection) {
    std::shared_ptr<PGcancel> request(PQgetCancel(connection), [](PGcancel* owned) {
        if (owned != nullptr) PQfreeCancel(owned);
    });
    if (!request) return;
    auto answered = std::make_shared<std::promise<void>>();
    auto answer = answered->get_future();
    std::thread([request = std::move(request), answered = std::move(answered)] {
        std::array<char, 256> why{};
        PQcancel(request.get(), why.data(), static_cast<int>(why.size()));
        answered->set_value();
    }).detach();
    static_cast<void>(answer.wait_for(kCancelPatience));
}

/// What every session is told. Rows come in the order in which they are stored, from one process.
constexpr std::pair<std::string_view, std::string_view> kSettings[] = {
    {"TimeZone", "'UTC'"},
    {"DateStyle", "'ISO, YMD'"},
    {"IntervalStyle", "'iso_8601'"},
    {"extra_float_digits", "3"},
    {"bytea_output", "'hex'"},
    {"standard_conforming_strings", "on"},
    {"default_transaction_read_only", "on"},
    {"synchronize_seqscans", "off"},
    {"max_parallel_workers_per_gather", "0"},
    {"idle_in_transaction_session_timeout", "0"},
    {"jit", "off"},
};

Status check_names(const std::vector<ResultColumn>& columns, const std::string& place) {
    for (const ResultColumn& column : columns) TRY(check_utf8(column.name, place));
    return {};
}

}  // namespace

std::string place_of(const ConnectOptions& options) {
    return fmt::format("{}:{}/{}", options.host, options.port, options.database);
}

void Connection::Finish::operator()(pg_conn* connection) const noexcept { PQfinish(connection); }

Result<Connection> Connection::open(const ConnectOptions& options) {
    TRY(load_libpq());
    const std::string port = std::to_string(options.port);
    // Before version 16 libpq does not ask the system itself.
    const std::string root = options.ca_file.empty() ? system_certificates() : options.ca_file;
    Keywords keywords;
    keywords.add("host", options.host);
    keywords.add("port", port);
    keywords.add("user", options.user);
    keywords.add("password", options.password);
    keywords.add("dbname", options.database);
    keywords.add("sslmode", sslmode_of(options.tls));
    if (options.tls >= Tls::VerifyCa) keywords.add("sslrootcert", root);
    keywords.add("application_name", "trueup");
    keywords.add("client_encoding", "UTF8");
    keywords.add("gssencmode", "disable");
    // A host that is gone is noticed within a minute, in silence as well as with data on the way.
    keywords.add("keepalives_idle", "30");
    keywords.add("keepalives_interval", "10");
    keywords.add("keepalives_count", "3");
    keywords.add("tcp_user_timeout", "60000");
    Connection opened(keywords.start(), place_of(options));
    // Notices would go to stderr; an error comes back with the statement that it belongs to.
    PQsetNoticeProcessor(
        opened.connection_.get(), [](void*, const char*) {}, nullptr);
    TRY(opened.finish_connecting(options.connect_timeout));
    TRY(opened.set_up(options));
    return opened;
}

Status Connection::finish_connecting(seconds timeout) {
    pg_conn* connection = connection_.get();
    const auto until = system_clock().monotonic() + timeout;
    // Nothing is known yet: as if the server had to be written to.
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(connection) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        const auto left =
            std::chrono::duration_cast<milliseconds>(until - system_clock().monotonic());
        const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        const bool is_ready = left.count() > 0 && TRY(wait_for(PQsocket(connection), events, left));
        if (!is_ready) {
            return fail(ErrorClass::Retryable,
                        fmt::format("{}: no answer within {} s", place_, timeout.count()));
        }
        state = PQconnectPoll(connection);
        if (state == PGRES_POLLING_FAILED) break;
    }
    if (PQstatus(connection) == CONNECTION_OK) return {};
    auto failed = failure(connection, place_);
    // A password that is wrong stays wrong; libpq gives no SQLSTATE while connecting.
    const std::string& said = failed.error().message;
    for (const std::string_view lasting :
         {"authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied",
          "certificate", "SSL", "could not translate host name"}) {
        if (said.find(lasting) != std::string::npos) failed.error().kind = ErrorClass::Failed;
    }
    return failed;
}

Status Connection::set_up(const ConnectOptions& options) {
    server_version_ = PQserverVersion(connection_.get());
    // A go-between invents the process that it announces.
    is_pooled_ = TRY(backend_pid()) != PQbackendPID(connection_.get());
    if (options.is_bare) return {};
    const auto set = [&](std::string_view name, std::string_view value) {
        settings_ += fmt::format("SET {}{} = {}; ", is_pooled_ ? "LOCAL " : "", name, value);
    };
    for (const auto& [name, value] : kSettings) set(name, value);
    // Asked for UTF-8, such a server refuses whole statements over a byte; whoever reads rows is to
    // judge it.
    const char* const stored = PQparameterStatus(connection_.get(), "server_encoding");
    has_raw_texts_ = stored != nullptr && std::string_view(stored) == "SQL_ASCII";
    if (has_raw_texts_) set("client_encoding", "'SQL_ASCII'");
    for (const auto& [name, limit] : {std::pair("statement_timeout", options.statement_timeout),
                                      std::pair("lock_timeout", options.lock_timeout)}) {
        if (limit != seconds(0)) set(name, fmt::format("'{}s'", limit.count()));
    }
    if (options.statement_timeout != seconds(0)) {
        silence_max_ = milliseconds(options.statement_timeout) + kSilencePatience;
    }
    return exec((is_pooled_ ? "BEGIN READ ONLY; " : "") + settings_);
}

Status Connection::begin_repeatable_read() {
    const std::string begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    return exec(is_pooled_ ? fmt::format("ROLLBACK; {}; {}", begin, settings_) : begin);
}

Status Connection::end_transaction() {
    return exec(is_pooled_ ? "ROLLBACK; BEGIN READ ONLY; " + settings_ : "ROLLBACK");
}

std::optional<std::string> Connection::tls_version() const {
    if (PQsslInUse(connection_.get()) == 0) return std::nullopt;
    const char* const version = PQsslAttribute(connection_.get(), "protocol");
    return version == nullptr ? "TLS" : version;
}

Result<std::int64_t> Connection::backend_pid() {
    const Rows rows = TRY(query("SELECT pg_catalog.pg_backend_pid()"));
    const auto pid = rows.size() == 1 ? parse_int64(rows.text(0, 0)) : std::nullopt;
    if (pid) return *pid;
    return fail(ErrorClass::Failed,
                fmt::format("{}: it does not say which process serves", place_));
}

Connection::State Connection::state() const {
    if (is_given_up_ || PQstatus(connection_.get()) != CONNECTION_OK) return State::Lost;
    const bool is_failed = PQtransactionStatus(connection_.get()) == PQTRANS_INERROR;
    return is_failed ? State::Failed : State::Ready;
}

Status Connection::wait_for_answer() {
    pg_conn* connection = connection_.get();
    const auto ready = wait_for(PQsocket(connection), POLLIN, silence_max_);
    if (!ready) {
        cancel();
        return std::unexpected(ready.error());
    }
    if (!*ready) {
        is_given_up_ = true;
        return fail(ErrorClass::Retryable,
                    fmt::format("{}: not a byte for {} s, though a statement may not take as long",
                                place_, silence_max_.count() / 1000));
    }
    if (PQconsumeInput(connection) == 0) return failure(connection, place_);
    return {};
}

Result<pg_result*> Connection::next_result() {
    while (PQisBusy(connection_.get()) != 0) TRY(wait_for_answer());
    return PQgetResult(connection_.get());
}

/// The last result of what was sent, or the first failure; what follows is dropped.
Result<Rows> Connection::single_result() {
    Rows last(nullptr);
    std::optional<Error> failed;
    while (pg_result* result = TRY(next_result())) {
        Rows rows(result);
        const ExecStatusType status = PQresultStatus(result);
        const bool is_fine =
            status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
        if (!is_fine && !failed) failed = failure(result, place_).error();
        last = std::move(rows);
        if (!is_alive()) break;
    }
    if (failed) return std::unexpected(*std::move(failed));
    if (has_raw_texts_) TRY(last.check_utf8(place_));
    return last;
}

Result<Rows> Connection::query(const std::string& sql,
                               std::span<const std::optional<std::string>> parameters) {
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const auto& parameter : parameters) {
        values.push_back(parameter ? parameter->c_str() : nullptr);
    }
    const int count = static_cast<int>(values.size());
    const int sent = PQsendQueryParams(connection_.get(), sql.c_str(), count, nullptr,
                                       values.data(), nullptr, nullptr, 0);
    if (sent == 0) return failure(connection_.get(), place_);
    return single_result();
}

Result<Rows> Connection::query_apart(const std::string& sql) {
    if (PQtransactionStatus(connection_.get()) != PQTRANS_INTRANS) return query(sql);
    TRY(exec("SAVEPOINT trueup_apart"));
    auto rows = query(sql);
    // What failed is told by `rows`; whether the transaction could be saved, by state().
    const Status left =
        exec(rows ? "RELEASE SAVEPOINT trueup_apart"
                  : "ROLLBACK TO SAVEPOINT trueup_apart; RELEASE SAVEPOINT trueup_apart");
    if (rows && !left) return std::unexpected(left.error());
    return rows;
}

Status Connection::exec(const std::string& sql) {
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
        return failure(connection_.get(), place_);
    }
    TRY(single_result());
    return {};
}

Result<std::vector<ResultColumn>> Connection::describe(const std::string& sql) {
    pg_conn* connection = connection_.get();
    if (PQsendPrepare(connection, "", sql.c_str(), 0, nullptr) == 0) {
        return failure(connection, place_);
    }
    TRY(single_result());
    if (PQsendDescribePrepared(connection, "") == 0) return failure(connection, place_);
    std::vector<ResultColumn> columns;
    while (pg_result* result = TRY(next_result())) {
        const Rows described(result);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) return failure(result, place_);
        for (int i = 0; i < PQnfields(result); ++i) {
            columns.push_back({PQfname(result, i), PQftype(result, i), PQfmod(result, i)});
        }
    }
    if (has_raw_texts_) TRY(check_names(columns, place_));
    return columns;
}

Result<CopyOut> Connection::copy_out(const std::string& sql) {
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
        return failure(connection_.get(), place_);
    }
    pg_result* result = TRY(next_result());
    const Rows begun(result);
    if (PQresultStatus(result) != PGRES_COPY_OUT) {
        auto failed = failure(result, place_);
        TRY(single_result());
        return failed;
    }
    return CopyOut(*this);
}

/// Asks the server to stop, and reads on until it did. A server that does not answer is left.
void Connection::cancel() noexcept {
    pg_conn* connection = connection_.get();
    request_cancel(connection);
    const auto until = system_clock().monotonic() + kCancelPatience;
    while (is_alive() && system_clock().monotonic() < until) {
        char* message = nullptr;
        const int bytes = PQgetCopyData(connection, &message, 1);
        if (bytes > 0) {
            PQfreemem(message);
            continue;
        }
        // 0: amid the rows of a COPY. Else there are none, or no more.
        if (bytes != 0 && PQisBusy(connection) == 0) {
            pg_result* result = PQgetResult(connection);
            if (result == nullptr) return;
            PQclear(result);
            continue;
        }
        pollfd waited{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
        if (::poll(&waited, 1, 100) > 0 && PQconsumeInput(connection) == 0) return;
    }
}

}  // namespace trueup::postgres
