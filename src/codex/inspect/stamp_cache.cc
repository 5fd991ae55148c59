#include "codex/inspect/stamp_cache.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/hash.h"
#include "core/wire.h"

namespace trueup::codex {
namespace {

using core::WireReader;
using core::WireWriter;

// The number is the version; another one makes all earlier caches strangers.
constexpr std::string_view kMagic = "trueup stamps 2\n";
constexpr std::size_t kDigestChars = 64;
constexpr std::size_t kBlockBytes = 64u << 10;
constexpr std::uint32_t kEntryBytesMax = 16u << 20;
constexpr std::int64_t kSettledNs = 20'000'000;

/// File systems that keep the change time themselves, with a kernel's clock. One across a network
/// has the time of another machine.
bool is_local(const std::string& path) {
    struct statfs info {};
    if (::statfs(path.c_str(), &info) != 0) return false;
    switch (static_cast<std::uint32_t>(info.f_type)) {
        case EXT4_SUPER_MAGIC:  // And ext2, ext3.
        case XFS_SUPER_MAGIC:
        case BTRFS_SUPER_MAGIC:
        case F2FS_SUPER_MAGIC:
        case TMPFS_MAGIC:
        case OVERLAYFS_SUPER_MAGIC:
        case 0x2fc12fc1: return true;  // ZFS, which no header of the kernel names.
        default: return false;
    }
}

enum Flag : std::uint8_t { Missing = 1, EmptyPayload = 2, Split = 4, Paginated = 8 };

void write_meta(const MetaAt& at, WireWriter& wire) {
    const MetaLine& meta = at.meta;
    wire.u64(at.offset);
    wire.optional_text(meta.provider);
    wire.u32(static_cast<std::uint32_t>(meta.values.size()));
    for (const Slice& value : meta.values) {
        wire.u32(value.offset);
        wire.u32(value.length);
    }
    const int flags = (meta.is_missing ? Missing : 0) | (meta.is_payload_empty ? EmptyPayload : 0) |
                      (meta.has_split_providers ? Split : 0) | (meta.is_paginated ? Paginated : 0);
    wire.u8(static_cast<std::uint8_t>(flags));
    for (const std::uint32_t field :
         {meta.insert_at, meta.length, meta.blanks_at_end, meta.blanks_inside}) {
        wire.u32(field);
    }
    wire.text(meta.cwd);
}

MetaAt read_meta(WireReader& wire, const SharedText& thread_id, TextPool& pool) {
    MetaAt at{.offset = wire.u64(), .meta = {}};
    MetaLine& meta = at.meta;
    meta.thread_id = thread_id;
    if (wire.u8() != 0) meta.provider = pool.of(wire.text());
    const std::uint32_t values = wire.u32();
    for (std::uint32_t i = 0; i < values && !wire.is_lost(); ++i) {
        const std::uint32_t offset = wire.u32();
        meta.values.push_back({offset, wire.u32()});
    }
    const std::uint8_t flags = wire.u8();
    meta.is_missing = (flags & Missing) != 0;
    meta.is_payload_empty = (flags & EmptyPayload) != 0;
    meta.has_split_providers = (flags & Split) != 0;
    meta.is_paginated = (flags & Paginated) != 0;
    for (auto* field : {&meta.insert_at, &meta.length, &meta.blanks_at_end, &meta.blanks_inside}) {
        *field = wire.u32();
    }
    meta.cwd = pool.of(wire.text());
    return at;
}

std::string encode(const Rollout& rollout, std::string_view name) {
    WireWriter wire;
    wire.text(name);
    wire.u64(rollout.info.device);
    wire.u64(rollout.info.inode);
    wire.u64(rollout.info.bytes);
    wire.i64(rollout.info.mtime_ns);
    wire.i64(rollout.info.ctime_ns);
    wire.u8(static_cast<std::uint8_t>(rollout.problem));
    wire.u8(rollout.has_encrypted ? 1 : 0);
    wire.i64(rollout.looked_at_ns);
    wire.text(rollout.detail);
    wire.text(rollout.thread_id);
    wire.u32(static_cast<std::uint32_t>(rollout.metas.size()));
    for (const MetaAt& at : rollout.metas) write_meta(at, wire);
    return wire.take();
}

/// What an entry says, behind its name. Nothing when it says nothing that we could have written.
std::optional<Rollout> decode(WireReader& wire, TextPool& pool) {
    Rollout rollout;
    rollout.info.device = wire.u64();
    rollout.info.inode = wire.u64();
    rollout.info.bytes = wire.u64();
    rollout.info.mtime_ns = wire.i64();
    rollout.info.ctime_ns = wire.i64();
    const std::uint8_t problem = wire.u8();
    if (problem > static_cast<std::uint8_t>(RolloutProblem::Damaged)) return std::nullopt;
    rollout.problem = static_cast<RolloutProblem>(problem);
    rollout.has_encrypted = wire.u8() != 0;
    rollout.looked_at_ns = wire.i64();
    rollout.detail = wire.text();
    rollout.thread_id = wire.text();
    const std::uint32_t metas = wire.u32();
    for (std::uint32_t i = 0; i < metas && !wire.is_lost(); ++i) {
        rollout.metas.push_back(read_meta(wire, rollout.thread_id, pool));
    }
    const bool is_ours = wire.is_whole() && rollout.looked_at_ns != 0 &&
                         rollout.metas.empty() == (rollout.problem != RolloutProblem::None);
    return is_ours ? std::optional(std::move(rollout)) : std::nullopt;
}

/// The cache file, block by block: it may be larger than what we want to hold of it.
class CacheReader {
  public:
    explicit CacheReader(File file) : file_(std::move(file)) {}

    bool has_begun() {
        const auto magic = take(kMagic.size());
        return magic && *magic == kMagic;
    }
    /// The next entry, valid until the one after it; nothing behind the last one.
    std::optional<std::string_view> next() {
        const auto length = take(sizeof(std::uint32_t));
        if (!length) return std::nullopt;
        const std::uint32_t bytes = WireReader(*length).u32();
        if (bytes == 0 || bytes > kEntryBytesMax) return std::nullopt;
        return take(bytes);
    }
    /// Behind the last entry: whether everything before is as it was written.
    bool is_intact() {
        const std::string digest = digest_.finish();
        const auto written = take(kDigestChars, false);
        return written && *written == digest;
    }

  private:
    std::optional<std::string_view> take(std::size_t bytes, bool is_digested = true) {
        if (!fill(bytes)) return std::nullopt;
        const std::string_view taken = std::string_view(buffer_).substr(at_, bytes);
        at_ += bytes;
        if (is_digested) digest_.add(as_bytes(taken));
        return taken;
    }
    bool fill(std::size_t bytes) {
        if (buffer_.size() - at_ >= bytes) return true;
        buffer_.erase(0, at_);
        at_ = 0;
        const std::size_t held = buffer_.size();
        buffer_.resize(std::max(bytes, kBlockBytes));
        const auto got =
            file_.read_at(offset_, std::as_writable_bytes(std::span(buffer_).subspan(held)));
        const std::size_t added = got ? *got : 0;
        offset_ += added;
        buffer_.resize(held + added);
        return buffer_.size() >= bytes;
    }

    File file_;
    std::uint64_t offset_ = 0;
    std::string buffer_;
    std::size_t at_ = 0;
    Sha256 digest_;
};

/// Writes what CacheReader reads.
class CacheWriter {
  public:
    explicit CacheWriter(File& file) : file_(&file) { buffer_.append(kMagic); }

    Status add(std::string_view entry) {
        WireWriter length;
        length.u32(static_cast<std::uint32_t>(entry.size()));
        buffer_.append(length.take()).append(entry);
        return buffer_.size() < kBlockBytes ? Status() : flush();
    }
    Status finish() {
        buffer_.append(sizeof(std::uint32_t), '\0');  // No entry is that short.
        TRY(flush());
        return file_->write_all(as_bytes(digest_.finish()));
    }

  private:
    Status flush() {
        digest_.add(as_bytes(buffer_));
        TRY(file_->write_all(as_bytes(buffer_)));
        buffer_.clear();
        return {};
    }

    File* file_;
    std::string buffer_;
    Sha256 digest_;
};

/// A rollout's path below the home; nothing when it lies elsewhere.
std::optional<std::string_view> name_below(std::string_view path, std::string_view home) {
    if (!path.starts_with(home) || !path.substr(home.size()).starts_with('/')) return std::nullopt;
    return path.substr(home.size() + 1);
}

/// All but the path, which others may be reading, and the format, which follows from it.
void set_content(Rollout& rollout, Rollout content) {
    rollout.problem = content.problem;
    rollout.has_encrypted = content.has_encrypted;
    rollout.info = content.info;
    rollout.detail = std::move(content.detail);
    rollout.thread_id = std::move(content.thread_id);
    rollout.metas = std::move(content.metas);
    rollout.looked_at_ns = content.looked_at_ns;
}

/// Whether files of a device keep times that can be relied on.
class Devices {
  public:
    bool are_local(const Rollout& rollout) {
        const auto known = is_local_.find(rollout.info.device);
        if (known != is_local_.end()) return known->second;
        return is_local_[rollout.info.device] = is_local(rollout.path.str());
    }

  private:
    std::map<std::uint64_t, bool> is_local_;
};

Status write_entries(std::span<const Rollout> rollouts, std::string_view home, File& file) {
    CacheWriter writer(file);
    Devices devices;
    std::string_view last;
    for (const Rollout& rollout : rollouts) {
        const auto name = name_below(rollout.path, home);
        // What only rows name comes last, in no order.
        if (!name || *name <= last) continue;
        if (!rollout.info.is_regular || !is_settled(rollout) || !devices.are_local(rollout)) {
            continue;
        }
        last = *name;
        TRY(writer.add(encode(rollout, *name)));
    }
    return writer.finish();
}

}  // namespace

void recall_stamps(const std::string& cache_path, const std::string& home_path,
                   std::span<Rollout> rollouts) {
    auto file = File::open_unnoticed(cache_path);
    if (!file) return;
    CacheReader reader(std::move(*file));
    if (!reader.has_begun()) return;
    TextPool pool;
    // Both are sorted.
    auto at = rollouts.begin();
    const auto name_of_next = [&] { return name_below(at->path, home_path).value_or(""); };
    while (const auto entry = reader.next()) {
        WireReader wire(*entry);
        const std::string_view name = wire.text();
        while (at != rollouts.end() && name_of_next() < name) ++at;
        if (at == rollouts.end() || name_of_next() != name) continue;
        if (auto known = decode(wire, pool)) set_content(*at, std::move(*known));
    }
    if (reader.is_intact()) return;
    for (Rollout& rollout : rollouts) {
        set_content(rollout, {});
    }
}

bool is_unchanged(const Rollout& recalled, const FileInfo& now) {
    const FileInfo& then = recalled.info;
    return now.device == then.device && now.inode == then.inode && now.bytes == then.bytes &&
           now.mtime_ns == then.mtime_ns && now.ctime_ns == then.ctime_ns;
}

bool is_settled(const Rollout& rollout) {
    return rollout.looked_at_ns - rollout.info.ctime_ns > kSettledNs;
}

Status keep_stamps(std::span<const Rollout> rollouts, const std::string& home_path,
                   const std::string& cache_path) {
    TRY(make_directories(parent_path(cache_path), 0700));
    const std::string staged = cache_path + ".tmp";
    TRY(remove_file(staged));
    // Not flushed: what a crash leaves is recognised by its digest.
    File file = TRY(File::create(staged, 0600));
    TRY(write_entries(rollouts, home_path, file));
    return rename_file(staged, cache_path);
}

}  // namespace trueup::codex
