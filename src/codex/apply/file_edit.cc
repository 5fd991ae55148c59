#include "codex/apply/file_edit.h"

#include <fmt/format.h>

#include <algorithm>

#include "codex/apply/rollout_stream.h"
#include "codex/apply/same_record.h"
#include "core/wire.h"

namespace trueup::codex {
namespace {

std::unexpected<Error> changed_meanwhile(const std::string& path) {
    return fail(ErrorClass::Retryable,
                fmt::format("{} was changed by somebody else meanwhile", path));
}

/// The bytes from the first to the last difference, as one splice at `offset` + where they begin.
/// Neither side is ever empty: a byte that stays marks the place of an insertion, so that it can be
/// told whether it was done.
Splice difference(std::uint64_t offset, std::string_view before, std::string_view after) {
    const auto [left, right] = std::ranges::mismatch(before, after);
    const std::size_t shorter = std::min(before.size(), after.size());
    const auto front = std::min(static_cast<std::size_t>(left - before.begin()), shorter - 1);
    std::size_t back = 0;
    const std::size_t back_max = shorter - front - 1;
    while (back < back_max && before[before.size() - 1 - back] == after[after.size() - 1 - back]) {
        ++back;
    }
    return {offset + front, std::string(before.substr(front, before.size() - front - back)),
            std::string(after.substr(front, after.size() - front - back))};
}

/// The line as it shall be: under the provider, or only with more blanks at its end.
Result<std::string> changed_line(std::string_view line, const MetaLine& meta,
                                 const EditRequest& request) {
    if (!request.provider.empty()) {
        LineEdit edit = TRY(with_provider(line, meta, request.provider, request.padding));
        return std::move(edit.line);
    }
    std::string padded(line);
    if (meta.blanks_at_end < request.padding)
        padded.append(request.padding - meta.blanks_at_end, ' ');
    return padded;
}

/// What is about to be written, read again. A rewrite moves bytes, so it gets a second opinion, by
/// a parser that took no part in making the line.
Result<MetaLine> check_line(std::string_view before, std::string_view after,
                            const EditRequest& request, const std::string& path) {
    ParsedLine parsed = parse_line(after);
    const bool has_provider =
        request.provider.empty() ||
        (!parsed.meta.has_split_providers && parsed.meta.provider == request.provider);
    if (parsed.kind != LineKind::Meta || !has_provider) {
        return fail(ErrorClass::Bug,
                    fmt::format("{}: the new record is not what it should be", path));
    }
    if (request.mode == EditMode::Rewrite) TRY(check_same_but_provider(before, after, path));
    return std::move(parsed.meta);
}

/// The record after the edit, holding the texts that are there already.
MetaLine sharing_texts(MetaLine after, const MetaLine& before, const EditRequest& request) {
    after.thread_id = before.thread_id;
    after.cwd = before.cwd;
    if (after.provider == request.provider) after.provider = request.provider;
    return after;
}

}  // namespace

FileEdit FileEdit::reversed() const {
    FileEdit back = *this;
    std::int64_t moved = 0;
    for (Splice& splice : back.splices) {
        const auto growth = static_cast<std::int64_t>(splice.after.size()) -
                            static_cast<std::int64_t>(splice.before.size());
        splice.offset =
            static_cast<std::uint64_t>(static_cast<std::int64_t>(splice.offset) + moved);
        std::swap(splice.before, splice.after);
        moved += growth;
    }
    return back;
}

std::int64_t FileEdit::growth_bytes() const {
    std::int64_t growth = 0;
    for (const Splice& splice : splices) {
        growth += static_cast<std::int64_t>(splice.after.size()) -
                  static_cast<std::int64_t>(splice.before.size());
    }
    return growth;
}

Result<PlannedEdit> make_edit(const Rollout& rollout, const EditRequest& request,
                              FolderHandle& folder) {
    PlannedEdit planned;
    FileEdit& edit = planned.edit;
    edit = {.thread = request.thread, .mode = request.mode, .format = rollout.format};
    const File file = TRY(folder.open_unnoticed(rollout.path.str()));
    edit.path = TRY(file.real_path());
    edit.info = TRY(file.info());
    const bool is_same = edit.info.device == rollout.info.device &&
                         edit.info.inode == rollout.info.inode &&
                         edit.info.bytes >= rollout.info.bytes;
    if (!is_same) return changed_meanwhile(edit.path);
    RolloutStream stream = RolloutStream::open(file, rollout.format);
    const bool is_patch = request.mode == EditMode::Patch;
    for (const MetaAt& at : rollout.metas) {
        TRY(stream.skip_to(at.offset));
        const std::string line = TRY(stream.text(at.meta.length));
        const ParsedLine parsed = parse_line(line);
        const bool is_there = line.size() == at.meta.length && parsed.kind == LineKind::Meta &&
                              parsed.meta.thread_id == rollout.thread_id &&
                              parsed.meta.values == at.meta.values;
        if (!is_there) return changed_meanwhile(edit.path);
        const std::string after = TRY(changed_line(line, parsed.meta, request));
        if (is_patch) planned.metas.push_back(at);
        if (after == line) continue;
        if (is_patch && after.size() != line.size()) {
            return changed_meanwhile(edit.path);  // The room that was there is gone.
        }
        MetaLine meta = TRY(check_line(line, after, request, edit.path));
        if (is_patch) planned.metas.back().meta = sharing_texts(std::move(meta), at.meta, request);
        edit.splices.push_back(difference(at.offset, line, after));
    }
    return planned;
}

std::string encode(const FileEdit& edit) {
    core::WireWriter wire;
    wire.u32(edit.thread);
    wire.u8(static_cast<std::uint8_t>(edit.mode));
    wire.u8(static_cast<std::uint8_t>(edit.format));
    wire.text(edit.path);
    for (const std::uint64_t field :
         {edit.info.bytes, edit.info.device, edit.info.inode, edit.info.links}) {
        wire.u64(field);
    }
    for (const std::int64_t time : {edit.info.atime_ns, edit.info.mtime_ns, edit.info.ctime_ns}) {
        wire.i64(time);
    }
    for (const std::uint32_t field : {edit.info.mode, edit.info.user, edit.info.group}) {
        wire.u32(field);
    }
    wire.text(edit.kept);
    wire.text(edit.source);
    wire.u32(static_cast<std::uint32_t>(edit.splices.size()));
    for (const Splice& splice : edit.splices) {
        wire.u64(splice.offset);
        wire.text(splice.before);
        wire.text(splice.after);
    }
    return wire.take();
}

Result<FileEdit> decode_file_edit(std::string_view bytes) {
    const auto damaged = [] {
        return fail(ErrorClass::Integrity, "an edit in the undo journal is damaged");
    };
    core::WireReader wire(bytes);
    FileEdit edit;
    edit.thread = wire.u32();
    const std::uint8_t mode = wire.u8();
    const std::uint8_t format = wire.u8();
    if (mode > 1 || format > 1) return damaged();
    edit.mode = static_cast<EditMode>(mode);
    edit.format = static_cast<RolloutFormat>(format);
    edit.path = wire.text();
    for (auto* field : {&edit.info.bytes, &edit.info.device, &edit.info.inode, &edit.info.links}) {
        *field = wire.u64();
    }
    for (auto* time : {&edit.info.atime_ns, &edit.info.mtime_ns, &edit.info.ctime_ns}) {
        *time = wire.i64();
    }
    for (auto* field : {&edit.info.mode, &edit.info.user, &edit.info.group}) *field = wire.u32();
    edit.info.is_regular = true;
    edit.kept = wire.text();
    edit.source = wire.text();
    const std::uint32_t splices = wire.u32();
    std::uint64_t behind = 0;  // Where the splice before ended.
    for (std::uint32_t i = 0; i < splices && !wire.is_lost(); ++i) {
        Splice splice{.offset = wire.u64(), .before = {}, .after = {}};
        splice.before = wire.text();
        splice.after = wire.text();
        const bool keeps_length = splice.before.size() == splice.after.size();
        if (splice.offset < behind || splice.offset > (std::uint64_t{1} << 62)) return damaged();
        if (edit.mode == EditMode::Patch && !keeps_length) return damaged();
        behind = splice.offset + splice.before.size();
        edit.splices.push_back(std::move(splice));
    }
    if (!wire.is_whole() || !edit.path.starts_with('/')) return damaged();
    if (edit.kept.find('/') != std::string::npos || edit.kept.starts_with('.')) return damaged();
    if (edit.source.starts_with('/') || edit.source.find("..") != std::string::npos)
        return damaged();
    return edit;
}

}  // namespace trueup::codex
