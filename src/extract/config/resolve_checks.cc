#include <fmt/format.h>

#include "extract/config/resolve.h"

// What an export adds to its rows, and what they must be like.

namespace trueup::extract {

MetaColumns resolve_meta_columns(const Section& exported) {
    const Section section = exported.section("meta_columns");
    MetaColumns meta;
    meta.has_exported_at = section.flag("exported_at");
    meta.has_row_hash = section.flag("row_hash");
    const yaml::Node* hashed = section.node("row_hash");
    if (hashed != nullptr && hashed->kind == yaml::Node::Kind::Sequence) {
        meta.has_row_hash = true;
        meta.hashed = section.texts("row_hash");
    }
    return meta;
}

Result<Quality> resolve_quality(const Section& exported) {
    const Section section = exported.section("quality");
    Quality quality;
    quality.rows_min = section.integer("row_count_min");
    quality.rows_max = section.integer("row_count_max");
    if (quality.rows_min && quality.rows_max && *quality.rows_max < *quality.rows_min) {
        return section.refuse("row_count_max",
                              fmt::format("must be at least row_count_min, {}", *quality.rows_min));
    }
    for (auto& [column, max] : section.ratios("null_ratio_max")) {
        quality.null_ratios.push_back({column, max});
    }
    quality.unique_columns = section.texts("unique_columns");
    quality.unique_values_max = section.integer("unique_max_entries").value_or(0);
    if (quality.unique_values_max > 0 && quality.unique_columns.empty()) {
        section.warn("unique_max_entries", "has no effect without unique_columns");
    }
    return quality;
}

Result<OnSchemaDrift> resolve_schema_drift(const Section& exported) {
    const auto drift =
        exported.choice<OnSchemaDrift>("on_schema_drift").value_or(OnSchemaDrift::Warn);
    const bool is_stdout = exported.section("destination").choice_name("type") == "stdout";
    if (drift == OnSchemaDrift::Fail && is_stdout) {
        return exported.refuse(
            "on_schema_drift",
            "\"fail\" does not go with stdout: nothing is remembered of such runs",
            "use a local destination");
    }
    return drift;
}

}  // namespace trueup::extract
