#include "codex/apply/run_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "base/file.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kStampShape = "dddddddd*dddddd*";  // d: a digit, *: T or Z.

}  // namespace

std::string runs_root(const CodexHome& home) { return join_path(home.path, "backups/trueup"); }

std::string run_folder(const CodexHome& home, std::string_view run_id) {
    return join_path(runs_root(home), run_id);
}

std::string journal_path(const CodexHome& home, std::string_view run_id) {
    return join_path(run_folder(home, run_id), "undo.journal");
}

std::string originals_path(const CodexHome& home) {
    return join_path(runs_root(home), "originals");
}

std::string cache_path(const CodexHome& home) { return join_path(runs_root(home), "stamps"); }

std::string lock_path(const CodexHome& home) { return join_path(home.path, "threadripper.lock"); }

std::string make_run_id(const CodexHome& home, UnixMicros now, Random& random) {
    while (true) {
        std::string id = fmt::format("{}-{}", compact_time(now), random_hex(random, 4));
        const auto taken = file_info(run_folder(home, id));
        if (!taken || !*taken) return id;  // What cannot be looked at, cannot be made either.
    }
}

bool is_run_id(std::string_view text) {
    if (text.size() != kStampShape.size() + 5) return false;
    for (std::size_t i = 0; i < kStampShape.size(); ++i) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (is_digit != (kStampShape[i] == 'd')) return false;
    }
    const bool has_marks = text[8] == 'T' && text[15] == 'Z' && text[16] == '-';
    return has_marks && text.substr(17).find_first_not_of("0123456789abcdef") == text.npos;
}

Result<std::vector<std::string>> list_runs(const CodexHome& home) {
    std::vector<std::string> ids;
    const auto entries = TRY(list_directory(runs_root(home)));
    for (const Entry& entry : entries) {
        if (entry.is_directory && is_run_id(entry.name)) ids.push_back(entry.name);
    }
    std::ranges::reverse(ids);
    return ids;
}

Status make_run_folder(const CodexHome& home, std::string_view run_id) {
    TRY(make_directories(run_folder(home, run_id), 0700));
    return {};
}

Status remove_run_folder(const CodexHome& home, std::string_view run_id) {
    const std::string folder = run_folder(home, run_id);
    const std::string journal = journal_path(home, run_id);
    const auto entries = TRY(list_directory(folder));
    for (const Entry& entry : entries) {
        const std::string path = join_path(folder, entry.name);
        if (path == journal || entry.is_directory) continue;
        TRY(remove_file(path));
    }
    FAULT_POINT("run folder before journal is removed");
    TRY(remove_file(journal));
    FAULT_POINT("run folder after journal is removed");
    TRY(remove_directory(folder));
    return sync_directory(runs_root(home));
}

}  // namespace trueup::codex
