#include "extract/doctor/destination_look.h"

#include <fmt/format.h>

#include <array>

#include "base/file.h"
#include "base/text.h"

namespace trueup::extract {
namespace {

/// Written, synced and renamed, as a part is.
Status write_and_rename(const std::string& first, const std::string& second) {
    constexpr std::array<std::byte, 4096> kBlock{};
    File file = TRY(File::create(first));
    TRY(file.write_all(kBlock));
    TRY(file.sync());
    TRY(rename_file(first, second));
    return sync_directory(parent_path(second));
}

}  // namespace

Result<std::string> nearest_folder(const std::string& path) {
    std::string folder = absolute_path(path);
    while (true) {
        const auto info = TRY(file_info(folder));
        if (info && info->is_directory) return folder;
        if (info) {
            return fail(ErrorClass::Failed,
                        fmt::format("{} exists and is not a directory", folder));
        }
        folder = parent_path(folder);
    }
}

Status DestinationLook::try_out(const std::string& folder) const {
    const std::string first =
        join_path(folder, fmt::format(".trueup-doctor-{}", random_hex(*random_, 8)));
    const std::string second = first + "-renamed";
    const Status written = write_and_rename(first, second);
    const Status removed_first = remove_file(first);
    Status removed_second = remove_file(second);
    TRY(written);
    TRY(removed_first);
    return removed_second;
}

Observation DestinationLook::space_for(const std::string& folder, std::uint64_t device,
                                       std::optional<std::uint64_t> bytes) {
    const auto free = free_bytes(folder);
    if (!free) return unknown("space", free.error().message);
    const std::string there = human_bytes(*free) + " free";
    if (!bytes) return fine("space", there + "; how much there is to write is not known");
    std::uint64_t& promised = bytes_by_device_[device];
    const bool has_others = promised > 0;
    promised += *bytes;
    const std::string wanted = fmt::format(
        "about {} in the source{}, {}", human_bytes(*bytes),
        has_others ? fmt::format(" ({} with the exports above)", human_bytes(promised)) : "",
        there);
    if (promised <= *free) return fine("space", wanted);
    return warning("space", wanted, "compressed files are smaller, but be sure that there is room");
}

Observations DestinationLook::examine(const std::string& prefix,
                                      std::optional<std::uint64_t> bytes) {
    const auto folder = nearest_folder(prefix);
    if (!folder) return {failure("destination", folder.error())};
    const auto info = file_info(*folder);
    if (!info || !*info) return {unknown("destination", *folder + " went while it was looked at")};
    const Status tried = try_out(*folder);
    if (!tried) return {failure("destination", tried.error())};
    const std::string where =
        *folder == absolute_path(prefix) ? prefix : fmt::format("{} (to be made)", prefix);
    return {fine("destination", where + ": files can be written, synced and renamed"),
            space_for(*folder, (*info)->device, bytes)};
}

}  // namespace trueup::extract
