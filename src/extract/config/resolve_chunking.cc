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
bool is_asked(const Section& exported, std::string_view key) {
    const Key* known = find_key(exported.spec(), key);
    CHECK(known != nullptr);
    return exported.has(key) && (known->type != KeyType::Bool || exported.flag(key));
}

Status refuse_clashes(const Section& exported) {
    for (const Clash& clash : kClashes) {
        if (!is_asked(exported, clash.first) || !is_asked(exported, clash.second)) continue;
        return exported.refuse(clash.second,
                               fmt::format("does not go together with {}", clash.first),
                               "remove one of the two");
    }
    return {};
}

Status refuse_chunks(const Section& exported, std::string_view why, std::string_view hint) {
    for (const Key& key : exported.spec().keys) {
        if (!key.name.starts_with("chunk_") || !is_asked(exported, key.name)) continue;
        return exported.refuse(key.name, why, hint);
    }
    return {};
}

Status refuse_lonely_keys(const Section& exported) {
    if (exported.has("chunk_by_days") && !exported.has("chunk_column")) {
        return exported.refuse("chunk_by_days",
                               "needs chunk_column, a column of dates or timestamps",
                               "for example: chunk_column: created_at");
    }
    if (exported.has("chunk_size_memory_mb") && !exported.has("table")) {
        return exported.refuse("chunk_size_memory_mb",
                               "needs table: the size of a query's rows is not known",
                               "use chunk_size");
    }
    return {};
}

ChunkBy chunk_by(const Section& exported) {
    if (exported.has("chunk_by_key")) return ChunkBy::Key;
    if (exported.has("chunk_by_days")) return ChunkBy::Days;
    if (exported.flag("chunk_dense")) return ChunkBy::Dense;
    if (exported.has("chunk_count")) return ChunkBy::Count;
    if (exported.has("chunk_column")) return ChunkBy::Range;
    return ChunkBy::Auto;
}

}  // namespace

Result<Chunking> resolve_chunking(const Section& exported, const Tuning& tuning) {
    Chunking chunking;
    chunking.attempts_max =
        static_cast<int>(exported.integer("chunk_max_attempts").value_or(tuning.retries_max + 1));
    const auto mode = exported.choice<Mode>("mode");
    const bool is_stdout = exported.section("destination").choice_name("type") == "stdout";
    if (is_stdout && mode == Mode::Chunked) {
        return exported.refuse("mode", "cannot be chunked: stdout takes one file",
                               "write mode: full, or a local destination");
    }
    if (is_stdout || mode == Mode::Full) {
        TRY(refuse_chunks(exported,
                          is_stdout ? "does not go with stdout, which takes one file"
                                    : "does not go with mode: full",
                          is_stdout ? "use a local destination" : "write mode: chunked"));
        chunking.mode = Mode::Full;
        chunking.by = ChunkBy::Whole;
        return chunking;
    }
    TRY(refuse_clashes(exported));
    TRY(refuse_lonely_keys(exported));
    chunking.by = chunk_by(exported);
    // Whoever says how to cut wants it cut, whatever the size of the table.
    chunking.mode = chunking.by == ChunkBy::Auto ? mode.value_or(Mode::Auto) : Mode::Chunked;
    chunking.columns =
        exported.texts(chunking.by == ChunkBy::Key ? "chunk_by_key" : "chunk_column");
    chunking.rows = exported.integer("chunk_size").value_or(0);
    chunking.bytes =
        static_cast<std::uint64_t>(exported.integer("chunk_size_memory_mb").value_or(0)) *
        kMegabyte;
    chunking.count = exported.integer("chunk_count").value_or(0);
    chunking.days = exported.integer("chunk_by_days").value_or(0);
    if (chunking.count > 0 && (chunking.rows > 0 || chunking.bytes > 0)) {
        exported.warn(chunking.rows > 0 ? "chunk_size" : "chunk_size_memory_mb",
                      "has no effect beside chunk_count");
    }
    if (exported.has("chunk_checkpoint") && !exported.flag("chunk_checkpoint")) {
        exported.warn("chunk_checkpoint", "is always on");
    }
    return chunking;
}

}  // namespace trueup::extract
