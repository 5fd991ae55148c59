#pragma once

#include <string>
#include <vector>

#include "extract/config/config.h"
#include "extract/config/section.h"

/// From checked sections to plain structs: defaults, and the rules between keys. One function per
/// part of the configuration; each refuses with a sentence about the key that is one too many.
namespace trueup::extract {

/// What an export takes from above.
struct Above {
    const Section* source = nullptr;
    std::optional<Environment> environment;
    std::string directory;  // Absolute; where relative paths start.
    int cores = 1;
};

Result<Source> resolve_source(const Section& source, const std::string& directory,
                              const Surroundings& surroundings);
Result<Server> resolve_server(const Section& source, Engine engine, const std::string& directory,
                              const Surroundings& surroundings);
Result<Tuning> resolve_tuning(const Section& exported, const Above& above);
Result<Chunking> resolve_chunking(const Section& exported, const Tuning& tuning);
Result<Output> resolve_output(const Section& exported, Profile profile);
Result<DestinationSettings> resolve_destination(const Section& exported,
                                                const std::string& directory);
Result<std::vector<ColumnOverride>> resolve_columns(const Section& exported,
                                                    const std::optional<TableName>& table);
MetaColumns resolve_meta_columns(const Section& exported);
Result<Quality> resolve_quality(const Section& exported);
Result<OnSchemaDrift> resolve_schema_drift(const Section& exported);
Result<TableName> resolve_table(const Section& exported);

inline Place place_of(yaml::Position at) { return {at.line, at.column}; }

}  // namespace trueup::extract
