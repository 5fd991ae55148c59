#include "extract/proof/part_look.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "extract/run/chunk_writer.h"

namespace trueup::extract {
namespace {

PartLook flawed(Flaw flaw, std::int64_t rows, std::string sentence) {
    return {flaw, rows, std::move(sentence)};
}

/// Rows of a file that is known to be damaged; 0 when it cannot be read at all.
std::int64_t readable_rows(columnar::Session& engine, const PartFiles& files,
                           const std::string& path) {
    return columnar::part_rows(engine, *files.columns, *files.format, path).value_or(0);
}

Result<PartLook> look_at_rows(columnar::Session& engine, const PartFiles& files,
                              const CopyPart& part, const std::string& path) {
    const auto rows = columnar::part_rows(engine, *files.columns, *files.format, path);
    if (!rows) {
        if (rows.error().kind != ErrorClass::Integrity) return std::unexpected(rows.error());
        return flawed(Flaw::PartRowCount, 0,
                      fmt::format("{} cannot be read: {}", part.path, rows.error().message));
    }
    if (*rows == part.rows) return PartLook{Flaw::None, *rows, {}};
    return flawed(Flaw::PartRowCount, *rows,
                  fmt::format("{} holds {} rows, not {}", part.path, *rows, part.rows));
}

Result<PartLook> look_at_content(columnar::Session& engine, const PartFiles& files,
                                 const CopyPart& part, const std::string& path) {
    const auto digest = digest_part(engine, *files.columns, *files.format, path);
    if (!digest) {
        if (digest.error().kind != ErrorClass::Integrity) return std::unexpected(digest.error());
        return flawed(Flaw::ValueChecksum, 0,
                      fmt::format("{} cannot be decoded: {}", part.path, digest.error().message));
    }
    if (digest->rows != part.rows) {
        return flawed(Flaw::PartRowCount, digest->rows,
                      fmt::format("{} holds {} rows, not {}", part.path, digest->rows, part.rows));
    }
    if (!part.digest || *part.digest == *digest) return PartLook{Flaw::None, digest->rows, {}};
    std::string names;
    for (std::size_t i = 0; i < digest->columns.size(); ++i) {
        if (i < part.digest->columns.size() && digest->columns[i] == part.digest->columns[i]) {
            continue;
        }
        names += fmt::format("{}{}", names.empty() ? "" : ", ", files.columns->at(i).name);
    }
    return flawed(Flaw::ValueChecksum, digest->rows,
                  fmt::format("the values of {} in {} are not those recorded",
                              names.empty() ? "its rows" : names, part.path));
}

}  // namespace

std::string_view code_of(Flaw flaw) {
    switch (flaw) {
        case Flaw::None: return "";
        case Flaw::PartMissing: return "TRUEUP_VERIFY_PART_MISSING";
        case Flaw::PartSizeMismatch: return "TRUEUP_VERIFY_PART_SIZE_MISMATCH";
        case Flaw::PartChecksumMismatch: return "TRUEUP_VERIFY_PART_CHECKSUM_MISMATCH";
        case Flaw::ValueChecksum: return "TRUEUP_VERIFY_VALUE_CHECKSUM";
        case Flaw::PartRowCount: return "TRUEUP_VERIFY_PART_ROW_COUNT";
        case Flaw::SuccessMissing: return "TRUEUP_VERIFY_SUCCESS_MISSING";
        case Flaw::SuccessMalformed: return "TRUEUP_VERIFY_SUCCESS_MALFORMED";
        case Flaw::SuccessStale: return "TRUEUP_VERIFY_SUCCESS_STALE";
        case Flaw::ManifestMissing: return "TRUEUP_VERIFY_MANIFEST_MISSING";
        case Flaw::ManifestInconsistent: return "TRUEUP_VERIFY_MANIFEST_INCONSISTENT";
        case Flaw::ManifestReadError: return "TRUEUP_VERIFY_MANIFEST_READ_ERROR";
        case Flaw::ListError: return "TRUEUP_VERIFY_LIST_ERROR";
        case Flaw::UntrackedObject: return "TRUEUP_VERIFY_UNTRACKED_OBJECT";
    }
    std::unreachable();
}

Result<PartLook> look_at_part(columnar::Session& engine, const PartFiles& files,
                              const CopyPart& part, PartDepth depth) {
    const std::string path = join_path(files.prefix, part.path);
    const auto info = TRY(file_info(path));
    if (!info || info->is_directory) {
        return flawed(Flaw::PartMissing, 0, fmt::format("{} is missing", part.path));
    }
    // Before DuckDB is asked: to it, a file that may not be read and one that is damaged are one.
    TRY(File::open_read(path));
    if (std::cmp_not_equal(info->bytes, part.bytes)) {
        const std::int64_t rows = depth == PartDepth::Size ? 0 : readable_rows(engine, files, path);
        return flawed(Flaw::PartSizeMismatch, rows,
                      fmt::format("{} has {} bytes, not {}", part.path, info->bytes, part.bytes));
    }
    if (depth == PartDepth::Size) return PartLook{Flaw::None, part.rows, {}};
    if (depth == PartDepth::Rows) return look_at_rows(engine, files, part, path);
    const FileDigest file = TRY(digest_file(path));
    if (file.sha256 != part.sha256) {
        return flawed(
            Flaw::PartChecksumMismatch, readable_rows(engine, files, path),
            fmt::format("the SHA-256 of {} is {}, not {}", part.path, file.sha256, part.sha256));
    }
    if (depth == PartDepth::Checksum) return PartLook{Flaw::None, part.rows, {}};
    return look_at_content(engine, files, part, path);
}

}  // namespace trueup::extract
