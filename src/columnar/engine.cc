#include "columnar/engine.h"

#include <duckdb.h>
#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "columnar/duckdb_library.h"
#include "columnar/duckdb_vector.h"

namespace trueup::columnar {
namespace {

/// What a table function reads from: alive for the length of one COPY.
struct Feed {
    BatchSource* source;
    const std::vector<NamedType>* columns;
    Batch batch;
    Status outcome;
};

/// Feeds by number: a statement names its feed by number, so that no pointer travels through SQL.
class Feeds {
  public:
    std::uint64_t add(Feed* feed) {
        const std::lock_guard lock(mutex_);
        feeds_[++last_] = feed;
        return last_;
    }
    void remove(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        feeds_.erase(number);
    }
    Feed* find(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        const auto found = feeds_.find(number);
        return found == feeds_.end() ? nullptr : found->second;
    }

  private:
    std::mutex mutex_;
    std::map<std::uint64_t, Feed*> feeds_;
    std::uint64_t last_ = 0;
};

void bind_feed(duckdb_bind_info info) {
    auto* feeds = static_cast<Feeds*>(duckdb_bind_get_extra_info(info));
    duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
    const std::uint64_t number = duckdb_get_uint64(parameter);
    duckdb_destroy_value(&parameter);
    Feed* feed = feeds->find(number);
    if (feed == nullptr) {
        duckdb_bind_set_error(info, "no such feed");
        return;
    }
    for (const NamedType& column : *feed->columns) {
        const LogicalType type = native_type(column.type);
        duckdb_bind_add_result_column(info, column.name.c_str(), type.get());
    }
    duckdb_bind_set_bind_data(info, feed, nullptr);
}

void init_feed(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

void fill_from_feed(duckdb_function_info info, duckdb_data_chunk output) {
    auto& feed = *static_cast<Feed*>(duckdb_function_get_bind_data(info));
    Batch& batch = feed.batch;
    batch.clear();
    // The source writes its values straight into DuckDB's vectors.
    for (std::size_t i = 0; i < batch.columns().size(); ++i) {
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
        batch.columns()[i].use(static_cast<std::byte*>(duckdb_vector_get_data(vector)));
    }
    feed.outcome = feed.source->next(batch);
    if (!feed.outcome) {
        duckdb_function_set_error(info, feed.outcome.error().message.c_str());
        return;
    }
    CHECK(batch.rows() <= kBatchRows);
    for (std::size_t i = 0; i < batch.columns().size(); ++i) {
        const Column& column = batch.columns()[i];
        duckdb_vector vector = duckdb_data_chunk_get_vector(output, i);
        finish_vector(column, vector, batch.rows());
    }
    duckdb_data_chunk_set_size(output, batch.rows());
}

Status register_feed_function(duckdb_connection connection, Feeds& feeds) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, "trueup_feed");
    const LogicalType number(duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT));
    duckdb_table_function_add_parameter(function, number.get());
    duckdb_table_function_set_extra_info(function, &feeds, nullptr);
    duckdb_table_function_set_bind(function, bind_feed);
    duckdb_table_function_set_init(function, init_feed);
    duckdb_table_function_set_function(function, fill_from_feed);
    const duckdb_state state = duckdb_register_table_function(connection, function);
    duckdb_destroy_table_function(&function);
    if (state != DuckDBSuccess) return fail(ErrorClass::Bug, "DuckDB refused the table function");
    return {};
}

/// DuckDB's message, cut to its first line; the class by what the message says, since the C API
/// tells a disk that is full from a missing file in words only.
Error error_of(std::string_view text) {
    std::string message(text.substr(0, text.find('\n')));
    const auto says = [&](std::string_view part) {
        return message.find(part) != std::string::npos;
    };
    if (says("No space left on device") || says("Disk quota exceeded")) {
        return {ErrorClass::Retryable, message, "make room on the file system and run again"};
    }
    if (says("Out of Memory Error")) {
        return {ErrorClass::Failed, message, "raise tuning.memory_limit_mb"};
    }
    if (says("Could not set lock on file") || says("Conflicting lock")) {
        return {ErrorClass::Retryable, message, "another process has the database open"};
    }
    return {ErrorClass::Failed, message, {}};
}

/// A result of DuckDB, destroyed with it.
class Owned {
  public:
    Owned() = default;
    ~Owned() { duckdb_destroy_result(&result_); }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    Owned(Owned&&) = delete;
    Owned& operator=(Owned&&) = delete;
    duckdb_result* get() { return &result_; }
    Error error() {
        const char* text = duckdb_result_error(&result_);
        return error_of(text == nullptr ? "DuckDB failed without a message" : text);
    }

  private:
    duckdb_result result_{};
};

struct DestroyChunk {
    void operator()(duckdb_data_chunk chunk) const noexcept { duckdb_destroy_data_chunk(&chunk); }
};
using DataChunk = std::unique_ptr<std::remove_pointer_t<duckdb_data_chunk>, DestroyChunk>;

class ResultStream final : public RowStream {
  public:
    const std::vector<NamedType>& columns() const override { return columns_; }

    Status start(duckdb_connection connection, std::string_view sql) {
        const std::string text(sql);
        duckdb_prepared_statement statement = nullptr;
        const duckdb_state prepared = duckdb_prepare(connection, text.c_str(), &statement);
        Status outcome;
        if (prepared != DuckDBSuccess) {
            outcome = std::unexpected(error_of(duckdb_prepare_error(statement)));
        } else {
            outcome = execute(statement);
        }
        duckdb_destroy_prepare(&statement);
        TRY(std::move(outcome));
        return read_columns();
    }

    Result<bool> is_at_end() override {
        if (ahead_ || is_done_) return is_done_;
        ahead_.reset(duckdb_fetch_chunk(*result_.get()));
        if (ahead_) return false;
        const char* text = duckdb_result_error(result_.get());
        if (text != nullptr && *text != '\0') return std::unexpected(error_of(text));
        is_done_ = true;
        return true;
    }

    /// Texts stay in the chunk until the next one is fetched.
    Status next(Batch& batch) override {
        CHECK(batch.columns().size() == columns_.size());
        if (TRY(is_at_end())) {
            batch.set_rows(0);
            return {};
        }
        chunk_ = std::move(ahead_);
        const std::size_t rows = duckdb_data_chunk_get_size(chunk_.get());
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            take_vector(duckdb_data_chunk_get_vector(chunk_.get(), i), rows, batch.columns()[i]);
        }
        batch.set_rows(rows);
        return {};
    }

  private:
    Status execute(duckdb_prepared_statement statement) {
        duckdb_pending_result pending = nullptr;
        Status outcome;
        if (duckdb_pending_prepared_streaming(statement, &pending) != DuckDBSuccess) {
            outcome = std::unexpected(error_of(duckdb_pending_error(pending)));
        } else if (duckdb_execute_pending(pending, result_.get()) != DuckDBSuccess) {
            outcome = std::unexpected(result_.error());
        }
        duckdb_destroy_pending(&pending);
        return outcome;
    }

    Status read_columns() {
        const idx_t count = duckdb_column_count(result_.get());
        for (idx_t i = 0; i < count; ++i) {
            const LogicalType native(duckdb_column_logical_type(result_.get(), i));
            const char* name = duckdb_column_name(result_.get(), i);
            const auto type = our_type(native.get());
            if (!type) {
                return fail(ErrorClass::Bug,
                            fmt::format("column {}: a type that parts do not have", name));
            }
            columns_.push_back({name, *type});
        }
        return {};
    }

    Owned result_;
    DataChunk chunk_;  // Holds the texts of the batch last filled.
    DataChunk ahead_;
    bool is_done_ = false;
    std::vector<NamedType> columns_;
};

std::string quoted(std::string_view text, char mark) {
    std::string out(1, mark);
    for (const char c : text) {
        if (c == mark) out += mark;
        out += c;
    }
    out += mark;
    return out;
}

}  // namespace

std::vector<Type> types_of(const std::vector<NamedType>& columns) {
    std::vector<Type> types;
    types.reserve(columns.size());
    for (const NamedType& column : columns) types.push_back(column.type);
    return types;
}

std::string quote_text(std::string_view text) { return quoted(text, '\''); }
std::string quote_name(std::string_view name) { return quoted(name, '"'); }

struct Engine::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    Impl(Impl&&) = delete;
    Impl& operator=(Impl&&) = delete;
    ~Impl() { duckdb_close(&database); }
    Feeds feeds;
    duckdb_database database = nullptr;
};

struct Session::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    Impl(Impl&&) = delete;
    Impl& operator=(Impl&&) = delete;
    ~Impl() { duckdb_disconnect(&connection); }
    Feeds* feeds = nullptr;
    duckdb_connection connection = nullptr;
};

Engine::Engine() : impl_(std::make_unique<Impl>()) {}
Engine::~Engine() = default;
Session::Session() : impl_(std::make_unique<Impl>()) {}
Session::~Session() = default;

std::string Engine::version() {
    CHECK(load_duckdb());
    return duckdb_library_version();
}

Result<std::unique_ptr<Engine>> Engine::open(const EngineOptions& options) {
    TRY(load_duckdb());
    if (options.keeps_no_free_memory && !keep_no_free_memory()) {
        log::debug("this build of DuckDB keeps the memory that it frees");
    }
    duckdb_config config = nullptr;
    CHECK(duckdb_create_config(&config) == DuckDBSuccess);
    const auto set = [&](const char* name, const std::string& value) {
        CHECK(duckdb_set_config(config, name, value.c_str()) == DuckDBSuccess);
    };
    set("threads", "1");
    // One thread keeps the order anyway; only without this may a row group be limited by its bytes.
    set("preserve_insertion_order", "false");
    set("memory_limit", fmt::format("{}MiB", options.memory_limit_mb));
    set("temp_directory", options.spill_folder);
    set("autoinstall_known_extensions", "false");
    set("autoload_known_extensions", "false");
    std::unique_ptr<Engine> engine(new Engine());
    char* text = nullptr;
    const duckdb_state state = duckdb_open_ext(nullptr, &engine->impl_->database, config, &text);
    duckdb_destroy_config(&config);
    if (state != DuckDBSuccess) {
        Error error = error_of(text == nullptr ? "DuckDB did not start" : text);
        duckdb_free(text);
        return std::unexpected(std::move(error));
    }
    const auto session = TRY(engine->connect());
    TRY(session->execute("SET GLOBAL TimeZone = 'UTC'"));
    TRY(register_feed_function(session->impl_->connection, engine->impl_->feeds));
    return engine;
}

Result<std::unique_ptr<Session>> Engine::connect() {
    std::unique_ptr<Session> session(new Session());
    session->impl_->feeds = &impl_->feeds;
    if (duckdb_connect(impl_->database, &session->impl_->connection) != DuckDBSuccess) {
        return fail(ErrorClass::Failed, "DuckDB refused a connection");
    }
    return session;
}

Status Session::execute(std::string_view sql) {
    Owned result;
    const std::string text(sql);
    if (duckdb_query(impl_->connection, text.c_str(), result.get()) != DuckDBSuccess) {
        return std::unexpected(result.error());
    }
    return {};
}

Result<std::vector<TextRow>> Session::texts(std::string_view sql) {
    Owned result;
    const std::string text(sql);
    if (duckdb_query(impl_->connection, text.c_str(), result.get()) != DuckDBSuccess) {
        return std::unexpected(result.error());
    }
    std::vector<TextRow> rows(duckdb_row_count(result.get()));
    const idx_t columns = duckdb_column_count(result.get());
    for (idx_t row = 0; row < rows.size(); ++row) {
        for (idx_t column = 0; column < columns; ++column) {
            char* value = duckdb_value_varchar(result.get(), column, row);
            rows[row].push_back(value == nullptr ? std::nullopt
                                                 : std::optional<std::string>(value));
            duckdb_free(value);
        }
    }
    return rows;
}

Result<std::int64_t> Session::number(std::string_view sql) {
    const auto rows = TRY(texts(sql));
    if (rows.size() == 1 && rows[0].size() == 1 && rows[0][0]) {
        if (const auto value = parse_int64(*rows[0][0])) return *value;
    }
    return fail(ErrorClass::Bug, fmt::format("expected one integer from: {}", sql));
}

Result<std::vector<std::pair<std::string, std::string>>> Session::describe(std::string_view sql) {
    std::vector<std::pair<std::string, std::string>> columns;
    for (const TextRow& row : TRY(texts(fmt::format("DESCRIBE {}", sql)))) {
        columns.emplace_back(row.at(0).value_or(""), row.at(1).value_or(""));
    }
    return columns;
}

Result<std::unique_ptr<RowStream>> Session::query(std::string_view sql) {
    auto stream = std::make_unique<ResultStream>();
    TRY(stream->start(impl_->connection, sql));
    return stream;
}

Status Session::copy_from(BatchSource& source, const std::vector<NamedType>& columns,
                          std::string_view copy_sql) {
    Feed feed{&source, &columns, Batch(types_of(columns)), {}};
    const std::uint64_t number = impl_->feeds->add(&feed);
    constexpr std::string_view kPlaceholder = "{source}";
    std::string sql(copy_sql);
    const auto at = sql.find(kPlaceholder);
    CHECK(at != std::string::npos);
    sql.replace(at, kPlaceholder.size(), fmt::format("trueup_feed({}::UBIGINT)", number));
    Status outcome = execute(sql);
    impl_->feeds->remove(number);
    TRY(std::move(feed.outcome));
    return outcome;
}

}  // namespace trueup::columnar
