#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "extract/config/resolve.h"

namespace trueup::extract {
namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20U;

/// Two keys that contradict each other.
struct Clash {
    std::string_view first;
    std::string_view second;
};
constexpr Clash kClashes[] = {
    {"chunk_by_key", "chunk_column"},  {"chunk_by_key", "chunk_dense"},
    {"chunk_by_key", "chunk_by_days"}, {"chunk_by_key", "chunk_count"},
    {"chunk_dense", "chunk_by_days"},  {"chunk_dense", "chunk_count"},
    {"chunk_by_days", "chunk_count"},  {"chunk_size", "chunk_size_memory_mb"},
};

/// Written, and not the false of a switch.
bool is_asked(const Section& export_, std::string_view key) {
    const Key* known = find_key(export_.spec(), key);
    CHECK(known != nullptr);
    return export_.has(key) && (known->type != KeyType::Bool || export_.flag(key));
}

Status refuse_clashes(const Section& export_) {
    for (const Clash& clash : kClashes) {
        if (!is_asked(export_, clash.first) || !is_asked(export_, clash.second)) continue;
        return export_.refuse(clash.second,
                              fmt::format("does not go together with {}", clash.first),
                              "remove one of the two");
    }
    return {};
}

Status refuse_chunks(const Section& export_, std::string_view why, std::string_view hint) {
    for (const Key& key : export_.spec().keys) {
        if (!key.name.starts_with("chunk_") || !is_asked(export_, key.name)) continue;
        return export_.refuse(key.name, why, hint);
    }
    return {};
}

Status refuse_lonely_keys(const Section& export_) {
    if (export_.has("chunk_by_days") && !export_.has("chunk_column")) {
        return export_.refuse("chunk_by_days",
                              "needs chunk_column, a column of dates or timestamps",
                              "for example: chunk_column: created_at");
    }
    if (export_.has("chunk_size_memory_mb") && !export_.has("table")) {
        return export_.refuse("chunk_size_memory_mb",
                              "needs table: the size of a query's rows is not known",
                              "use chunk_size");
    }
    return {};
}

ChunkBy chunk_by(const Section& export_) {
    if (export_.has("chunk_by_key")) return ChunkBy::Key;
    if (export_.has("chunk_by_days")) return ChunkBy::Days;
    if (export_.flag("chunk_dense")) return ChunkBy::Dense;
    if (export_.has("chunk_count")) return ChunkBy::Count;
    if (export_.has("chunk_column")) return ChunkBy::Range;
    return ChunkBy::Auto;
}

}  // namespace

Result<Chunking> resolve_chunking(const Section& export_, const Tuning& tuning) {
    Chunking chunking;
    chunking.attempts_max =
        static_cast<int>(export_.integer("chunk_max_attempts").value_or(tuning.retries_max + 1));
    const auto mode = export_.choice<Mode>("mode");
    const bool is_stdout = export_.section("destination").choice_name("type") == "stdout";
    if (is_stdout && mode == Mode::Chunked) {
        return export_.refuse("mode", "cannot be chunked: stdout takes one file",
                              "write mode: full, or a local destination");
    }
    if (is_stdout || mode == Mode::Full) {
        TRY(refuse_chunks(export_,
                          is_stdout ? "does not go with stdout, which takes one file"
                                    : "does not go with mode: full",
                          is_stdout ? "use a local destination" : "write mode: chunked"));
        chunking.mode = Mode::Full;
        chunking.by = ChunkBy::Whole;
        return chunking;
    }
    TRY(refuse_clashes(export_));
    TRY(refuse_lonely_keys(export_));
    chunking.by = chunk_by(export_);
    // Whoever says how to cut wants it cut, whatever the size of the table.
    chunking.mode = chunking.by == ChunkBy::Auto ? mode.value_or(Mode::Auto) : Mode::Chunked;
    chunking.columns = export_.texts(chunking.by == ChunkBy::Key ? "chunk_by_key" : "chunk_column");
    chunking.rows = export_.integer("chunk_size").value_or(0);
    chunking.bytes =
        static_cast<std::uint64_t>(export_.integer("chunk_size_memory_mb").value_or(0)) * kMegabyte;
    chunking.count = export_.integer("chunk_count").value_or(0);
    chunking.days = export_.integer("chunk_by_days").value_or(0);
    if (chunking.count > 0 && (chunking.rows > 0 || chunking.bytes > 0)) {
        export_.warn(chunking.rows > 0 ? "chunk_size" : "chunk_size_memory_mb",
                     "has no effect beside chunk_count");
    }
    if (export_.has("chunk_checkpoint") && !export_.flag("chunk_checkpoint")) {
        export_.warn("chunk_checkpoint", "is always on");
    }
    return chunking;
}

}  // namespace trueup::extract
