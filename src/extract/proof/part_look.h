#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/part.h"
#include "extract/proof/copy.h"

namespace trueup::extract {

/// What is wrong with a copy, as `validate` names it.
enum class Flaw : std::uint8_t {
    None,
    PartMissing,
    PartSizeMismatch,
    PartChecksumMismatch,
    ValueChecksum,
    PartRowCount,
    SuccessMissing,
    SuccessMalformed,
    SuccessStale,
    ManifestMissing,
    ManifestInconsistent,
    ManifestReadError,
    ListError,
    UntrackedObject,  // The only one that is advice: no verdict depends on it.
};
/// "TRUEUP_VERIFY_PART_MISSING", …: stable, programs may rely on them. None is "".
std::string_view code_of(Flaw flaw);

/// How closely a file is looked at; each sees what the ones before it see.
enum class PartDepth : std::uint8_t {
    Size,      // It is there, with its size.
    Rows,      // The footer's rows; for CSV, which has none, rows counted by reading.
    Checksum,  // SHA-256 of the file instead of the footer.
    Content,   // SHA-256, then rows and digests of the decoded values.
};

struct PartLook {
    Flaw flaw = Flaw::None;
    std::int64_t rows = 0;  // Those that can be read; of a whole part, all of them.
    std::string sentence;   // Names the file and what is wrong.
};

struct PartFiles {
    std::string prefix;
    const std::vector<columnar::NamedType>* columns = nullptr;
    const columnar::PartFormat* format = nullptr;
};

/// Compares a file with what is recorded of it. A file that is wrong is an answer; an error means
/// that it could not be looked at.
Result<PartLook> look_at_part(columnar::Session& engine, const PartFiles& files,
                              const CopyPart& part, PartDepth depth);

}  // namespace trueup::extract
