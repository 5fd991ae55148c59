#include "extract/source/source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "extract/source/duckdb_source.h"
#include "extract/source/mysql_source.h"
#include "extract/source/postgres_source.h"
#include "extract/source/sqlite_source.h"

namespace trueup::extract {

std::string_view name_of(Fidelity fidelity) {
    switch (fidelity) {
        case Fidelity::Exact: return "exact";
        case Fidelity::Compatible: return "compatible";
        case Fidelity::Text: return "text";
    }
    std::unreachable();
}

std::string_view name_of(Health health) {
    switch (health) {
        case Health::Ok: return "ok";
        case Health::Warning: return "warn";
        case Health::Failure: return "fail";
        case Health::Unknown: return "unknown";
    }
    std::unreachable();
}

std::string text_of(const ChunkKey& key) {
    if (key.columns.size() == 1) return key.columns.front();
    return fmt::format("({})", fmt::join(key.columns, ", "));
}

std::vector<columnar::NamedType> part_columns(const Relation& relation) {
    std::vector<columnar::NamedType> columns;
    columns.reserve(relation.columns.size());
    for (const SourceColumn& column : relation.columns) {
        columns.push_back({column.name, column.type});
    }
    return columns;
}

StatementLimits limits_of(const Tuning& tuning) {
    return {.run = std::chrono::seconds(tuning.statement_timeout_s),
            .wait_for_lock = std::chrono::seconds(tuning.lock_timeout_s)};
}

bool is_governed(const Tuning& tuning) {
    return tuning.is_adaptive && tuning.workers > tuning.workers_min;
}

Result<std::unique_ptr<SourceDatabase>> open_database(const Source& source,
                                                      const StatementLimits& limits) {
    switch (source.engine) {
        case Engine::Sqlite: return open_sqlite(source);
        case Engine::DuckDb: return open_duckdb(source);
        case Engine::Postgres: return open_postgres(source, limits);
        case Engine::Mysql: return open_mysql(source, limits);
    }
    std::unreachable();
}

}  // namespace trueup::extract
