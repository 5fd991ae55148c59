#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "extract/source/mysql_decode.h"
#include "extract/source/mysql_parts.h"
#include "extract/source/row_reader.h"
#include "extract/source/statement_ranges.h"

namespace trueup::extract::mysql_source {
namespace {

using columnar::Batch;
using columnar::Column;
using mysql::Connection;
using mysql::RowStream;

/// Where a column of the key stands in a row, and how.
struct KeyField {
    std::size_t field = 0;
    Wire wire = Wire::TypedByText;  // As key_projection() selects it.
};

/// What is read of a relation: its columns, and behind them what else the key needs.
struct Selection {
    std::vector<std::string> expressions;
    std::vector<Wire> wires;  // By the relation's columns.
    std::vector<KeyField> key;
};

bool is_key_as_read(KeyForm form, Wire wire) {
    switch (form) {
        case KeyForm::Integer: return wire <= Wire::UInt64;
        case KeyForm::Decimal: return wire == Wire::Decimal;
        case KeyForm::Text:
        case KeyForm::Bytes: return wire == Wire::Bytes;
        default: return false;
    }
}

/// A key that is read anyway, in a form that names it exactly, is not selected twice.
KeyField key_field(const Relation& relation, const ChunkKey& key, std::size_t column,
                   Selection& selection) {
    const KeyForm form = key_form(key.types[column]);
    for (std::size_t i = 0; i < relation.columns.size(); ++i) {
        if (relation.columns[i].name != key.columns[column]) continue;
        if (is_key_as_read(form, selection.wires[i])) return {i, selection.wires[i]};
    }
    selection.expressions.push_back(key_projection(key, column));
    return {selection.expressions.size() - 1, Wire::TypedByText};
}

Selection selection_of(const ReadRequest& request) {
    const Relation& relation = *request.relation;
    Selection selection;
    for (const SourceColumn& column : relation.columns) {
        const Typing typing = typing_of(column);
        selection.wires.push_back(typing.wire);
        selection.expressions.push_back(
            fmt::format(fmt::runtime(typing.selection), "trueup_rows." + quote_name(column.name)));
    }
    if (request.key == nullptr) return selection;
    for (std::size_t i = 0; i < request.key->columns.size(); ++i) {
        selection.key.push_back(key_field(relation, *request.key, i, selection));
    }
    return selection;
}

/// The statement that reads one range.
std::string select_statement(const Relation& relation, const ChunkKey* key, const Bounds& range,
                             const Selection& selection) {
    return fmt::format("SELECT {} FROM {}{}", fmt::join(selection.expressions, ", "),
                       from_of(relation), key == nullptr ? "" : where_of(*key, range));
}

/// A table that was altered since it was described is not what the plan is about.
Status check_columns(const Relation& relation, const RowStream& rows) {
    for (std::size_t i = 0; i < relation.columns.size(); ++i) {
        const SourceColumn& column = relation.columns[i];
        const bool is_as_it_is = typing_of(column).selection == "{0}";
        const std::string& type = rows.columns()[i].type;
        if (!is_as_it_is || type == column.source_type) continue;
        return fail(ErrorClass::Failed,
                    fmt::format("{}.{} was a {} and is a {} now", relation.name, column.name,
                                column.source_type, type),
                    "run again: the table was altered meanwhile");
    }
    return {};
}

class Reader final : public RowReader {
  public:
    Reader(SourceSession& session, Connection& connection, const ReadRequest& request,
           const ReadOptions& options)
        : RowReader(request, request.key),
          connection_(&connection),
          selection_(selection_of(request)),
          ranges_(session, *request.relation, request.key, request.bounds, *options.pace),
          limits_{.value_bytes_max = request.value_bytes_max, .checks_utf8 = true},
          load_(options.load),
          keeps_state_(!options.has_snapshot) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    Reader(Reader&&) = delete;
    Reader& operator=(Reader&&) = delete;
    ~Reader() override {
        rows_.reset();
        if (has_begun_ && connection_->is_alive()) {
            discard(connection_->exec("ROLLBACK"), "what led here is the error to tell");
        }
    }

    Status start() {
        // Without a snapshot of the run, the statements of a chunk share one of their own.
        if (keeps_state_) {
            TRY(connection_->exec(kBeginSnapshot));
            has_begun_ = true;
        }
        TRY(begin_range());
        return {};
    }

  private:
    std::unexpected<Error> malformed() const {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: {} sent a value in a form that is none of its type",
                                relation().name, connection_->place()));
    }

    Result<bool> step() override {
        while (rows_) {
            auto has_row = rows_->next();
            if (!has_row) return in_context(std::move(has_row).error(), relation().name);
            if (*has_row) return true;
            ranges_.took(rows_read() - rows_before_, system_clock().monotonic() - began_at_);
            TRY(begin_range());
        }
        return false;
    }

    /// Sends the next statement, if there is one. A chunk that has all its rows ends between two.
    Status begin_range() {
        rows_.reset();
        statement_.reset();
        const bool is_full = rows_soft_max() != 0 && rows_read() >= rows_soft_max();
        if (is_full && ranges_.next_lower()) {
            stop_at(*ranges_.next_lower());
            return end();
        }
        const auto rows_left =
            rows_soft_max() == 0 ? 0 : std::max<std::int64_t>(rows_soft_max() - rows_read(), 1);
        const auto range = TRY(ranges_.next(rows_left));
        if (!range) return end();
        if (!connection_->is_alive()) return connection_->lost();
        if (key() != nullptr) TRY(check_bounds(*connection_, *key(), *range));
        began_at_ = system_clock().monotonic();
        rows_before_ = rows_read();
        statement_.emplace(*load_);
        auto rows = connection_->stream(select_statement(relation(), key(), *range, selection_));
        if (!rows) return in_context(std::move(rows).error(), relation().name);
        CHECK(rows->columns().size() == selection_.expressions.size());
        rows_.emplace(*std::move(rows));
        return check_columns(relation(), *rows_);
    }

    Status end() {
        if (std::exchange(has_begun_, false)) return connection_->exec("COMMIT");
        return {};
    }

    Status decode_row(Batch& batch, std::size_t row) override {
        std::vector<Column>& columns = batch.columns();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto value = rows_->field(i);
            if (!value) {
                put_null(columns[i], row);
                continue;
            }
            count_bytes(value->size());
            const Decoded decoded =
                decode_value(selection_.wires[i], *value, columns[i], row, limits_);
            if (decoded == Decoded::Yes) [[likely]] {
                continue;
            }
            TRY(settle_value(decoded, *value, i, columns[i], row));
        }
        return {};
    }

    Status settle_value(Decoded decoded, std::string_view value, std::size_t index, Column& column,
                        std::size_t row) {
        if (decoded == Decoded::Malformed) return malformed();
        return settle(decoded, index, column, row, [&] {
            return Misfit{.place = "",
                          .kind = relation().columns[index].source_type,
                          .shown = text_of_value(selection_.wires[index], value),
                          .bytes = value.size()};
        });
    }

    Result<Key> current_key() override {
        Key values;
        for (std::size_t i = 0; i < selection_.key.size(); ++i) {
            const KeyField& place = selection_.key[i];
            const auto value = rows_->field(place.field);
            if (!value) {
                values.emplace_back();
                continue;
            }
            const auto number = text_of_integer(place.wire, *value);
            values.push_back(key_value(*key(), i, number ? *number : *value));
        }
        return values;
    }

    Connection* connection_;
    Selection selection_;
    StatementRanges ranges_;
    DecodeLimits limits_;
    SourceLoad* load_;
    bool keeps_state_;  // By a transaction of the chunk's own.
    bool has_begun_ = false;
    std::optional<StatementTimer> statement_;  // Ends behind the rows: giving up is part of it.
    std::optional<RowStream> rows_;            // Of the statement that runs.
    std::chrono::nanoseconds began_at_{};
    std::int64_t rows_before_ = 0;
};

}  // namespace

Result<std::unique_ptr<ChunkReader>> open_reader(SourceSession& session, Connection& connection,
                                                 const ReadRequest& request,
                                                 const ReadOptions& options) {
    auto reader = std::make_unique<Reader>(session, connection, request, options);
    TRY(reader->start());
    return reader;
}

}  // namespace trueup::extract::mysql_source
