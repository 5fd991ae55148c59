#pragma once

#include <string>
#include <vector>

#include "extract/source/source.h"

namespace trueup::extract {

inline std::vector<std::string> type_names(const Relation& relation) {
    std::vector<std::string> names;
    names.reserve(relation.columns.size());
    for (const SourceColumn& column : relation.columns) {
        names.push_back(columnar::name_of(column.type));
    }
    return names;
}

/// Of a column of INTEGER, BIGINT or bytes, or of lists of them: "[1, NULL]".
inline std::string text_at(const columnar::Column& column, std::size_t row) {
    if (column.is_null(row)) return "NULL";
    if (column.type().id == columnar::TypeId::List) {
        const auto entry = column.values<columnar::ListEntry>()[row];
        std::string text;
        for (std::uint64_t at = entry.offset; at < entry.offset + entry.length; ++at) {
            text += (text.empty() ? "" : ", ") + text_at(column.elements(), at);
        }
        return "[" + text + "]";
    }
    if (columnar::is_bytes(column.type())) {
        return std::string(column.values<columnar::BytesRef>()[row].view());
    }
    return column.type().id == columnar::TypeId::Integer
               ? std::to_string(column.values<std::int32_t>()[row])
               : std::to_string(column.values<std::int64_t>()[row]);
}

/// "7|NULL|a text" for each row of a read; ends with "error: …" when it fails.
inline std::vector<std::string> rows_of(ChunkReader& reader, const Relation& relation) {
    columnar::Batch batch(columnar::types_of(part_columns(relation)));
    std::vector<std::string> rows;
    while (true) {
        batch.clear();
        const auto status = reader.next(batch);
        if (!status) rows.push_back("error: " + status.error().message);
        if (!status || batch.rows() == 0) return rows;
        for (std::size_t row = 0; row < batch.rows(); ++row) {
            std::string text;
            for (const auto& column : batch.columns()) text += "|" + text_at(column, row);
            rows.push_back(text.substr(1));
        }
    }
}

}  // namespace trueup::extract
