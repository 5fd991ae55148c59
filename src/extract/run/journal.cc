#include "extract/run/journal.h"

#include <utility>

namespace trueup::extract {

Status record_event(Ledger& ledger, const JobContext& job, std::string run_id, std::string kind,
                    const json::Value& detail) {
    EventRecord record;
    record.at = job.clock->now();
    record.export_name = job.wanted->name;
    record.run_id = std::move(run_id);
    record.kind = std::move(kind);
    record.detail_json = json::write(detail.is_null() ? json::Value::object() : detail);
    return ledger.record_event(record);
}

}  // namespace trueup::extract
