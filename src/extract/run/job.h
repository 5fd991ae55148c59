#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "columnar/part.h"
#include "core/progress.h"
#include "extract/config/config.h"
#include "extract/ledger/lease.h"
#include "extract/manifest/manifest.h"
#include "extract/run/meta_columns.h"
#include "extract/source/source.h"

/// What `run` and the proofs share: how an export's plan is named, formatted and hashed.
namespace trueup::extract {

/// The world as a command hands it down; everything pointed to outlives the call.
struct JobContext {
    const Config* config = nullptr;
    const Export* wanted = nullptr;
    const Clock* clock = nullptr;
    Random* random = nullptr;
    core::Progress* progress = nullptr;
    std::chrono::milliseconds heartbeat_interval = kHeartbeatInterval;
    std::chrono::milliseconds governor_interval{1500};  // Between two looks at a source's strain.
};

/// How the export's files are written.
columnar::PartFormat part_format(const Export& wanted);
ManifestFormat manifest_format(const columnar::PartFormat& format);
/// The inverse. Integrity when the manifest names an option or a value that parts do not have.
Result<columnar::PartFormat> parse_format(const ManifestFormat& format, std::string_view what);

/// With the meta columns behind those of the relation.
std::vector<ManifestColumn> manifest_columns(const Relation& relation, const AddedColumns& added);
/// Names and types of the parts of a manifest. Integrity for a type that parts do not have.
Result<std::vector<columnar::NamedType>> part_columns(const Manifest& manifest);

/// Everything that decides what the export's files hold, as JSON: source, relation or query,
/// columns with types, chunk key and sizes, destination, format. Two runs under one plan may share
/// chunks.
struct PlanDocument {
    std::string json;
    std::string hash;  // SHA-256 of `json`.
};
PlanDocument plan_document(const JobContext& job, const DatabaseIdentity& database,
                           const Relation& relation);
/// "exports.columns, format.compression": what differs between two plans, for people.
std::string plan_difference(const std::string& old_json, const std::string& new_json);

/// What the ids of the export's runs, and so its files, begin with: its name, with "_" for what is
/// neither an ASCII letter nor a digit nor one of ".", "_" and "-".
std::string run_id_stem(const Export& wanted);

/// Where the export's files go when a run starts at `now` under `run_id`. Absolute.
std::string prefix_of(const Export& wanted, const std::string& run_id, UnixMicros now);

}  // namespace trueup::extract
