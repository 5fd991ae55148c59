#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/report.h"
#include "extract/proof/part_look.h"
#include "extract/run/job.h"

namespace trueup::extract {

/// How closely a copy is looked at; each depth sees what the ones before it see.
enum class ValidateDepth : std::uint8_t {
    Light,   // Manifests can be read and agree with themselves, the marker fits.
    Sample,  // Every part is there, with its size; files that nobody owns are named.
    Full,    // SHA-256 of every file, then rows and digests of its decoded values.
};
std::string_view name_of(ValidateDepth depth);

struct ValidateOptions {
    ValidateDepth depth = ValidateDepth::Full;
    std::string prefix;  // Empty: that of the last run that is done, else of the configuration.
    std::string run_id;  // Whose prefix, when none is given; empty: the last one.
    int workers = 0;     // 0: as the configuration says.
};

/// One thing that is wrong with a copy.
struct Finding {
    Flaw flaw = Flaw::None;
    std::string file;  // Relative to the prefix.
    std::string sentence;

    std::string_view code() const { return code_of(flaw); }
    bool is_advice() const { return flaw == Flaw::UntrackedObject; }
};

struct Validation {
    std::string prefix;
    ValidateDepth depth = ValidateDepth::Full;
    /// Partitions "manifest", "marker" and, below Light, "part"; truth is what the manifest says.
    core::Report report;
    std::vector<Finding> findings;  // In the order of the report; advice last.
};

/// Whether the copy is what its manifests say, all runs under the prefix included. Reads the
/// destination and, to find it, the ledger; never the source. Failed when there is no such folder.
Result<Validation> validate(const JobContext& job, const ValidateOptions& options);

}  // namespace trueup::extract
