#include "codex/home/rollout.h"

#include <algorithm>
#include <utility>

#include "base/folder_handle.h"
#include "codex/home/rollout_scan.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kCompressed = ".zst";

Rollout refused(Rollout rollout, RolloutProblem problem, std::string_view detail) {
    rollout.problem = problem;
    rollout.detail = detail;
    return rollout;
}

/// Why a path could not be opened. Missing only when nothing is there.
Rollout not_opened(Rollout rollout, const Error& error) {
    const auto info = file_info(rollout.path.str());
    if (!info) return refused(std::move(rollout), RolloutProblem::Unreadable, info.error().message);
    if (!*info) return refused(std::move(rollout), RolloutProblem::Missing, error.message);
    rollout.info = **info;
    const auto problem =
        rollout.info.is_regular ? RolloutProblem::Unreadable : RolloutProblem::NotAFile;
    return refused(std::move(rollout), problem, error.message);
}

}  // namespace

std::string_view name_of(RolloutProblem problem) {
    switch (problem) {
        case RolloutProblem::None: return "none";
        case RolloutProblem::Missing: return "missing";
        case RolloutProblem::Unreadable: return "unreadable";
        case RolloutProblem::NotAFile: return "not-a-file";
        case RolloutProblem::Empty: return "empty";
        case RolloutProblem::NotJson: return "not-json";
        case RolloutProblem::NoMeta: return "no-meta";
        case RolloutProblem::TooLong: return "too-long";
        case RolloutProblem::Damaged: return "damaged";
    }
    std::unreachable();
}

bool Rollout::is_paginated() const {
    return std::ranges::any_of(metas, [](const MetaAt& at) { return at.meta.is_paginated; });
}

std::optional<std::string_view> Rollout::provider() const {
    if (metas.empty() || !metas.front().meta.provider) return std::nullopt;
    const std::string_view first = *metas.front().meta.provider;
    if (!is_under(first)) return std::nullopt;
    return first;
}

bool Rollout::is_under(std::string_view provider) const {
    return !metas.empty() && std::ranges::all_of(metas, [provider](const MetaAt& at) {
        return at.meta.provider == provider && !at.meta.has_split_providers;
    });
}

std::string sibling_path(std::string_view path) {
    if (path.ends_with(kCompressed)) {
        return std::string(path.substr(0, path.size() - kCompressed.size()));
    }
    return std::string(path).append(kCompressed);
}

RolloutFormat format_of(std::string_view path) {
    return path.ends_with(kCompressed) ? RolloutFormat::Zstd : RolloutFormat::Plain;
}

struct RolloutReader::Scratch {
    RolloutBuffers buffers;
    FolderHandle folder;
};

RolloutReader::RolloutReader() : scratch_(std::make_unique<Scratch>()) {}
RolloutReader::~RolloutReader() = default;
RolloutReader::RolloutReader(RolloutReader&&) noexcept = default;
RolloutReader& RolloutReader::operator=(RolloutReader&&) noexcept = default;

Rollout RolloutReader::read(const SharedText& path, MetaScan scan) {
    Rollout rollout = read_at(path, scan);
    if (rollout.problem != RolloutProblem::Missing) return rollout;
    // Codex compresses rollouts that have been idle for days, and rows go on naming the plain file.
    Rollout sibling = read_at(sibling_path(path), scan);
    return sibling.problem == RolloutProblem::Missing ? rollout : sibling;
}

Result<std::optional<FileInfo>> RolloutReader::look_at(const SharedText& path) {
    return scratch_->folder.info(path.str());
}

Rollout RolloutReader::read_at(const SharedText& path, MetaScan scan) {
    Rollout rollout{.path = path, .format = format_of(path)};
    const auto file = scratch_->folder.open_unnoticed(path.str());
    if (!file) return not_opened(std::move(rollout), file.error());
    const auto info = file->info();
    if (!info) return refused(std::move(rollout), RolloutProblem::Unreadable, info.error().message);
    rollout.info = *info;
    if (!info->is_regular) {
        return refused(std::move(rollout), RolloutProblem::NotAFile,
                       info->is_directory ? "it is a folder" : "it is not a regular file");
    }
    RolloutBuffers& buffers = scratch_->buffers;
    zstd::Decompressor* decompressor = nullptr;
    if (rollout.format == RolloutFormat::Zstd && info->bytes > 0) {
        if (!buffers.decompressor) buffers.decompressor.emplace();
        decompressor = &*buffers.decompressor;
    }
    RolloutSource source(*file, info->bytes, decompressor);
    const Status outcome = RolloutScan(source, buffers, rollout).run(scan);
    if (outcome) return rollout;
    const bool is_damaged = outcome.error().kind == ErrorClass::Integrity;
    return refused(std::move(rollout),
                   is_damaged ? RolloutProblem::Damaged : RolloutProblem::Unreadable,
                   outcome.error().message);
}

}  // namespace trueup::codex
