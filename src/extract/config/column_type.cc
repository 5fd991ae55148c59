#include "extract/config/column_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"

namespace trueup::extract {
namespace {

constexpr int kPrecisionMax = 38;

struct Alias {
    std::string_view name;  // In lower case.
    std::string_view canonical;
};

constexpr Alias kAliases[] = {
    {"bool", "BOOLEAN"},
    {"boolean", "BOOLEAN"},
    {"logical", "BOOLEAN"},
    {"tinyint", "TINYINT"},
    {"int1", "TINYINT"},
    {"smallint", "SMALLINT"},
    {"int2", "SMALLINT"},
    {"int16", "SMALLINT"},
    {"short", "SMALLINT"},
    {"integer", "INTEGER"},
    {"int", "INTEGER"},
    {"int4", "INTEGER"},
    {"int32", "INTEGER"},
    {"signed", "INTEGER"},
    {"bigint", "BIGINT"},
    {"int8", "BIGINT"},
    {"int64", "BIGINT"},
    {"long", "BIGINT"},
    {"hugeint", "HUGEINT"},
    {"int128", "HUGEINT"},
    {"utinyint", "UTINYINT"},
    {"uint8", "UTINYINT"},
    {"usmallint", "USMALLINT"},
    {"uint16", "USMALLINT"},
    {"uinteger", "UINTEGER"},
    {"uint32", "UINTEGER"},
    {"ubigint", "UBIGINT"},
    {"uint64", "UBIGINT"},
    {"uhugeint", "UHUGEINT"},
    {"uint128", "UHUGEINT"},
    {"float", "FLOAT"},
    {"float4", "FLOAT"},
    {"float32", "FLOAT"},
    {"real", "FLOAT"},
    {"double", "DOUBLE"},
    {"double precision", "DOUBLE"},
    {"float8", "DOUBLE"},
    {"float64", "DOUBLE"},
    {"varchar", "VARCHAR"},
    {"text", "VARCHAR"},
    {"string", "VARCHAR"},
    {"char", "VARCHAR"},
    {"bpchar", "VARCHAR"},
    {"nvarchar", "VARCHAR"},
    {"name", "VARCHAR"},
    {"blob", "BLOB"},
    {"bytea", "BLOB"},
    {"binary", "BLOB"},
    {"varbinary", "BLOB"},
    {"bit", "BIT"},
    {"bitstring", "BIT"},
    {"date", "DATE"},
    {"time", "TIME"},
    {"time without time zone", "TIME"},
    {"timetz", "TIME WITH TIME ZONE"},
    {"time with time zone", "TIME WITH TIME ZONE"},
    {"timestamp", "TIMESTAMP"},
    {"timestamp without time zone", "TIMESTAMP"},
    {"timestamp_us", "TIMESTAMP"},
    {"datetime", "TIMESTAMP"},
    {"timestamp_s", "TIMESTAMP_S"},
    {"timestamp_ms", "TIMESTAMP_MS"},
    {"timestamp_ns", "TIMESTAMP_NS"},
    {"timestamptz", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp_tz", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp_utc", "TIMESTAMP WITH TIME ZONE"},
    {"timestamp with time zone", "TIMESTAMP WITH TIME ZONE"},
    {"interval", "INTERVAL"},
    {"json", "JSON"},
    {"jsonb", "JSON"},
    {"uuid", "UUID"},
    {"guid", "UUID"},
    {"decimal", "DECIMAL"},
    {"numeric", "DECIMAL"},
    {"dec", "DECIMAL"},
};

/// A type name taken apart: "numeric(10, 2)" is {"numeric", {"10", "2"}}.
struct Written {
    std::string name;
    std::vector<std::string> arguments;
};

/// Lower case, and one space where there was white space.
std::string plain(std::string_view text) {
    std::string words;
    for (const char letter : lower_ascii(trim(text))) {
        const bool is_space = letter == ' ' || letter == '\t' || letter == '\n';
        if (!is_space) words += letter;
        if (is_space && !words.ends_with(' ')) words += ' ';
    }
    return words;
}

std::optional<Written> take_apart(std::string_view text) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos) return Written{plain(text), {}};
    const std::size_t close = text.find(')', open);
    if (close == std::string_view::npos) return std::nullopt;
    Written written;
    // `timestamp(6) with time zone` has its arguments in the middle.
    written.name = plain(fmt::format("{} {}", text.substr(0, open), text.substr(close + 1)));
    for (const std::string_view part : split(text.substr(open + 1, close - open - 1), ',')) {
        written.arguments.emplace_back(trim(part));
    }
    return written;
}

std::unexpected<Error> refuse(std::string sentence, std::string hint = {}) {
    return fail(ErrorClass::Config, std::move(sentence), std::move(hint));
}

Result<std::string> decimal(const Written& written, std::string_view shown) {
    const auto argument = [&written](std::size_t index, std::int64_t fallback) {
        if (index >= written.arguments.size()) return std::optional(fallback);
        return parse_int64(written.arguments[index]);
    };
    // The database's own defaults: DECIMAL is DECIMAL(18,3), DECIMAL(p) is DECIMAL(p,0).
    const auto precision = argument(0, 18);
    const auto scale = argument(1, written.arguments.empty() ? 3 : 0);
    if (written.arguments.size() > 2 || !precision || !scale || *precision < 1) {
        return refuse(fmt::format("has the malformed type \"{}\"", shown),
                      "write DECIMAL(precision,scale), for example DECIMAL(18,3)");
    }
    if (*precision > kPrecisionMax) {
        return refuse(fmt::format("has the type \"{}\", but a decimal has at most {} digits", shown,
                                  kPrecisionMax),
                      "VARCHAR keeps every digit as exact text");
    }
    if (*scale < 0 || *scale > *precision) {
        return refuse(fmt::format("has the type \"{}\", but its scale must be between 0 and {}",
                                  shown, *precision));
    }
    return fmt::format("DECIMAL({},{})", *precision, *scale);
}

Result<std::string> with_arguments(std::string_view canonical, const Written& written,
                                   std::string_view shown) {
    if (canonical == "DECIMAL") return decimal(written, shown);
    if (written.arguments.empty()) return std::string(canonical);
    const auto number = parse_int64(written.arguments[0]);
    if (written.arguments.size() == 1 && number && *number >= 0) {
        // A length limits nothing, here as in DuckDB.
        if (canonical == "VARCHAR" || canonical == "BLOB") return std::string(canonical);
        if (canonical == "TIMESTAMP WITH TIME ZONE" && *number <= 6) return std::string(canonical);
        if (canonical == "TIMESTAMP" && *number == 0) return "TIMESTAMP_S";
        if (canonical == "TIMESTAMP" && *number <= 3) return "TIMESTAMP_MS";
        if (canonical == "TIMESTAMP" && *number <= 6) return "TIMESTAMP";
        if (canonical == "TIMESTAMP" && *number <= 9) return "TIMESTAMP_NS";
    }
    return refuse(
        fmt::format("has the type \"{}\", but {} takes no such argument", shown, canonical));
}

/// "[]" or "[3]" at the end of `text`, or "".
std::string_view list_suffix(std::string_view text) {
    const std::size_t open = text.rfind('[');
    if (!text.ends_with(']') || open == std::string_view::npos || open == 0) return {};
    const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
    const auto length = parse_int64(inside);
    const bool fits = inside.empty() || (length && *length > 0 && *length <= 100'000);
    return fits ? text.substr(open) : std::string_view();
}

Result<std::string> scalar_type(std::string_view text, std::string_view shown) {
    const auto written = take_apart(text);
    if (!written || written->name.empty()) {
        return refuse(fmt::format("has the malformed type \"{}\"", shown));
    }
    if (written->name == "timestamptz_ns" || written->name == "timestamp_tz_ns") {
        return refuse(fmt::format("has the type \"{}\", but there is no type of nanoseconds with a "
                                  "time zone",
                                  shown),
                      "TIMESTAMP_NS keeps the nanoseconds, TIMESTAMPTZ the time zone");
    }
    for (const std::string_view nested : {"struct", "map", "union", "enum", "list", "array"}) {
        if (written->name != nested && !written->name.starts_with(fmt::format("{} ", nested))) {
            continue;
        }
        return refuse(fmt::format("has the type \"{}\": {} is not available yet for columns", shown,
                                  upper_ascii(nested)),
                      "a list is written with [], for example INTEGER[]");
    }
    const auto* const found = std::ranges::find(kAliases, written->name, &Alias::name);
    if (found != std::end(kAliases)) return with_arguments(found->canonical, *written, shown);
    std::vector<std::string> names;
    for (const Alias& alias : kAliases) names.emplace_back(alias.name);
    return refuse(
        fmt::format("has the unknown type \"{}\"{}", shown, did_you_mean(written->name, names)),
        "any DuckDB type name, for example BIGINT, DECIMAL(18,3), VARCHAR, TIMESTAMPTZ");
}

}  // namespace

Result<std::string> canonical_type(std::string_view text) {
    const std::string shown = printable(text.substr(0, 60));
    std::string_view element = trim(text);
    std::string suffixes;
    while (!list_suffix(element).empty()) {
        const std::string_view suffix = list_suffix(element);
        suffixes = fmt::format("{}{}", suffix, suffixes);
        element = trim(element.substr(0, element.size() - suffix.size()));
    }
    const std::string name = TRY(scalar_type(element, shown));
    return name + suffixes;
}

}  // namespace trueup::extract
