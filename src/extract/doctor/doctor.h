#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/report.h"
#include "extract/run/job.h"
#include "extract/source/observation.h"

/// What a run needs, looked at before there is one: the source and the way to it, the ledger, and
/// of each export what it reads and where its files go. Nothing is changed; a probe file at the
/// destination is removed again.
namespace trueup::extract {

/// What was found of one subject.
struct Examined {
    std::string kind;           // "configuration", "source", "ledger", "export".
    std::string subject;        // Of an export its name, of others what is meant: a path, a place.
    Observations observations;  // Topics are unique among them.
};

struct Diagnosis {
    std::string source;  // "postgres db.example.com:5432/shop"
    std::vector<Examined> examined;
    UnixMicros started_at = 0;
    UnixMicros finished_at = 0;
};

/// `job.wanted` is not looked at: `exports` says which ones are meant. What cannot be looked at is
/// an observation; the error is Interrupted only.
Result<Diagnosis> diagnose(const JobContext& job, const std::vector<const Export*>& exports);

/// A partition for each observation: fine and warnings match, failures do not, and what could not
/// be looked at is unknown. The health and the hint are fields.
core::Report to_report(const Diagnosis& diagnosis, const std::string& config_file);

}  // namespace trueup::extract
