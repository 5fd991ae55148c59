#include "extract/destination/destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/fault.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kLockName = ".trueup.lock";
constexpr std::string_view kQuarantineFolder = "_quarantine";
constexpr std::string_view kTemporaryMark = ".tmp-";
/// Deeper folders are not ours.
constexpr int kDepthMax = 16;

/// "region=eu/a.parquet" of run r: "region=eu/.a.parquet.tmp-r".
std::string temporary_name(const PartName& part) {
    const auto slash = part.name.rfind('/');
    const auto leaf = slash == std::string::npos ? 0 : slash + 1;
    return fmt::format("{}.{}{}{}", part.name.substr(0, leaf), part.name.substr(leaf),
                       kTemporaryMark, part.run_id);
}

bool is_temporary_name(std::string_view leaf) {
    return leaf.starts_with('.') && leaf.find(kTemporaryMark) != std::string_view::npos;
}

std::string_view leaf_of(std::string_view name) {
    const auto slash = name.rfind('/');
    return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

bool belongs_to(const DestinationFile& file, std::span<const std::string> run_ids) {
    return std::ranges::any_of(run_ids, [&](const std::string& run_id) {
        return leaf_of(file.name).ends_with(fmt::format("{}{}", kTemporaryMark, run_id));
    });
}

/// Names come from the ledger and from listings; none may lead out of the folder.
Status check_name(std::string_view name) {
    const bool is_out = name.empty() || name.starts_with('/') || name == ".." ||
                        name.starts_with("../") || name.ends_with("/..") ||
                        name.find("/../") != std::string_view::npos;
    if (!is_out) return {};
    return fail(ErrorClass::Bug, fmt::format("\"{}\" is no name below a destination", name));
}

/// Adds the file, unless it went since it was listed.
Status add_file(const std::string& root, const std::string& name,
                std::vector<DestinationFile>& files) {
    const auto info = TRY(file_info(join_path(root, name)));
    if (!info) return {};
    files.push_back({.name = name,
                     .bytes = info->bytes,
                     .mtime_ns = info->mtime_ns,
                     .is_temporary = is_temporary_name(leaf_of(name))});
    return {};
}

Status list_into(const std::string& root, const std::string& below, int depth,
                 std::vector<DestinationFile>& files) {
    if (depth > kDepthMax) {
        return fail(ErrorClass::Failed, fmt::format("{} is nested more than {} folders deep",
                                                    join_path(root, below), kDepthMax));
    }
    const auto entries = TRY(list_directory(join_path(root, below)));
    for (const Entry& entry : entries) {
        const std::string name = below.empty() ? entry.name : below + "/" + entry.name;
        if (name == kLockName || name == kQuarantineFolder) continue;
        TRY(entry.is_directory ? list_into(root, name, depth + 1, files)
                               : add_file(root, name, files));
    }
    return {};
}

}  // namespace

Result<Destination> Destination::open_local(const std::string& path) {
    const std::string absolute = absolute_path(path);
    TRY(make_directories(absolute));
    return Destination(absolute);
}

Result<Destination> Destination::open_existing(const std::string& path) {
    const std::string absolute = absolute_path(path);
    const auto info = TRY(file_info(absolute));
    if (!info) {
        return fail(ErrorClass::Failed, fmt::format("the destination {} does not exist", absolute),
                    "run the export first");
    }
    if (!info->is_directory) {
        return fail(ErrorClass::Failed, fmt::format("{} exists and is not a directory", absolute));
    }
    return Destination(absolute);
}

std::string Destination::path_of(std::string_view name) const { return join_path(path_, name); }

Status Destination::lock() {
    if (lock_) return {};
    File file = TRY(File::open_or_create(path_of(kLockName)));
    if (!TRY(file.try_lock())) {
        return fail(ErrorClass::Retryable,
                    fmt::format("another trueup process is changing {}", path_),
                    "wait until it ends; it may work from another configuration file");
    }
    lock_ = std::move(file);
    return {};
}

Result<std::string> Destination::begin_part(const PartName& part) const {
    TRY(check_name(part.name));
    std::string path = path_of(temporary_name(part));
    TRY(make_directories(parent_path(path)));
    TRY(remove_file(path));  // Left by an earlier attempt of the same run.
    return path;
}

Status Destination::commit_part(const PartName& part) const {
    TRY(check_name(part.name));
    const std::string temporary = path_of(temporary_name(part));
    const std::string final_path = path_of(part.name);
    FAULT_POINT("destination: before part sync");
    TRY(sync_file(temporary));
    FAULT_POINT("destination: before part rename");
    TRY(rename_file(temporary, final_path));
    FAULT_POINT("destination: before folder sync");
    TRY(sync_directory(parent_path(final_path)));
    FAULT_POINT("destination: after part commit");
    return {};
}

Status Destination::drop_part(const PartName& part) const {
    TRY(check_name(part.name));
    return remove_file(path_of(temporary_name(part)));
}

Result<std::vector<std::string>> Destination::sweep_temporaries(
    std::span<const std::string> run_ids) const {
    std::vector<std::string> removed;
    const auto files = TRY(list());
    for (const DestinationFile& file : files) {
        if (!file.is_temporary || !belongs_to(file, run_ids)) continue;
        TRY(remove_file(path_of(file.name)));
        removed.push_back(file.name);
    }
    return removed;
}

Result<bool> Destination::has_file(std::string_view name, std::int64_t bytes) const {
    TRY(check_name(name));
    const auto info = TRY(file_info(path_of(name)));
    return info && !info->is_directory && std::cmp_equal(info->bytes, bytes);
}

Result<std::vector<DestinationFile>> Destination::list() const {
    std::vector<DestinationFile> files;
    TRY(list_into(path_, "", 0, files));
    std::ranges::sort(files, {}, &DestinationFile::name);
    return files;
}

Result<std::vector<std::string>> Destination::quarantine(std::span<const std::string> names,
                                                         std::string_view stamp) const {
    TRY(check_name(stamp));
    const std::string below = join_path(path_of(kQuarantineFolder), stamp);
    std::vector<std::string> moved;
    for (const std::string& name : names) {
        TRY(check_name(name));
        const std::string from = path_of(name);
        const std::string to = join_path(below, name);
        if (!TRY(file_info(from))) continue;
        if (TRY(file_info(to))) {
            return fail(ErrorClass::Failed, fmt::format("{} is in quarantine already", to));
        }
        TRY(make_directories(parent_path(to)));
        FAULT_POINT("destination: before quarantine");
        TRY(rename_file(from, to));
        // The new place first: between the two the file may stand in both, never in none.
        TRY(sync_directory(parent_path(to)));
        TRY(sync_directory(parent_path(from)));
        FAULT_POINT("destination: after quarantine");
        moved.push_back(name);
    }
    return moved;
}

Status Destination::remove(std::string_view name) const {
    TRY(check_name(name));
    const std::string path = path_of(name);
    if (!TRY(file_info(path))) return {};
    FAULT_POINT("destination: before removal");
    TRY(remove_file(path));
    TRY(sync_directory(parent_path(path)));
    FAULT_POINT("destination: after removal");
    return {};
}

Result<std::uint64_t> Destination::free_space() const { return free_bytes(path_); }

}  // namespace trueup::extract
