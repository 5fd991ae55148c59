#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/signal.h"
#include "base/text.h"
#include "extract/source/sqlite_decode.h"
#include "extract/source/sqlite_parts.h"

namespace trueup::extract::sqlite_source {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::kBatchRows;

class Reader final : public ChunkReader {
  public:
    Reader(sqlite::Connection& connection, sqlite::Statement statement, const ReadRequest& request,
           ChunkKey key)
        : connection_(&connection),
          statement_(std::move(statement)),
          relation_(request.relation),
          key_(std::move(key)),
          rows_soft_max_(request.rows_soft_max),
          value_bytes_max_(request.value_bytes_max) {}

    std::optional<Key> stopped_at() const override { return stopped_at_; }
    std::int64_t values_nulled() const override { return values_nulled_; }

    Result<bool> is_at_end() override {
        if (is_done_ || stands_on_row_) return is_done_;
        const int code = sqlite3_step(statement_.native());
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            return in_context(statement_.native_failure(code).error(), relation_->name);
        }
        is_done_ = code == SQLITE_DONE;
        stands_on_row_ = !is_done_;
        return is_done_;
    }

    Status next(Batch& batch) override {
        TRY(check_interrupt());
        std::size_t row = 0;
        while (row < kBatchRows && !TRY(is_at_end())) {
            stands_on_row_ = false;
            const bool may_stop = rows_soft_max_ != 0 && rows_read_ >= rows_soft_max_;
            if (may_stop && TRY(stops_here())) [[unlikely]] {
                break;
            }
            TRY(decode_row(batch, row));
            ++row;
            ++rows_read_;
            if (rows_read_ == rows_soft_max_) last_key_ = current_key();
        }
        batch.set_rows(row);
        return {};
    }

  private:
    Key current_key() {
        return key_at(statement_, static_cast<int>(relation_->columns.size()), key_.columns.size());
    }

    /// Rows of one key stay in one chunk: only a key that sorts after the last one ends it.
    Result<bool> stops_here() {
        Key key = current_key();
        if (!TRY(sorts_before(*connection_, key_, last_key_, key))) return false;
        stopped_at_ = std::move(key);
        is_done_ = true;
        return true;
    }

    Status decode_row(Batch& batch, std::size_t row) {
        std::vector<Column>& columns = batch.columns();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            // The value is used before the next step and by this thread alone, as SQLite asks of
            // unprotected values.
            sqlite3_value* cell = sqlite3_column_value(statement_.native(), static_cast<int>(i));
            if (sqlite3_value_type(cell) == SQLITE_NULL) {
                set_null(columns[i], row);
                continue;
            }
            const Decoded decoded = decode_cell(cell, columns[i], row, value_bytes_max_);
            if (decoded == Decoded::Yes) [[likely]] {
                continue;
            }
            TRY(settle(decoded, i, columns[i], row));
        }
        return {};
    }

    static void set_null(Column& column, std::size_t row) {
        std::memset(column.raw() + row * columnar::value_bytes(column.type()), 0,
                    columnar::value_bytes(column.type()));
        column.set_null(row);
    }

    /// What the configuration wants of a cell that has no value of the column's type.
    Status settle(Decoded decoded, std::size_t index, Column& column, std::size_t row) {
        const SourceColumn& described = relation_->columns[index];
        sqlite3_value* cell = sqlite3_column_value(statement_.native(), static_cast<int>(index));
        if (decoded == Decoded::TooLong) {
            return fail(ErrorClass::Failed,
                        fmt::format("{}: a value of {} is longer than tuning.max_value_mb allows",
                                    place_of(described), human_bytes(value_size(cell))));
        }
        switch (described.on_value_error) {
            case OnValueError::Null:
                set_null(column, row);
                ++values_nulled_;
                return {};
            case OnValueError::Text: column.set_bytes(row, text_of_cell(cell)); return {};
            case OnValueError::Fail: break;
        }
        constexpr std::size_t kShownMax = 60;
        std::string shown = text_of_cell(cell);
        if (shown.size() > kShownMax) shown = shown.substr(0, kShownMax) + "…";
        return fail(
            ErrorClass::Failed,
            fmt::format("{}: the {} {} is no {}", place_of(described), storage_of(cell), shown,
                        columnar::name_of(described.type)),
            fmt::format("give the column another type (columns: {{{0}: text}}), or let such "
                        "values be text or NULL (columns: {{{0}: {{type: {1}, "
                        "on_value_error: text}}}})",
                        described.name, lower_ascii(columnar::name_of(described.type))));
    }

    std::string place_of(const SourceColumn& column) {
        const Key key = current_key();
        if (key.empty()) {
            return fmt::format("{}.{}, row {}", relation_->name, column.name, rows_read_ + 1);
        }
        return fmt::format("{}.{}, {} {}", relation_->name, column.name, text_of(key_),
                           text_of(key));
    }

    static std::string_view storage_of(sqlite3_value* cell) {
        switch (sqlite3_value_type(cell)) {
            case SQLITE_INTEGER: return "integer";
            case SQLITE_FLOAT: return "real";
            case SQLITE_TEXT: return "text";
            default: return "blob";
        }
    }
    static std::uint64_t value_size(sqlite3_value* cell) {
        return static_cast<std::uint64_t>(sqlite3_value_bytes(cell));
    }

    sqlite::Connection* connection_;
    sqlite::Statement statement_;
    const Relation* relation_;
    ChunkKey key_;
    std::int64_t rows_soft_max_;
    std::uint64_t value_bytes_max_;
    std::int64_t rows_read_ = 0;
    std::int64_t values_nulled_ = 0;
    bool is_done_ = false;
    bool stands_on_row_ = false;  // A row was stepped to and not read yet.
    Key last_key_;
    std::optional<Key> stopped_at_;
};

}  // namespace

Result<std::unique_ptr<ChunkReader>> open_reader(sqlite::Connection& connection,
                                                 const ReadRequest& request) {
    const Relation& relation = *request.relation;
    // Behind the columns stand those of the key: they name a row in an error and say where to stop.
    ChunkKey key;
    if (request.key != nullptr) {
        key = *request.key;
    } else if (!relation.keys.empty()) {
        key = relation.keys.front();
    }
    std::vector<std::string> selected;
    selected.reserve(relation.columns.size() + key.columns.size());
    for (const SourceColumn& column : relation.columns) selected.push_back(quote_name(column.name));
    for (std::string& expression : key_expressions(key)) selected.push_back(std::move(expression));
    Predicate predicate;
    std::string order;
    if (request.key != nullptr) {
        predicate = predicate_of(key, request.bounds);
        if (key.is_ordered && !request.bounds.is_null_keys) order = order_of(key);
    }
    if (request.rows_soft_max != 0) CHECK(!order.empty());
    sqlite::Statement statement = TRY(sqlite::Statement::prepare(
        connection, fmt::format("SELECT {} FROM {}{}{}", fmt::join(selected, ", "),
                                relation.from_sql, predicate.sql, order)));
    TRY(bind_values(statement, predicate.values));
    std::unique_ptr<ChunkReader> reader =
        std::make_unique<Reader>(connection, std::move(statement), request, std::move(key));
    return reader;
}

}  // namespace trueup::extract::sqlite_source
