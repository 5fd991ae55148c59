#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/signal.h"
#include "extract/source/misfit.h"
#include "extract/source/postgres_copy.h"
#include "extract/source/postgres_decode.h"
#include "extract/source/postgres_parts.h"
#include "extract/source/statement_ranges.h"

// The rows of COPY … (FORMAT binary): https://www.postgresql.org/docs/current/sql-copy.html,
// "Binary Format". libpq hands over one message for the header and one for each row.

namespace trueup::extract::postgres_source {
namespace {

using columnar::Batch;
using columnar::Column;
using columnar::kBatchBytesMax;
using columnar::kBatchRows;
using postgres::Connection;
using postgres::CopyOut;

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

/// A key that is read anyway, as a number or a text, is not selected twice: the server's work for
/// each row is what a copy waits for.
KeyField key_field(const Relation& relation, const ChunkKey& key, std::size_t column,
                   Selection& selection) {
    for (std::size_t i = 0; i < relation.columns.size() && !key.is_physical; ++i) {
        if (relation.columns[i].name != key.columns[column]) continue;
        const Wire wire = selection.wires[i];
        const bool is_number =
            wire == Wire::Int2 || wire == Wire::Int4 || wire == Wire::Int8 || wire == Wire::Oid;
        const bool is_text =
            wire == Wire::Bytes && relation.columns[i].type.id == columnar::TypeId::Varchar;
        if (is_number || is_text) return {i, wire};
    }
    selection.expressions.push_back(key.is_physical ? "trueup_rows.ctid"
                                                    : key_projection(key, column));
    return {selection.expressions.size() - 1, key.is_physical ? Wire::Tid : Wire::TypedByText};
}

Selection selection_of(const ReadRequest& request) {
    const Relation& relation = *request.relation;
    Selection selection;
    for (const SourceColumn& column : relation.columns) {
        const Typing typing = typing_of(column);
        selection.wires.push_back(typing.wire);
        selection.expressions.push_back(
            fmt::format(fmt::runtime(typing.selection), quote_name(column.name)));
    }
    if (request.key == nullptr) return selection;
    for (std::size_t i = 0; i < request.key->columns.size(); ++i) {
        selection.key.push_back(key_field(relation, *request.key, i, selection));
    }
    return selection;
}

/// The statement that reads one range.
std::string copy_statement(const Relation& relation, const ChunkKey* key, const Bounds& range,
                           const Selection& selection) {
    return fmt::format("COPY (SELECT {} FROM {}{}) TO STDOUT (FORMAT binary)",
                       fmt::join(selection.expressions, ", "), from_of(relation),
                       key == nullptr ? "" : where_of(*key, range));
}

/// What the rows of a whole relation are told apart by, to read them by more than one statement.
const ChunkKey* physical_key_of(const Relation& relation) {
    const auto found = std::ranges::find_if(relation.keys, &ChunkKey::is_physical);
    return found == relation.keys.end() ? nullptr : &*found;
}

class Reader final : public ChunkReader {
  public:
    Reader(SourceSession& session, Connection& connection, const ReadRequest& request,
           const ReadOptions& options)
        : connection_(&connection),
          relation_(request.relation),
          key_(request.key),
          selection_(selection_of(request)),
          range_key_(key_ != nullptr ? key_ : physical_key_of(*relation_)),
          ranges_(session, *relation_, range_key_, request.bounds, *options.pace),
          load_(options.load),
          limits_{.value_bytes_max = request.value_bytes_max, .checks_utf8 = options.checks_utf8},
          keeps_state_(!options.has_snapshot),
          rows_soft_max_(request.rows_soft_max) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    Reader(Reader&&) = delete;
    Reader& operator=(Reader&&) = delete;
    ~Reader() override {
        copy_.reset();
        if (has_begun_ && !is_done_ && connection_->is_alive()) {
            discard(connection_->end_transaction(), "what led here is the error to tell");
        }
    }

    Status start() {
        // Without a snapshot of the run, the statements of a chunk share one of their own.
        if (keeps_state_) {
            TRY(connection_->begin_repeatable_read());
            has_begun_ = true;
        }
        auto begun = begin_range();
        if (!begun) return in_context(std::move(begun).error(), relation_->name);
        return {};
    }

    std::optional<Key> stopped_at() const override { return stopped_at_; }
    std::int64_t values_nulled() const override { return values_nulled_; }

    Result<bool> is_at_end() override {
        if (!is_done_ && !stands_on_row_) TRY(step());
        return is_done_;
    }

    Status next(Batch& batch) override {
        TRY(check_interrupt());
        std::size_t row = 0;
        std::size_t bytes = 0;
        // A few long values fill a batch as well as many short ones.
        while (row < kBatchRows && bytes < kBatchBytesMax && !TRY(is_at_end())) {
            stands_on_row_ = false;
            bytes += row_.size();
            TRY(decode_row(batch, row));
            ++row;
            ++rows_read_;
        }
        batch.set_rows(row);
        return {};
    }

  private:
    std::unexpected<Error> malformed() const {
        return fail(ErrorClass::Failed, fmt::format("{}: {} sent rows that are no binary COPY",
                                                    relation_->name, connection_->place()));
    }

    /// To the next row, or to the end.
    Status step() {
        while (!is_done_ && !stands_on_row_) {
            const auto message = TRY(copy_->next());
            TRY(message ? take_message(*message) : end_range());
        }
        return {};
    }

    Status take_message(std::string_view message) {
        row_ = message;
        if (!has_header_) TRY(take_header());
        if (row_.empty()) return {};
        if (has_trailer_) return malformed();
        has_trailer_ = CopyFields(row_).number16() == -1;
        stands_on_row_ = !has_trailer_;
        return {};
    }

    /// A server always says that it is done; what ends before that was cut off.
    Status end_range() {
        if (!has_trailer_) return malformed();
        statement_.reset();
        ranges_.took(rows_read_ - rows_before_, system_clock().monotonic() - began_at_);
        return begin_range();
    }

    /// Sends the next statement. A chunk that has all its rows ends between two of them.
    Status begin_range() {
        copy_.reset();
        const bool is_full = rows_soft_max_ != 0 && rows_read_ >= rows_soft_max_;
        if (is_full && ranges_.next_lower()) {
            stopped_at_ = ranges_.next_lower();
            return end();
        }
        const auto rows_left =
            rows_soft_max_ == 0 ? 0 : std::max<std::int64_t>(rows_soft_max_ - rows_read_, 1);
        const auto range = TRY(ranges_.next(rows_left));
        if (!range) return end();
        // A session that was lost meanwhile comes back without the transaction.
        if (connection_->state() != Connection::State::Ready) {
            return fail(ErrorClass::Retryable,
                        fmt::format("{}: the connection was lost", connection_->place()));
        }
        began_at_ = system_clock().monotonic();
        statement_.emplace(*load_);
        rows_before_ = rows_read_;
        has_header_ = false;
        has_trailer_ = false;
        copy_.emplace(
            TRY(connection_->copy_out(copy_statement(*relation_, range_key_, *range, selection_))));
        return {};
    }

    Status end() {
        is_done_ = true;
        if (std::exchange(has_begun_, false)) return connection_->end_transaction();
        return {};
    }

    Status take_header() {
        const auto rest = behind_copy_header(row_);
        if (!rest) return malformed();
        row_ = *rest;
        has_header_ = true;
        return {};
    }

    Status decode_row(Batch& batch, std::size_t row) {
        std::vector<Column>& columns = batch.columns();
        CopyFields fields(row_);
        const std::size_t count = selection_.expressions.size();
        if (static_cast<std::size_t>(fields.number16()) != count) return malformed();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto value = fields.field();
            const Decoded decoded =
                value ? decode_value(selection_.wires[i], *value, columns[i], row, limits_)
                      : put_null(columns[i], row);
            if (decoded == Decoded::Yes) continue;
            TRY(settle(decoded, value.value_or(""), i, columns[i], row));
        }
        for (std::size_t i = columns.size(); i < count; ++i) fields.field();
        return fields.is_whole() ? Status() : malformed();
    }

    /// What the configuration wants of a value that the column's type does not have.
    Status settle(Decoded decoded, std::string_view value, std::size_t index, Column& column,
                  std::size_t row) {
        const SourceColumn& described = relation_->columns[index];
        if (decoded == Decoded::Malformed) return malformed();
        if (is_nulled(described, decoded, column, row, values_nulled_)) return {};
        return value_error(
            described, decoded,
            {.place = place_of_value(*relation_, described, key_, current_key(), rows_read_),
             .kind = described.source_type,
             .shown = text_of_value(selection_.wires[index], value, described.type),
             .bytes = value.size()});
    }

    /// Of the row that stands in row_; empty without a key.
    Key current_key() const {
        CopyFields fields(row_);
        fields.number16();
        std::vector<std::optional<std::string_view>> values(selection_.expressions.size());
        for (auto& value : values) value = fields.field();
        Key key;
        for (std::size_t i = 0; i < selection_.key.size(); ++i) {
            const KeyField& place = selection_.key[i];
            const auto& value = values[place.field];
            const auto number = value ? whole_number(place.wire, *value) : std::nullopt;
            if (!value) {
                key.emplace_back();
            } else if (number) {
                key.emplace_back(*number);
            } else {
                key.push_back(key_value(*key_, i, *value));
            }
        }
        return key;
    }

    Connection* connection_;
    const Relation* relation_;
    const ChunkKey* key_;
    Selection selection_;
    const ChunkKey* range_key_;  // What statements are told apart by.
    StatementRanges ranges_;
    SourceLoad* load_;
    std::optional<StatementTimer> statement_;  // The one that runs.
    DecodeLimits limits_;
    bool keeps_state_;  // By a transaction of the chunk's own.
    bool has_begun_ = false;
    std::int64_t rows_soft_max_;
    std::int64_t rows_read_ = 0;
    std::int64_t values_nulled_ = 0;
    std::optional<CopyOut> copy_;  // Of the statement that runs.
    std::chrono::nanoseconds began_at_{};
    std::int64_t rows_before_ = 0;
    std::string_view row_;  // The message, from where the row begins.
    bool has_header_ = false;
    bool has_trailer_ = false;
    bool is_done_ = false;
    bool stands_on_row_ = false;  // A row was stepped to and not read yet.
    std::optional<Key> stopped_at_;
};

}  // namespace

Result<std::unique_ptr<ChunkReader>> open_reader(SourceSession& session, Connection& connection,
                                                 const ReadRequest& request,
                                                 const ReadOptions& options) {
    auto reader = std::make_unique<Reader>(session, connection, request, options);
    TRY(reader->start());
    return reader;
}

}  // namespace trueup::extract::postgres_source
