#include "extract/run/run_metric.h"

#include "extract/run/process_memory.h"
#include "json/json.h"

namespace trueup::extract {

MetricRecord metric_of(const RunRecord& ended, const RunSummary& summary, std::int64_t workers,
                       UnixMicros now) {
    MetricRecord metric;
    metric.run_id = ended.run_id;
    metric.export_name = ended.export_name;
    metric.at = now;
    metric.rows = ended.rows;
    metric.bytes = ended.bytes;
    metric.chunks = summary.chunks;
    metric.parts = ended.parts;
    metric.retries = summary.retries;
    metric.workers = workers;
    metric.elapsed_us = now - ended.started_at;
    metric.longest_statement_us = summary.load.longest_us;
    metric.peak_rss_bytes = peak_resident_bytes();
    json::Value detail = {{"statements", summary.load.statements},
                          {"connections", summary.load.connections}};
    if (summary.governed) detail["workers_least"] = summary.governed->workers_least;
    metric.detail_json = json::write(detail);
    return metric;
}

}  // namespace trueup::extract
