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
constexpr std::string_view kMagic = "trueup stamps 3\n";
constexpr std::size_t kDigestChars = 64;
constexpr std::size_t kBlockBytes = 64u << 10;
constexpr std::uint64_t kCacheBytesMax = 1u << 30;
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
    wire.varint(at.offset);
    wire.u8(meta.provider ? 1 : 0);
    if (meta.provider) wire.short_text(*meta.provider);
    wire.varint(meta.values.size());
    for (const Slice& value : meta.values) {
        wire.varint(value.offset);
        wire.varint(value.length);
    }
    const int flags = (meta.is_missing ? Missing : 0) | (meta.is_payload_empty ? EmptyPayload : 0) |
                      (meta.has_split_providers ? Split : 0) | (meta.is_paginated ? Paginated : 0);
    wire.u8(static_cast<std::uint8_t>(flags));
    for (const std::uint32_t field :
         {meta.insert_at, meta.length, meta.blanks_at_end, meta.blanks_inside}) {
        wire.varint(field);
    }
    wire.short_text(meta.cwd);
}

std::uint32_t read_u32(WireReader& wire) { return static_cast<std::uint32_t>(wire.varint()); }

MetaAt read_meta(WireReader& wire, const SharedText& thread_id, TextPool& pool) {
    MetaAt at{.offset = wire.varint(), .meta = {}};
    MetaLine& meta = at.meta;
    meta.thread_id = thread_id;
    if (wire.u8() != 0) meta.provider = pool.of(wire.short_text());
    const std::uint64_t values = wire.varint();
    for (std::uint64_t i = 0; i < values && !wire.is_lost(); ++i) {
        const std::uint32_t offset = read_u32(wire);
        meta.values.push_back({offset, read_u32(wire)});
    }
    const std::uint8_t flags = wire.u8();
    meta.is_missing = (flags & Missing) != 0;
    meta.is_payload_empty = (flags & EmptyPayload) != 0;
    meta.has_split_providers = (flags & Split) != 0;
    meta.is_paginated = (flags & Paginated) != 0;
    for (auto* field : {&meta.insert_at, &meta.length, &meta.blanks_at_end, &meta.blanks_inside}) {
        *field = read_u32(wire);
    }
    meta.cwd = pool.of(wire.short_text());
    return at;
}

/// An id stands in the name of nearly every rollout: then only how far before the path's end.
void write_id(std::string_view id, std::string_view name, WireWriter& wire) {
    const std::size_t at = id.empty() ? std::string_view::npos : name.rfind(id);
    const bool is_in_name = at != std::string_view::npos;
    wire.varint(is_in_name ? name.size() - at : 0);
    if (is_in_name) {
        wire.varint(id.size());
    } else {
        wire.short_text(id);
    }
}

SharedText read_id(WireReader& wire, std::string_view path) {
    const std::uint64_t before_end = wire.varint();
    if (before_end == 0) return wire.short_text();
    const std::uint64_t bytes = wire.varint();
    if (before_end > path.size()) return {};
    return path.substr(path.size() - before_end).substr(0, bytes);
}

/// All but the name.
void write_content(const Rollout& rollout, std::string_view name, WireWriter& wire) {
    wire.varint(rollout.info.device);
    wire.varint(rollout.info.inode);
    wire.varint(rollout.info.bytes);
    wire.i64(rollout.info.mtime_ns);
    wire.i64(rollout.info.ctime_ns);
    wire.u8(static_cast<std::uint8_t>(rollout.problem));
    wire.u8(rollout.has_encrypted ? 1 : 0);
    wire.i64(rollout.looked_at_ns);
    wire.short_text(rollout.detail);
    write_id(rollout.thread_id, name, wire);
    wire.varint(rollout.metas.size());
    for (const MetaAt& at : rollout.metas) write_meta(at, wire);
}

bool is_as_it_was(WireReader& wire, const FileInfo& now) {
    const bool is_same_file = wire.varint() == now.device && wire.varint() == now.inode;
    const bool is_same_size = is_same_file && wire.varint() == now.bytes;
    return is_same_size && wire.i64() == now.mtime_ns && wire.i64() == now.ctime_ns;
}

/// What an entry says behind its file. Nothing when it says nothing that we could have written.
std::optional<Rollout> read_content(WireReader& wire, std::string_view path, TextPool& pool) {
    Rollout rollout;
    const std::uint8_t problem = wire.u8();
    if (problem > static_cast<std::uint8_t>(RolloutProblem::Damaged)) return std::nullopt;
    rollout.problem = static_cast<RolloutProblem>(problem);
    rollout.has_encrypted = wire.u8() != 0;
    rollout.looked_at_ns = wire.i64();
    rollout.detail = wire.short_text();
    rollout.thread_id = read_id(wire, path);
    const std::uint64_t metas = wire.varint();
    for (std::uint64_t i = 0; i < metas && !wire.is_lost(); ++i) {
        rollout.metas.push_back(read_meta(wire, rollout.thread_id, pool));
    }
    const bool is_ours = wire.is_whole() && rollout.looked_at_ns != 0 &&
                         rollout.metas.empty() == (rollout.problem != RolloutProblem::None);
    return is_ours ? std::optional(std::move(rollout)) : std::nullopt;
}

/// Writes what StampCache reads.
class CacheWriter {
  public:
    explicit CacheWriter(File& file) : file_(&file) { buffer_.append(kMagic); }

    /// Names ascend.
    Status add(const Rollout& rollout, std::string_view name) {
        const auto same = std::ranges::mismatch(last_name_, name).in1 - last_name_.begin();
        WireWriter entry;
        entry.varint(static_cast<std::uint64_t>(same));
        entry.short_text(name.substr(static_cast<std::size_t>(same)));
        write_content(rollout, name, entry);
        last_name_ = name;
        WireWriter framed;
        framed.short_text(entry.take());
        buffer_.append(framed.take());
        return buffer_.size() < kBlockBytes ? Status() : flush();
    }
    Status finish() {
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
    std::string last_name_;
    Sha256 digest_;
};

/// A rollout's path below the home; nothing when it lies elsewhere.
std::optional<std::string_view> name_below(std::string_view path, std::string_view home) {
    if (!path.starts_with(home) || !path.substr(home.size()).starts_with('/')) return std::nullopt;
    return path.substr(home.size() + 1);
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
        TRY(writer.add(rollout, *name));
    }
    return writer.finish();
}

}  // namespace

StampCache StampCache::read(const std::string& path) {
    auto bytes = read_file(path, kCacheBytesMax);
    return bytes ? parse(std::move(*bytes)) : StampCache();
}

StampCache StampCache::parse(std::string bytes) {
    StampCache cache;
    const bool is_complete = bytes.size() >= kMagic.size() + kDigestChars;
    if (!is_complete || !bytes.starts_with(kMagic)) return cache;
    const std::size_t content = bytes.size() - kDigestChars;
    if (!bytes.ends_with(sha256_hex(std::string_view(bytes).substr(0, content)))) return cache;
    bytes.resize(content);
    cache.bytes_ = std::move(bytes);
    return cache;
}

std::vector<std::uint32_t> StampCache::places_of(std::span<const SharedText> paths,
                                                 std::string_view home_path) const {
    std::vector<std::uint32_t> places(paths.size());
    const std::string_view all = bytes_;
    std::size_t next = 0;
    const auto name_of_next = [&] { return name_below(paths[next], home_path).value_or(""); };
    std::string name;
    // Both are sorted.
    WireReader wire(all.substr(std::min(kMagic.size(), all.size())));
    while (wire.bytes_left() != 0) {
        const std::size_t place = all.size() - wire.bytes_left();
        WireReader entry(wire.short_text());
        name.resize(std::min<std::uint64_t>(entry.varint(), name.size()));
        name.append(entry.short_text());
        while (next < paths.size() && name_of_next() < name) ++next;
        if (next < paths.size() && name_of_next() == name) {
            places[next] = static_cast<std::uint32_t>(place);
        }
    }
    return places;
}

std::optional<Rollout> StampCache::recall(std::uint32_t place, const SharedText& path,
                                          const FileInfo& now, TextPool& pool) const {
    if (place == 0 || place >= bytes_.size()) return std::nullopt;
    WireReader entry(WireReader(std::string_view(bytes_).substr(place)).short_text());
    entry.varint();
    entry.short_text();  // The name.
    if (!is_as_it_was(entry, now)) return std::nullopt;
    auto rollout = read_content(entry, path, pool);
    if (!rollout) return std::nullopt;
    rollout->path = path;
    rollout->format = format_of(path);
    rollout->info = now;
    return rollout;
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
