#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <utility>

#include "base/check.h"
#include "extract/source/row_reader.h"
#include "extract/source/sqlite_decode.h"
#include "extract/source/sqlite_parts.h"

namespace trueup::extract::sqlite_source {
namespace {

using columnar::Batch;
using columnar::Column;

class Reader final : public RowReader {
  public:
    Reader(sqlite::Connection& connection, sqlite::Statement statement, const ReadRequest& request,
           ChunkKey key)
        : RowReader(request, &key_),
          connection_(&connection),
          statement_(std::move(statement)),
          key_(std::move(key)),
          value_bytes_max_(request.value_bytes_max) {}

  private:
    Result<bool> step() override {
        const int code = sqlite3_step(statement_.native());
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
            return in_context(statement_.native_failure(code).error(), relation().name);
        }
        return code == SQLITE_ROW;
    }

    Result<Key> current_key() override {
        return key_at(statement_, static_cast<int>(relation().columns.size()), key_.columns.size());
    }

    /// Rows of one key stay in one chunk: only a key that sorts after the last one ends it.
    Result<bool> stops_here() override {
        Key next = TRY(current_key());
        if (!TRY(sorts_before(*connection_, key_, last_key_, next))) return false;
        stop_at(std::move(next));
        return true;
    }

    Status decode_row(Batch& batch, std::size_t row) override {
        std::vector<Column>& columns = batch.columns();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            // The value is used before the next step and by this thread alone, as SQLite asks of
            // unprotected values.
            sqlite3_value* cell = sqlite3_column_value(statement_.native(), static_cast<int>(i));
            if (sqlite3_value_type(cell) == SQLITE_NULL) {
                put_null(columns[i], row);
                continue;
            }
            const Decoded decoded = decode_cell(cell, columns[i], row, value_bytes_max_);
            if (decoded == Decoded::Yes) [[likely]] {
                continue;
            }
            TRY(settle_cell(decoded, cell, i, columns[i], row));
        }
        if (rows_read() + 1 == rows_soft_max()) last_key_ = TRY(current_key());
        return {};
    }

    Status settle_cell(Decoded decoded, sqlite3_value* cell, std::size_t index, Column& column,
                       std::size_t row) {
        if (decoded == Decoded::Misfit &&
            relation().columns[index].on_value_error == OnValueError::Text) {
            column.set_bytes(row, text_of_cell(cell));
            return {};
        }
        return settle(decoded, index, column, row, [cell] {
            return Misfit{.place = "",
                          .kind = std::string(storage_of(cell)),
                          .shown = text_of_cell(cell),
                          .bytes = static_cast<std::uint64_t>(sqlite3_value_bytes(cell))};
        });
    }

    static std::string_view storage_of(sqlite3_value* cell) {
        switch (sqlite3_value_type(cell)) {
            case SQLITE_INTEGER: return "integer";
            case SQLITE_FLOAT: return "real";
            case SQLITE_TEXT: return "text";
            default: return "blob";
        }
    }

    sqlite::Connection* connection_;
    sqlite::Statement statement_;
    ChunkKey key_;
    Key last_key_;  // Of the row with which the chunk has enough.
    std::uint64_t value_bytes_max_;
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
