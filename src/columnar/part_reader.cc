#include <fmt/format.h>

#include "base/text.h"
#include "columnar/part.h"

namespace trueup::columnar {
namespace {

/// Whatever DuckDB says about a file that it cannot read, the file is not what was written.
template <class T>
Result<T> damage(Result<T> outcome, const std::string& path) {
    if (outcome || outcome.error().kind == ErrorClass::Retryable) return outcome;
    Error error = outcome.error();
    error.kind = ErrorClass::Integrity;
    return in_context(std::move(error), path);
}

std::string csv_columns(const std::vector<NamedType>& columns) {
    std::string list;
    for (const NamedType& column : columns) {
        const bool is_text = is_bytes(column.type);
        list += fmt::format("{}{}: {}", list.empty() ? "" : ", ", quote_text(column.name),
                            quote_text(is_text ? "VARCHAR" : name_of(column.type)));
    }
    return list;
}

std::string select_list(const std::vector<NamedType>& columns, Format format) {
    std::string list;
    for (const NamedType& column : columns) {
        const std::string name = quote_name(column.name);
        if (!list.empty()) list += ", ";
        if (column.type.id == TypeId::Blob && format == Format::Csv) {
            list += fmt::format("unhex({0}) AS {0}", name);
        } else {
            list += fmt::format("CAST({0} AS {1}) AS {0}", name, name_of(column.type));
        }
    }
    return list;
}

/// A Parquet file says which columns it has.
Status check_columns(Session& session, const std::vector<NamedType>& columns,
                     const std::string& relation, const std::string& path) {
    const auto found = TRY(damage(session.describe("SELECT * FROM " + relation), path));
    bool is_same = found.size() == columns.size();
    for (std::size_t i = 0; is_same && i < columns.size(); ++i) {
        is_same = found[i].first == columns[i].name && found[i].second == name_of(columns[i].type);
    }
    if (is_same) return {};
    return fail(ErrorClass::Integrity,
                fmt::format("{}: its columns are not those of the manifest", path));
}

}  // namespace

std::string part_relation(const std::vector<NamedType>& columns, const PartFormat& format,
                          const std::string& path) {
    if (format.format == Format::Parquet) {
        return fmt::format("read_parquet({})", quote_text(path));
    }
    const CsvOptions& csv = format.csv;
    const std::string quote = quote_text(std::string(1, csv.quote));
    return fmt::format(
        "read_csv({}, auto_detect=false, header={}, delim={}, quote={}, escape={}, nullstr={}, "
        "allow_quoted_nulls=false, compression={}, columns={{{}}}, strict_mode=true, "
        "max_line_size=33554432, buffer_size=67108864)",
        quote_text(path), csv.has_header, quote_text(std::string(1, csv.delimiter)), quote, quote,
        quote_text(csv.null_text), quote_text(format.compression), csv_columns(columns));
}

Result<std::unique_ptr<RowStream>> read_part(Session& session,
                                             const std::vector<NamedType>& columns,
                                             const PartFormat& format, const std::string& path) {
    const std::string relation = part_relation(columns, format, path);
    if (format.format == Format::Parquet) {
        TRY(check_columns(session, columns, relation, path));
    }
    return damage(session.query(fmt::format("SELECT {} FROM {}",
                                            select_list(columns, format.format), relation)),
                  path);
}

Result<std::unique_ptr<RowStream>> read_part_column(Session& session,
                                                    const std::vector<NamedType>& columns,
                                                    const PartFormat& format,
                                                    const std::string& path, std::size_t column) {
    const std::string relation = part_relation(columns, format, path);
    if (format.format == Format::Parquet) {
        TRY(check_columns(session, columns, relation, path));
    }
    return damage(
        session.query(fmt::format("SELECT {} FROM {}",
                                  select_list({columns.at(column)}, format.format), relation)),
        path);
}

Result<std::int64_t> part_rows(Session& session, const std::vector<NamedType>& columns,
                               const PartFormat& format, const std::string& path) {
    if (format.format == Format::Parquet) {
        return damage(session.number(fmt::format("SELECT num_rows FROM parquet_file_metadata({})",
                                                 quote_text(path))),
                      path);
    }
    return damage(session.number(
                      fmt::format("SELECT count(*) FROM {}", part_relation(columns, format, path))),
                  path);
}

Result<std::map<std::string, std::string>> part_metadata(Session& session,
                                                         const std::string& path) {
    const auto rows = TRY(damage(
        session.texts(fmt::format("SELECT decode(key), decode(value) FROM parquet_kv_metadata({})",
                                  quote_text(path))),
        path));
    std::map<std::string, std::string> metadata;
    for (const TextRow& row : rows) metadata[row.at(0).value_or("")] = row.at(1).value_or("");
    return metadata;
}

}  // namespace trueup::columnar
