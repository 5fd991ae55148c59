#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "sqlite/connection.h"
#include "sqlite/parameter.h"

struct sqlite3_stmt;

namespace trueup::sqlite {

/// The storage class of one value; the numbers are SQLite's own.
enum class ColumnType : std::uint8_t { Integer = 1, Float = 2, Text = 3, Blob = 4, Null = 5 };

/// One prepared statement, finalized on destruction. Move-only. The connection must outlive it.
/// Parameters count from 1 and columns from 0, as in SQLite.
class Statement {
  public:
    /// Exactly one statement: empty text and text after the first statement are Bugs.
    static Result<Statement> prepare(Connection& connection, std::string_view sql);

    Status bind_null(int parameter);
    Status bind_int64(int parameter, std::int64_t value);
    Status bind_double(int parameter, double value);
    /// Copies the bytes.
    Status bind_text(int parameter, std::string_view value);
    /// Copies the bytes.
    Status bind_blob(int parameter, Bytes value);
    /// Parameters 1, 2, …; the count must be the statement's.
    Status bind(std::initializer_list<Parameter> parameters);

    /// Moves to the next row: true on a row, false once the statement is done.
    Result<bool> step();
    /// Steps to the end, dropping rows.
    Status finish();
    /// Back to before the first row, with every parameter NULL again.
    void reset();

    int column_count() const;
    /// Valid until the statement ends.
    std::string_view column_name(int column) const;
    /// The type in the CREATE TABLE statement, when the column is one of a table; else empty.
    std::string_view column_declared_type(int column) const;
    /// Ask before an accessor of another type converts the value.
    ColumnType column_type(int column) const;
    bool is_null(int column) const { return column_type(column) == ColumnType::Null; }
    std::int64_t column_int64(int column) const;
    double column_double(int column) const;
    /// Valid until the next step() or the end of the statement, whichever comes first. Bytes as
    /// stored, which need not be UTF-8; NULL is empty.
    std::string_view column_text(int column) const;
    /// Valid as column_text().
    Bytes column_blob(int column) const;
    /// Copies; nothing for NULL.
    std::optional<std::string> column_optional_text(int column) const;
    std::optional<std::int64_t> column_optional_int64(int column) const;

    /// For the decode loop of src/extract/source only: it reads millions of cells and calls SQLite
    /// itself.
    sqlite3_stmt* native() { return stmt_.get(); }
    /// The error that a native call on this statement just returned.
    std::unexpected<Error> native_failure(int code) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* stmt) const noexcept;
    };
    explicit Statement(sqlite3_stmt* stmt) : stmt_(stmt) {}
    std::unique_ptr<sqlite3_stmt, Finalize> stmt_;
};

}  // namespace trueup::sqlite
