#include "sqlite/statement.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <limits>
#include <variant>

#include "base/check.h"
#include "sqlite/failure.h"

namespace trueup::sqlite {
namespace {

static_assert(static_cast<int>(ColumnType::Integer) == SQLITE_INTEGER);
static_assert(static_cast<int>(ColumnType::Float) == SQLITE_FLOAT);
static_assert(static_cast<int>(ColumnType::Text) == SQLITE_TEXT);
static_assert(static_cast<int>(ColumnType::Blob) == SQLITE_BLOB);
static_assert(static_cast<int>(ColumnType::Null) == SQLITE_NULL);

/// "Copy the bytes": SQLITE_TRANSIENT, whose macro casts the address -1 the C way.
sqlite3_destructor_type copied() {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the address is a mark, nobody follows it.
    return reinterpret_cast<sqlite3_destructor_type>(std::intptr_t{-1});
}

int bind_copy(sqlite3_stmt* stmt, int parameter, std::string_view value) {
    const char* data = value.data() == nullptr ? "" : value.data();  // A null pointer means NULL.
    return sqlite3_bind_text64(stmt, parameter, data, value.size(), copied(), SQLITE_UTF8);
}

int bind_copy(sqlite3_stmt* stmt, int parameter, Bytes value) {
    if (value.empty()) return sqlite3_bind_zeroblob(stmt, parameter, 0);
    return sqlite3_bind_blob64(stmt, parameter, value.data(), value.size(), copied());
}

/// One overload for each type a Parameter can hold.
struct Binder {
    sqlite3_stmt* stmt;
    int parameter;

    int operator()(std::monostate) const { return sqlite3_bind_null(stmt, parameter); }
    int operator()(std::int64_t value) const { return sqlite3_bind_int64(stmt, parameter, value); }
    int operator()(double value) const { return sqlite3_bind_double(stmt, parameter, value); }
    int operator()(std::string_view value) const { return bind_copy(stmt, parameter, value); }
    int operator()(Bytes value) const { return bind_copy(stmt, parameter, value); }
};

Status checked(sqlite3_stmt* stmt, int code) {
    if (code == SQLITE_OK) return {};
    return failure(sqlite3_db_handle(stmt), code);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* stmt) const noexcept { sqlite3_finalize(stmt); }

Result<Statement> Statement::prepare(Connection& connection, std::string_view sql) {
    CHECK(sql.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int size = static_cast<int>(sql.size());
    const int code = sqlite3_prepare_v2(connection.native(), sql.data(), size, &raw, &rest);
    if (code != SQLITE_OK) return failure(connection.native(), code);
    Statement statement(raw);  // Owned from here on, whatever the checks below say.
    if (raw == nullptr) return fail(ErrorClass::Bug, "prepare: no statement in the text");
    if (rest != sql.data() + sql.size()) {
        return fail(ErrorClass::Bug, fmt::format("prepare: text after the statement: {}", sql));
    }
    return statement;
}

Status Statement::bind_null(int parameter) {
    return checked(native(), sqlite3_bind_null(native(), parameter));
}

Status Statement::bind_int64(int parameter, std::int64_t value) {
    return checked(native(), sqlite3_bind_int64(native(), parameter, value));
}

Status Statement::bind_double(int parameter, double value) {
    return checked(native(), sqlite3_bind_double(native(), parameter, value));
}

Status Statement::bind_text(int parameter, std::string_view value) {
    return checked(native(), bind_copy(native(), parameter, value));
}

Status Statement::bind_blob(int parameter, Bytes value) {
    return checked(native(), bind_copy(native(), parameter, value));
}

Status Statement::bind(std::initializer_list<Parameter> parameters) {
    const int wanted = sqlite3_bind_parameter_count(native());
    if (static_cast<std::size_t>(wanted) != parameters.size()) {
        return fail(ErrorClass::Bug,
                    fmt::format("bind: {} values for {} parameters", parameters.size(), wanted));
    }
    int number = 0;
    for (const Parameter& parameter : parameters) {
        ++number;
        TRY(checked(native(), std::visit(Binder{native(), number}, parameter.value())));
    }
    return {};
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(native());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failure(sqlite3_db_handle(native()), code);
}

Status Statement::finish() {
    while (TRY(step())) {
    }
    return {};
}

void Statement::reset() {
    // The code is that of the last step, which was reported there.
    sqlite3_reset(native());
    sqlite3_clear_bindings(native());
}

int Statement::column_count() const { return sqlite3_column_count(stmt_.get()); }

std::string_view Statement::column_name(int column) const {
    const char* name = sqlite3_column_name(stmt_.get(), column);
    return name == nullptr ? std::string_view() : std::string_view(name);
}

std::string_view Statement::column_declared_type(int column) const {
    const char* name = sqlite3_column_decltype(stmt_.get(), column);
    return name == nullptr ? std::string_view() : std::string_view(name);
}

std::unexpected<Error> Statement::native_failure(int code) const {
    return failure(sqlite3_db_handle(stmt_.get()), code);
}

ColumnType Statement::column_type(int column) const {
    return static_cast<ColumnType>(sqlite3_column_type(stmt_.get(), column));
}

std::int64_t Statement::column_int64(int column) const {
    return sqlite3_column_int64(stmt_.get(), column);
}

double Statement::column_double(int column) const {
    return sqlite3_column_double(stmt_.get(), column);
}

std::string_view Statement::column_text(int column) const {
    const unsigned char* text = sqlite3_column_text(stmt_.get(), column);
    if (text == nullptr) return {};
    // The length must be asked for after the text, which may convert the value.
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(stmt_.get(), column));
    return {reinterpret_cast<const char*>(text), size};
}

Bytes Statement::column_blob(int column) const {
    const void* data = sqlite3_column_blob(stmt_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(stmt_.get(), column));
    if (data == nullptr) return {};
    return {static_cast<const std::byte*>(data), size};
}

std::optional<std::string> Statement::column_optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return std::string(column_text(column));
}

std::optional<std::int64_t> Statement::column_optional_int64(int column) const {
    if (is_null(column)) return std::nullopt;
    return column_int64(column);
}

}  // namespace trueup::sqlite
