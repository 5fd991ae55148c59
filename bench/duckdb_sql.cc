// duckdb_sql: plain DuckDB for the tests that judge trueup. It shares no code with the product, so
// what it reads from a part is a second opinion.
//
//   duckdb_sql SQL...            run these statements
//   duckdb_sql                   run statements from standard input, each one ended by a line ";"
//
// An answer is one JSON array for each row and a last line {"rows": N}, or one line
// {"error": "..."}. Values are exact: NULL is null, texts are strings, blobs {"hex": "..."},
// doubles the shortest text that reads back to the same one (Infinity, -Infinity and NaN as Python
// reads them), floats likewise, decimals and integers beyond 64 bits strings, dates and times ISO
// strings, lists arrays. Of any other type: an error, which asks for a CAST in the SQL.
#include <duckdb.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

namespace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

/// A vector of a result, and what is needed to say one of its values.
struct Values {
    duckdb_vector vector = nullptr;
    duckdb_type type = DUCKDB_TYPE_INVALID;
    duckdb_type storage = DUCKDB_TYPE_INVALID;  // Of a decimal.
    unsigned scale = 0;
    const void* data = nullptr;
    uint64_t* validity = nullptr;

    template <class T>
    T at(idx_t row) const {
        return static_cast<const T*>(data)[row];
    }
};

std::string hex_of(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const char byte : bytes) {
        const auto number = static_cast<unsigned char>(byte);
        text += kDigits[number >> 4U];
        text += kDigits[number & 15U];
    }
    return text;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto number = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (number < 0x20) {
            out += "\\u00" + hex_of({&c, 1});
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string digits_of(UInt128 number) {
    std::string text;
    do {
        text += static_cast<char>('0' + static_cast<int>(number % 10));
        number /= 10;
    } while (number != 0);
    std::ranges::reverse(text);
    return text;
}

std::string decimal_of(Int128 unscaled, unsigned scale) {
    const bool is_negative = unscaled < 0;
    const auto number = static_cast<UInt128>(unscaled);
    std::string digits = digits_of(is_negative ? ~number + 1 : number);
    if (scale > 0) {
        if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
        digits.insert(digits.size() - scale, 1, '.');
    }
    return is_negative ? "-" + digits : digits;
}

template <class T>
std::string floating(T value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    std::string text(buffer.data(), end);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string padded(int64_t number, int width) {
    std::array<char, 32> buffer{};
    static_cast<void>(std::snprintf(buffer.data(), buffer.size(), "%0*lld", width,
                                    static_cast<long long>(number)));
    return buffer.data();
}

std::string date_text(duckdb_date_struct date) {
    return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2);
}

std::string time_text(duckdb_time_struct time) {
    return padded(time.hour, 2) + ":" + padded(time.min, 2) + ":" + padded(time.sec, 2) + "." +
           padded(time.micros, 6);
}

std::string uuid_text(duckdb_hugeint number) {
    // DuckDB flips the topmost bit, so that signed order is the order of the texts.
    const auto upper = static_cast<uint64_t>(number.upper) ^ (uint64_t{1} << 63U);
    std::string text;
    for (const uint64_t half : {upper, number.lower}) {
        for (int shift = 56; shift >= 0; shift -= 8) {
            const char byte = static_cast<char>((half >> static_cast<unsigned>(shift)) & 255U);
            text += hex_of({&byte, 1});
        }
    }
    for (const size_t at : {size_t{8}, size_t{13}, size_t{18}, size_t{23}}) text.insert(at, "-");
    return text;
}

Int128 wide(duckdb_hugeint number) {
    return (static_cast<Int128>(number.upper) << 64U) + static_cast<Int128>(number.lower);
}

std::string decimal_at(const Values& values, idx_t row) {
    switch (values.storage) {
        case DUCKDB_TYPE_SMALLINT: return decimal_of(values.at<int16_t>(row), values.scale);
        case DUCKDB_TYPE_INTEGER: return decimal_of(values.at<int32_t>(row), values.scale);
        case DUCKDB_TYPE_BIGINT: return decimal_of(values.at<int64_t>(row), values.scale);
        default: return decimal_of(wide(values.at<duckdb_hugeint>(row)), values.scale);
    }
}

std::string_view bytes_at(const Values& values, idx_t row) {
    auto* cell = const_cast<duckdb_string_t*>(static_cast<const duckdb_string_t*>(values.data));
    return {duckdb_string_t_data(cell + row), duckdb_string_t_length(cell[row])};
}

Values values_of(duckdb_vector vector, duckdb_type of_values) {
    Values values;
    values.vector = vector;
    values.type = of_values;
    values.data = duckdb_vector_get_data(vector);
    values.validity = duckdb_vector_get_validity(vector);
    if (values.type != DUCKDB_TYPE_DECIMAL) return values;
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    values.storage = duckdb_decimal_internal_type(type);
    values.scale = duckdb_decimal_scale(type);
    duckdb_destroy_logical_type(&type);
    return values;
}

std::string value_at(const Values& values, idx_t row);

std::string list_at(const Values& values, idx_t row) {
    duckdb_vector child = duckdb_list_vector_get_child(values.vector);
    duckdb_logical_type type = duckdb_vector_get_column_type(child);
    const Values elements = values_of(child, duckdb_get_type_id(type));
    duckdb_destroy_logical_type(&type);
    const auto entry = values.at<duckdb_list_entry>(row);
    std::string text;
    for (idx_t i = 0; i < entry.length; ++i) {
        const std::string element = value_at(elements, entry.offset + i);
        if (element.empty()) return "";
        text += (i == 0 ? "" : ", ") + element;
    }
    return "[" + text + "]";
}

/// The value as JSON; empty for a type this program does not know.
std::string value_at(const Values& values, idx_t row) {
    if (values.validity != nullptr && !duckdb_validity_row_is_valid(values.validity, row)) {
        return "null";
    }
    switch (values.type) {
        case DUCKDB_TYPE_BOOLEAN: return values.at<bool>(row) ? "true" : "false";
        case DUCKDB_TYPE_TINYINT: return std::to_string(values.at<int8_t>(row));
        case DUCKDB_TYPE_SMALLINT: return std::to_string(values.at<int16_t>(row));
        case DUCKDB_TYPE_INTEGER: return std::to_string(values.at<int32_t>(row));
        case DUCKDB_TYPE_BIGINT: return std::to_string(values.at<int64_t>(row));
        case DUCKDB_TYPE_UTINYINT: return std::to_string(values.at<uint8_t>(row));
        case DUCKDB_TYPE_USMALLINT: return std::to_string(values.at<uint16_t>(row));
        case DUCKDB_TYPE_UINTEGER: return std::to_string(values.at<uint32_t>(row));
        case DUCKDB_TYPE_UBIGINT: return std::to_string(values.at<uint64_t>(row));
        case DUCKDB_TYPE_FLOAT: return floating(values.at<float>(row));
        case DUCKDB_TYPE_DOUBLE: return floating(values.at<double>(row));
        case DUCKDB_TYPE_HUGEINT:
            return quoted(decimal_of(wide(values.at<duckdb_hugeint>(row)), 0));
        case DUCKDB_TYPE_DECIMAL: return quoted(decimal_at(values, row));
        case DUCKDB_TYPE_VARCHAR: return quoted(bytes_at(values, row));
        case DUCKDB_TYPE_BLOB: return "{\"hex\": \"" + hex_of(bytes_at(values, row)) + "\"}";
        case DUCKDB_TYPE_UUID: return quoted(uuid_text(values.at<duckdb_hugeint>(row)));
        case DUCKDB_TYPE_DATE:
            return quoted(date_text(duckdb_from_date(values.at<duckdb_date>(row))));
        case DUCKDB_TYPE_TIME:
            return quoted(time_text(duckdb_from_time(values.at<duckdb_time>(row))));
        case DUCKDB_TYPE_TIMESTAMP:
        case DUCKDB_TYPE_TIMESTAMP_TZ: {
            const auto parts = duckdb_from_timestamp(values.at<duckdb_timestamp>(row));
            return quoted(date_text(parts.date) + " " + time_text(parts.time) +
                          (values.type == DUCKDB_TYPE_TIMESTAMP ? "" : "+00"));
        }
        case DUCKDB_TYPE_LIST: return list_at(values, row);
        default: return "";
    }
}

/// The rows of a chunk as lines; false when a column has a type this program does not know.
bool append_rows(duckdb_result& result, duckdb_data_chunk chunk, std::string& lines) {
    const idx_t columns = duckdb_column_count(&result);
    const idx_t rows = duckdb_data_chunk_get_size(chunk);
    for (idx_t row = 0; row < rows; ++row) {
        lines += '[';
        for (idx_t column = 0; column < columns; ++column) {
            duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
            const std::string value =
                value_at(values_of(vector, duckdb_column_type(&result, column)), row);
            if (value.empty()) return false;
            lines += (column == 0 ? "" : ", ") + value;
        }
        lines += "]\n";
    }
    return true;
}

bool answer(duckdb_connection connection, const std::string& sql) {
    duckdb_result result;
    std::string lines;
    std::string error;
    idx_t rows = 0;
    if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess) {
        const char* text = duckdb_result_error(&result);
        error = text == nullptr ? "failed without a message" : text;
    }
    while (error.empty()) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(result);
        if (chunk == nullptr) break;
        rows += duckdb_data_chunk_get_size(chunk);
        if (!append_rows(result, chunk, lines)) error = "a column of a type to be CAST: " + sql;
        duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&result);
    if (error.empty()) {
        std::cout << lines << "{\"rows\": " << rows << "}\n" << std::flush;
    } else {
        std::cout << "{\"error\": " << quoted(error) << "}\n" << std::flush;
    }
    return error.empty();
}

bool answer_input(duckdb_connection connection) {
    bool is_good = true;
    std::string sql;
    for (std::string line; std::getline(std::cin, line);) {
        if (line != ";") {
            sql += line + "\n";
            continue;
        }
        is_good = answer(connection, sql) && is_good;
        sql.clear();
    }
    return is_good;
}

}  // namespace

int main(int argc, char** argv) {
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
    if (duckdb_open(nullptr, &database) != DuckDBSuccess ||
        duckdb_connect(database, &connection) != DuckDBSuccess) {
        std::cerr << "duckdb_sql: DuckDB did not start\n";
        return 1;
    }
    duckdb_query(connection, "SET threads = 1", nullptr);
    duckdb_query(connection, "SET TimeZone = 'UTC'", nullptr);
    bool is_good = true;
    if (argc > 1) {
        for (int i = 1; i < argc; ++i) is_good = answer(connection, argv[i]) && is_good;
    } else {
        is_good = answer_input(connection) && is_good;
    }
    duckdb_disconnect(&connection);
    duckdb_close(&database);
    return is_good ? 0 : 1;
}
