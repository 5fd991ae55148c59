#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "extract/source/mysql_decode.h"
#include "extract/source/mysql_parts.h"
#include "extract/source/row_reader.h"

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

class Reader final : public RowReader {
  public:
    Reader(Connection& connection, const ReadRequest& request, Selection selection, RowStream rows)
        : RowReader(request, request.key != nullptr ? std::optional(*request.key) : std::nullopt),
          connection_(&connection),
          selection_(std::move(selection)),
          rows_(std::move(rows)),
          limits_{.value_bytes_max = request.value_bytes_max, .checks_utf8 = true} {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    /// Behind the row that a limited statement stopped at is its end: read, it need not be killed.
    ~Reader() override {
        const bool is_limited = key() && key()->is_unique && rows_soft_max() != 0;
        if (is_limited && RowReader::stopped_at()) discard(rows_.next(), "nothing is read of it");
    }

  private:
    std::unexpected<Error> malformed() const {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: {} sent a value in a form that is none of its type",
                                relation().name, connection_->place()));
    }

    Result<bool> step() override {
        auto has_row = rows_.next();
        if (!has_row) return in_context(std::move(has_row).error(), relation().name);
        return *has_row;
    }

    Status decode_row(Batch& batch, std::size_t row) override {
        std::vector<Column>& columns = batch.columns();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto value = rows_.field(i);
            if (!value) {
                put_null(columns[i], row);
                continue;
            }
            const Decoded decoded =
                decode_value(selection_.wires[i], *value, columns[i], row, limits_);
            if (decoded == Decoded::Yes) [[likely]] {
                continue;
            }
            if (decoded == Decoded::Malformed) return malformed();
            TRY(settle(decoded, i, columns[i], row, [&] {
                return Misfit{.place = "",
                              .kind = relation().columns[i].source_type,
                              .shown = text_of_value(selection_.wires[i], *value),
                              .bytes = value->size()};
            }));
        }
        return {};
    }

    Result<Key> current_key() override {
        Key values;
        for (std::size_t i = 0; i < selection_.key.size(); ++i) {
            const KeyField& place = selection_.key[i];
            const auto value = rows_.field(place.field);
            if (!value) {
                values.emplace_back();
                continue;
            }
            const auto number = text_of_integer(place.wire, *value);
            values.push_back(key_value(*key(), i, number ? *number : *value));
        }
        return values;
    }

    /// Texts can differ and be equal, in a collation, and so can decimals (-0.0): then the server
    /// has to be asked, and this session is busy with rows.
    Result<bool> sorts_after(const Key& last, const Key& next) override {
        const bool has_twins = std::ranges::any_of(key()->types, [](const std::string& type) {
            return key_form(type) == KeyForm::Text || key_form(type) == KeyForm::Decimal;
        });
        if (!has_twins || key()->is_unique) return true;
        if (!other_) {
            auto other = connection_->open_another();
            if (!other) return std::unexpected(std::move(other).error());
            other_.emplace(*std::move(other));
        }
        return sorts_before(*other_, *key(), last, next);
    }

    Connection* connection_;
    std::optional<Connection> other_;
    Selection selection_;
    RowStream rows_;
    DecodeLimits limits_;
};

/// The statement that reads a chunk.
std::string select_statement(const ReadRequest& request, const Selection& selection) {
    std::string rest;
    if (request.key != nullptr) {
        rest = where_of(*request.key, request.bounds);
        if (request.rows_soft_max != 0) {
            rest += order_of(*request.key, "ASC");
            // The row behind the last one says where the next chunk begins. Of keys that are not
            // unique any number of rows may follow.
            if (request.key->is_unique) rest += fmt::format(" LIMIT {}", request.rows_soft_max + 1);
        }
    }
    return fmt::format("SELECT {} FROM {}{}", fmt::join(selection.expressions, ", "),
                       from_of(*request.relation), rest);
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

}  // namespace

Result<std::unique_ptr<ChunkReader>> open_reader(Connection& connection,
                                                 const ReadRequest& request) {
    if (request.key != nullptr) TRY(check_bounds(connection, *request.key, request.bounds));
    Selection selection = selection_of(request);
    auto rows = connection.stream(select_statement(request, selection));
    if (!rows) return in_context(std::move(rows).error(), request.relation->name);
    CHECK(rows->columns().size() == selection.expressions.size());
    TRY(check_columns(*request.relation, *rows));
    std::unique_ptr<ChunkReader> reader =
        std::make_unique<Reader>(connection, request, std::move(selection), *std::move(rows));
    return reader;
}

}  // namespace trueup::extract::mysql_source
