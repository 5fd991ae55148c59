#include <fmt/format.h>

#include "columnar/part.h"

namespace trueup::columnar {
namespace {

std::string parquet_options(const PartFormat& format,
                            const std::map<std::string, std::string>& metadata) {
    const std::string codec = format.compression == "none" ? "uncompressed" : format.compression;
    std::string options = fmt::format("FORMAT PARQUET, COMPRESSION {}, ROW_GROUP_SIZE {}",
                                      quote_text(codec), format.row_group_rows);
    if (format.row_group_bytes != 0) {
        options += fmt::format(", ROW_GROUP_SIZE_BYTES {}", format.row_group_bytes);
    }
    if (format.level) options += fmt::format(", COMPRESSION_LEVEL {}", *format.level);
    if (!metadata.empty()) {
        std::string pairs;
        for (const auto& [key, value] : metadata) {
            pairs += fmt::format("{}{}: {}", pairs.empty() ? "" : ", ", quote_text(key),
                                 quote_text(value));
        }
        options += fmt::format(", KV_METADATA {{{}}}", pairs);
    }
    return options;
}

std::string csv_options(const PartFormat& format) {
    const CsvOptions& csv = format.csv;
    const std::string quote = quote_text(std::string(1, csv.quote));
    return fmt::format(
        "FORMAT CSV, HEADER {}, DELIMITER {}, NULLSTR {}, QUOTE {}, ESCAPE {}, COMPRESSION {}",
        csv.has_header, quote_text(std::string(1, csv.delimiter)), quote_text(csv.null_text), quote,
        quote, quote_text(format.compression));
}

/// What a column is in CSV. There are no blobs: they are written as lower-case hexadecimal. A
/// moment goes through the text of a TIMESTAMP, since DuckDB's own text of a TIMESTAMPTZ counts
/// milliseconds in a double, and is a millisecond off from the year 287396 on.
std::string csv_value(const NamedType& column) {
    std::string name = quote_name(column.name);
    if (column.type.id == TypeId::Blob) return fmt::format("lower(hex({0})) AS {0}", name);
    if (column.type.id == TypeId::TimestampTz) {
        return fmt::format("make_timestamp(epoch_us({0}))::VARCHAR || '+00' AS {0}", name);
    }
    return name;
}

std::string csv_projection(const std::vector<NamedType>& columns) {
    std::string list;
    for (const NamedType& column : columns) {
        list += (list.empty() ? "" : ", ") + csv_value(column);
    }
    return list;
}

}  // namespace

std::string extension_of(const PartFormat& format) {
    if (format.format == Format::Parquet) return "parquet";
    if (format.compression == "gzip") return "csv.gz";
    if (format.compression == "zstd") return "csv.zst";
    return "csv";
}

Status write_part(Session& session, BatchSource& source, const std::vector<NamedType>& columns,
                  const PartFormat& format, const NewPart& part) {
    const bool is_parquet = format.format == Format::Parquet;
    const std::string sql =
        fmt::format("COPY (SELECT {} FROM {{source}}) TO {} ({})",
                    is_parquet ? "*" : csv_projection(columns), quote_text(part.path),
                    is_parquet ? parquet_options(format, part.metadata) : csv_options(format));
    return session.copy_from(source, columns, sql);
}

}  // namespace trueup::columnar
