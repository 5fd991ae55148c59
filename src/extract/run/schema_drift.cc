#include "extract/run/schema_drift.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>
#include <vector>

#include "extract/run/journal.h"
#include "json/json.h"

namespace trueup::extract {

std::string schema_json(const Relation& relation) {
    json::Value columns = json::Value::array();
    for (const SourceColumn& column : relation.columns) {
        columns.push_back({{"name", column.name}, {"type", columnar::name_of(column.type)}});
    }
    return json::write(columns);
}

namespace {

Result<std::string> changes_since(const SchemaBaseline& baseline, const Relation& relation) {
    const std::string what = fmt::format("the columns of {} in the ledger", baseline.export_name);
    const json::Value listed = TRY(json::parse(baseline.schema_json, what));
    std::map<std::string, std::string> before;
    for (const json::Value& column : listed) {
        std::string name = TRY(json::string_at(column, "name", what));
        std::string type = TRY(json::string_at(column, "type", what));
        before.emplace(std::move(name), std::move(type));
    }
    std::vector<std::string> changes;
    for (const SourceColumn& column : relation.columns) {
        const auto known = before.find(column.name);
        const std::string type = columnar::name_of(column.type);
        if (known == before.end()) {
            changes.push_back(fmt::format("{} was added", column.name));
            continue;
        }
        if (known->second != type) {
            changes.push_back(fmt::format("{} was {} and is {}", column.name, known->second, type));
        }
        before.erase(known);
    }
    for (const auto& [name, type] : before) changes.push_back(fmt::format("{} was removed", name));
    return fmt::format("{}", fmt::join(changes, ", "));
}

}  // namespace

Result<std::optional<SchemaDrift>> look_for_drift(Ledger& ledger, const JobContext& job,
                                                  const Relation& relation) {
    std::optional<SchemaDrift> drift;
    const auto baseline = TRY(ledger.schema_baseline(job.wanted->name));
    if (!baseline) return drift;
    const std::string changes = TRY(changes_since(*baseline, relation));
    if (changes.empty()) return drift;
    const std::string sentence = fmt::format("the columns of {} are not those of run {}: {}",
                                             relation.name, baseline->run_id, changes);
    if (job.wanted->on_schema_drift == OnSchemaDrift::Fail) {
        TRY(record_event(ledger, job, "", "schema_changed", {{"changes", changes}}));
        return fail(ErrorClass::SchemaChanged, sentence,
                    "to take the new columns, run once with on_schema_drift: warn");
    }
    drift.emplace(changes, fmt::format("{}: {}", job.wanted->name, sentence));
    return drift;
}

}  // namespace trueup::extract
