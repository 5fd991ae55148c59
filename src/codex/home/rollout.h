#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/shared_text.h"
#include "codex/home/meta_line.h"

namespace trueup::codex {

enum class RolloutFormat : std::uint8_t { Plain, Zstd };

/// A session_meta record and where its line begins, in bytes of the (decompressed) rollout.
struct MetaAt {
    std::uint64_t offset = 0;
    MetaLine meta;
    bool operator==(const MetaAt&) const = default;
};

/// Why a rollout cannot be used.
enum class RolloutProblem : std::uint8_t {
    None,
    Missing,     // No file there, nor its .zst or plain sibling.
    Unreadable,  // The system refuses; see `detail`.
    NotAFile,
    Empty,
    NotJson,  // The first line is no JSON. Later ones that are none are passed over, as by Codex.
    NoMeta,   // No session_meta record with an id.
    TooLong,  // The first line, or one that may be a record, is longer than kMetaLineBytesMax.
    Damaged,  // The compressed data do not decompress.
};
/// "missing", "unreadable", "not-a-file", …: as it stands in JSON.
std::string_view name_of(RolloutProblem problem);

/// The log of one thread, as far as its stamp goes.
struct Rollout {
    SharedText path;  // Where it was found; absolute, links as spelled.
    RolloutFormat format = RolloutFormat::Plain;
    RolloutProblem problem = RolloutProblem::None;
    bool has_encrypted = false;  // Holds encrypted reasoning; never with `FirstLine`.
    FileInfo info;               // When it was read; all zero when it could not be looked at.
    SharedText detail;           // For people: the system's words, or line and byte.
    SharedText thread_id;        // Of the first session_meta record.
    /// The session_meta records of that thread, in order; other threads' (a fork copies its
    /// parent's) are left out. Only the first line's with `MetaScan::FirstLine`.
    std::vector<MetaAt> metas;
    std::int64_t looked_at_ns = 0;  // The system's time just before it was read.

    bool is_paginated() const;
    /// The stamp when all records carry the same one; nothing when they differ or one has none.
    std::optional<std::string_view> provider() const;
    bool is_under(std::string_view provider) const;
};

enum class MetaScan : std::uint8_t { FirstLine, WholeFile };

inline constexpr std::uint64_t kMetaLineBytesMax = 64u << 20;

/// Reads what the stamp needs and no more; never fails: what went wrong stands in `problem`. A path
/// that is missing while its plain or compressed sibling is there is read from the sibling. The
/// file's access time is left alone where the system allows it. One per worker: it keeps its
/// buffers, 256 KiB and a decompressor, and the folder of the last file between calls.
///
/// Limitations: a record behind the first line is found by the text "session_meta", so one that
/// spells its type with escapes is not; neither Codex nor anybody known writes such.
class RolloutReader {
  public:
    RolloutReader();
    ~RolloutReader();
    RolloutReader(RolloutReader&&) noexcept;
    RolloutReader& operator=(RolloutReader&&) noexcept;
    RolloutReader(const RolloutReader&) = delete;
    RolloutReader& operator=(const RolloutReader&) = delete;
    Rollout read(const SharedText& path, MetaScan scan);
    /// What the system says about a file now, as file_info().
    Result<std::optional<FileInfo>> look_at(const SharedText& path);

  private:
    struct Scratch;
    Rollout read_at(const SharedText& path, MetaScan scan);
    std::unique_ptr<Scratch> scratch_;
};

/// "x.jsonl" for "x.jsonl.zst" and the other way round.
std::string sibling_path(std::string_view path);
RolloutFormat format_of(std::string_view path);

/// What stands below sessions/ and archived_sessions/ of a home. Paths are `<home path>/…`, sorted.
struct RolloutFiles {
    std::vector<SharedText> rollouts;    // rollout-*.jsonl and rollout-*.jsonl.zst.
    std::vector<std::string> leftovers;  // Temporary files of writers that died, also of
                                         // codex-threadripper.
    /// Folders that cannot be listed, and the system's words.
    struct Refused {
        std::string path;
        std::string detail;
    };
    std::vector<Refused> refused;
};
/// Links are followed, each folder once. Missing folders are empty. Folders are read by several
/// workers, of which one is the caller.
RolloutFiles list_rollouts(const std::string& home_path, int workers = 1);

}  // namespace trueup::codex
