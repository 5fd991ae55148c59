#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/signal.h"
#include "base/text.h"
#include "extract/source/postgres_copy.h"
#include "extract/source/postgres_decode.h"
#include "extract/source/postgres_parts.h"

// The rows of COPY … (FORMAT binary): https://www.postgresql.org/docs/current/sql-copy.html,
// "Binary Format". libpq hands over one message for the header and one for each row.

namespace trueup::extract::postgres_source {
namespace {

using columnar::Batch;
using columnar::Column;
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

class Reader final : public ChunkReader {
  public:
    Reader(Connection& connection, const ReadRequest& request, Selection selection, CopyOut copy,
           const DecodeLimits& limits)
        : connection_(&connection),
          relation_(request.relation),
          key_(request.key != nullptr ? std::optional(*request.key) : std::nullopt),
          selection_(std::move(selection)),
          copy_(std::move(copy)),
          limits_(limits),
          rows_soft_max_(request.rows_soft_max) {}

    std::optional<Key> stopped_at() const override { return stopped_at_; }
    std::int64_t values_nulled() const override { return values_nulled_; }

    Result<bool> is_at_end() override {
        if (!is_done_ && !stands_on_row_) TRY(step());
        return is_done_;
    }

    Status next(Batch& batch) override {
        TRY(check_interrupt());
        std::size_t row = 0;
        while (row < kBatchRows && !TRY(is_at_end())) {
            stands_on_row_ = false;
            const bool may_stop = rows_soft_max_ != 0 && rows_read_ >= rows_soft_max_;
            if (may_stop && TRY(stops_here())) break;
            TRY(decode_row(batch, row));
            ++row;
            ++rows_read_;
            if (rows_read_ == rows_soft_max_) last_key_ = current_key();
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
        while (true) {
            const auto message = TRY(copy_.next());
            if (!message) {
                // A server always says that it is done; what ends before that was cut off.
                if (!has_trailer_) return malformed();
                is_done_ = true;
                return {};
            }
            row_ = *message;
            if (!has_header_) TRY(take_header());
            if (row_.empty()) continue;
            if (has_trailer_) return malformed();
            has_trailer_ = CopyFields(row_).number16() == -1;
            if (has_trailer_) continue;
            stands_on_row_ = true;
            return {};
        }
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
                      : set_null(columns[i], row);
            if (decoded == Decoded::Yes) continue;
            TRY(settle(decoded, value.value_or(""), i, columns[i], row));
        }
        for (std::size_t i = columns.size(); i < count; ++i) fields.field();
        return fields.is_whole() ? Status() : malformed();
    }

    static Decoded set_null(Column& column, std::size_t row) {
        std::memset(column.raw() + row * columnar::value_bytes(column.type()), 0,
                    columnar::value_bytes(column.type()));
        column.set_null(row);
        return Decoded::Yes;
    }

    /// What the configuration wants of a value that the column's type does not have.
    Status settle(Decoded decoded, std::string_view value, std::size_t index, Column& column,
                  std::size_t row) {
        const SourceColumn& described = relation_->columns[index];
        if (decoded == Decoded::Malformed) return malformed();
        if (decoded == Decoded::TooLong) {
            return fail(ErrorClass::Failed,
                        fmt::format("{}: a value of {} is longer than tuning.max_value_mb allows",
                                    place_of(described), human_bytes(value.size())));
        }
        if (described.on_value_error == OnValueError::Null) {
            set_null(column, row);
            ++values_nulled_;
            return {};
        }
        constexpr std::size_t kShownMax = 60;
        std::string shown = text_of_value(selection_.wires[index], value);
        if (shown.size() > kShownMax) shown = shown.substr(0, kShownMax) + "…";
        return fail(
            ErrorClass::Failed,
            fmt::format("{}: the {} {} is no {}", place_of(described), described.source_type,
                        printable(shown), columnar::name_of(described.type)),
            fmt::format("let such values be text or NULL (columns: {{{0}: {{type: {1}, "
                        "on_value_error: text}}}})",
                        described.name, lower_ascii(columnar::name_of(described.type))));
    }

    std::string place_of(const SourceColumn& column) {
        const Key key = current_key();
        if (key.empty()) {
            return fmt::format("{}.{}, row {}", relation_->name, column.name, rows_read_ + 1);
        }
        return fmt::format("{}.{}, {} {}", relation_->name, column.name, text_of(*key_),
                           text_of(key));
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

    /// Rows of one key stay in one chunk: only a key that differs from the last one, which in key
    /// order sorts after it, ends the chunk.
    Result<bool> stops_here() {
        Key key = current_key();
        if (key == last_key_) return false;
        stopped_at_ = std::move(key);
        is_done_ = true;
        return true;
    }

    Connection* connection_;
    const Relation* relation_;
    std::optional<ChunkKey> key_;
    Selection selection_;
    CopyOut copy_;
    DecodeLimits limits_;
    std::int64_t rows_soft_max_;
    std::int64_t rows_read_ = 0;
    std::int64_t values_nulled_ = 0;
    std::string_view row_;  // The message, from where the row begins.
    bool has_header_ = false;
    bool has_trailer_ = false;
    bool is_done_ = false;
    bool stands_on_row_ = false;  // A row was stepped to and not read yet.
    Key last_key_;
    std::optional<Key> stopped_at_;
};

/// The statement that reads a chunk.
std::string copy_statement(const ReadRequest& request, const Selection& selection) {
    std::string where;
    std::string order;
    if (request.key != nullptr) {
        where = where_of(*request.key, request.bounds);
        if (request.rows_soft_max != 0) order = order_of(*request.key, "ASC");
    }
    return fmt::format("COPY (SELECT {} FROM {}{}{}) TO STDOUT (FORMAT binary)",
                       fmt::join(selection.expressions, ", "), from_of(*request.relation), where,
                       order);
}

}  // namespace

Result<std::unique_ptr<ChunkReader>> open_reader(Connection& connection, const ReadRequest& request,
                                                 bool checks_utf8) {
    Selection selection = selection_of(request);
    auto copy = connection.copy_out(copy_statement(request, selection));
    if (!copy) return in_context(std::move(copy).error(), request.relation->name);
    const DecodeLimits limits{.value_bytes_max = request.value_bytes_max,
                              .checks_utf8 = checks_utf8};
    std::unique_ptr<ChunkReader> reader = std::make_unique<Reader>(
        connection, request, std::move(selection), *std::move(copy), limits);
    return reader;
}

}  // namespace trueup::extract::postgres_source
