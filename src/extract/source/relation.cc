#include "extract/source/relation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace trueup::extract {

const SourceColumn* find_column(const Relation& relation, std::string_view name) {
    const auto found = std::ranges::find_if(relation.columns, [&](const SourceColumn& column) {
        return lower_ascii(column.name) == lower_ascii(name);
    });
    return found == relation.columns.end() ? nullptr : &*found;
}

std::vector<std::string> column_names(const Relation& relation) {
    std::vector<std::string> names;
    names.reserve(relation.columns.size());
    for (const SourceColumn& column : relation.columns) names.push_back(column.name);
    return names;
}

std::unexpected<Error> no_column(const Relation& relation, std::string_view name) {
    const auto names = column_names(relation);
    return fail(
        ErrorClass::Config,
        fmt::format("{} has no column \"{}\"{}", relation.name, name, did_you_mean(name, names)),
        fmt::format("its columns are: {}", fmt::join(names, ", ")));
}

Status refuse_double_names(const Relation& relation, LetterCase letter_case) {
    std::vector<std::string> names = column_names(relation);
    if (letter_case == LetterCase::NotTold) {
        for (std::string& name : names) name = lower_ascii(name);
    }
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice == names.end()) return {};
    return fail(ErrorClass::Config,
                fmt::format("{}: two columns are named \"{}\"", relation.name, *twice),
                "give one of them another name with AS");
}

std::string inner_query(std::string_view query) {
    query = trim(query);
    while (query.ends_with(';')) query = trim(query.substr(0, query.size() - 1));
    return std::string(query);
}

Status check_overrides(const Export& wanted, const Relation& relation) {
    for (const ColumnOverride& own : wanted.columns) {
        if (find_column(relation, own.column) == nullptr) {
            return no_column(relation, own.column);
        }
    }
    return {};
}

const ColumnOverride* override_of(const Export& wanted, const SourceColumn& column) {
    const auto found = std::ranges::find_if(wanted.columns, [&](const ColumnOverride& own) {
        return lower_ascii(own.column) == lower_ascii(column.name);
    });
    return found == wanted.columns.end() ? nullptr : &*found;
}

Result<std::optional<columnar::Type>> type_of(const Export& wanted, const Relation& relation,
                                              const SourceColumn& column, Shape shape) {
    const ColumnOverride* const own = override_of(wanted, column);
    if (own == nullptr || own->type.empty()) return std::nullopt;
    const auto refuse = [&](std::string_view why, std::string hint = {}) {
        return fail(
            ErrorClass::Config,
            fmt::format("{}.{}: the type {} {}", relation.name, column.name, own->type, why),
            std::move(hint));
    };
    const auto type = columnar::parse_type(own->type);
    if (!type) return refuse("is not available for parts");
    if (type->id != columnar::TypeId::List) return *type;
    if (shape != Shape::List) {
        return refuse(fmt::format("is one of lists, and {} is none", column.source_type));
    }
    if (wanted.output.format == Format::Csv) {
        return refuse("is one of lists, and CSV has none",
                      fmt::format("columns: {{{}: json}} writes them as JSON", column.name));
    }
    return *type;
}

columnar::Type type_in_parts(const Export& wanted, columnar::Type type) {
    const bool is_list = type.id == columnar::TypeId::List;
    return is_list && wanted.output.format == Format::Csv ? columnar::Type{columnar::TypeId::Json}
                                                          : type;
}

Result<ChunkKey> key_of_columns(const Relation& relation, const std::vector<std::string>& columns) {
    ChunkKey key;
    for (const std::string& name : columns) {
        const SourceColumn* column = find_column(relation, name);
        if (column == nullptr) return no_column(relation, name);
        key.columns.push_back(column->name);
        key.types.push_back(column->source_type);
        key.may_be_null = key.may_be_null || column->is_nullable;
    }
    return key;
}

}  // namespace trueup::extract
