#include "codex/inspect/stamp_cache.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <map>

#include "base/hash.h"
#include "core/wire.h"

namespace trueup::codex {
namespace {

using core::WireReader;
using core::WireWriter;

// The first word tells the version; another one makes all earlier caches strangers.
constexpr std::string_view kMagic = "trueup stamps 1\n";
constexpr std::size_t kDigestChars = 64;
constexpr std::uint64_t kCacheBytesMax = 512u << 20;
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
    wire.text(meta.timestamp);
}

MetaAt read_meta(WireReader& wire, const std::string& thread_id) {
    MetaAt at{.offset = wire.u64(), .meta = {}};
    MetaLine& meta = at.meta;
    meta.thread_id = thread_id;
    meta.provider = wire.optional_text();
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
    meta.cwd = wire.text();
    meta.timestamp = wire.text();
    return at;
}

std::string encode(const Rollout& rollout) {
    WireWriter wire;
    wire.u64(rollout.info.device);
    wire.u64(rollout.info.inode);
    wire.u64(rollout.info.bytes);
    wire.i64(rollout.info.mtime_ns);
    wire.i64(rollout.info.ctime_ns);
    wire.u8(static_cast<std::uint8_t>(rollout.format));
    wire.u8(static_cast<std::uint8_t>(rollout.problem));
    wire.u8(rollout.has_encrypted ? 1 : 0);
    wire.i64(rollout.looked_at_ns);
    wire.text(rollout.detail);
    wire.text(rollout.thread_id);
    wire.u32(static_cast<std::uint32_t>(rollout.metas.size()));
    for (const MetaAt& at : rollout.metas) write_meta(at, wire);
    return wire.take();
}

/// What an entry says beyond the identity that find() has compared.
std::optional<Rollout> decode(WireReader& wire) {
    Rollout rollout;
    const std::uint8_t format = wire.u8();
    const std::uint8_t problem = wire.u8();
    if (format > static_cast<std::uint8_t>(RolloutFormat::Zstd)) return std::nullopt;
    if (problem > static_cast<std::uint8_t>(RolloutProblem::Damaged)) return std::nullopt;
    rollout.format = static_cast<RolloutFormat>(format);
    rollout.problem = static_cast<RolloutProblem>(problem);
    rollout.has_encrypted = wire.u8() != 0;
    rollout.looked_at_ns = wire.i64();
    rollout.detail = wire.text();
    rollout.thread_id = wire.text();
    const std::uint32_t metas = wire.u32();
    for (std::uint32_t i = 0; i < metas && !wire.is_lost(); ++i) {
        rollout.metas.push_back(read_meta(wire, rollout.thread_id));
    }
    if (!wire.is_whole()) return std::nullopt;
    return rollout;
}

}  // namespace

std::size_t StampCache::Hash::operator()(const Key& key) const noexcept {
    return std::hash<std::uint64_t>{}(key.inode * 0x9e3779b97f4a7c15U + key.device);
}

StampCache StampCache::load(const std::string& path) {
    StampCache cache;
    if (path.empty()) return cache;
    auto bytes = read_file(path, kCacheBytesMax);
    if (!bytes) return cache;
    cache.bytes_ = std::move(*bytes);
    std::string_view rest(cache.bytes_);
    if (!rest.starts_with(kMagic) || rest.size() < kMagic.size() + kDigestChars) return cache;
    rest.remove_prefix(kMagic.size());
    const std::string_view digest = rest.substr(0, kDigestChars);
    rest.remove_prefix(kDigestChars);
    if (sha256_hex(rest) != digest) return cache;
    WireReader wire(rest);
    const std::uint32_t count = wire.u32();
    for (std::uint32_t i = 0; i < count && !wire.is_lost(); ++i) {
        const std::string_view entry = wire.text();
        WireReader fields(entry);
        const std::uint64_t device = fields.u64();
        cache.entries_.insert_or_assign({device, fields.u64()}, entry);
    }
    if (!wire.is_whole()) cache.entries_.clear();
    return cache;
}

std::optional<Rollout> StampCache::find(const std::string& path, const FileInfo& info) const {
    const auto entry = entries_.find({info.device, info.inode});
    if (entry == entries_.end()) return std::nullopt;
    WireReader wire(entry->second);
    const bool is_same = wire.u64() == info.device && wire.u64() == info.inode &&
                         wire.u64() == info.bytes && wire.i64() == info.mtime_ns &&
                         wire.i64() == info.ctime_ns;
    if (!is_same) return std::nullopt;
    auto rollout = decode(wire);
    if (!rollout || rollout->format != format_of(path)) return std::nullopt;
    rollout->path = path;
    rollout->info = info;
    return rollout;
}

bool is_settled(const Rollout& rollout) {
    return rollout.looked_at_ns - rollout.info.ctime_ns > kSettledNs;
}

std::string encode_stamps(const std::vector<Rollout>& rollouts) {
    std::map<std::uint64_t, bool> is_local_device;
    std::uint32_t count = 0;
    WireWriter entries;
    for (const Rollout& rollout : rollouts) {
        if (!rollout.info.is_regular || !is_settled(rollout)) continue;
        const auto known = is_local_device.find(rollout.info.device);
        const bool is_kept =
            known != is_local_device.end() ? known->second : is_local(rollout.path);
        is_local_device[rollout.info.device] = is_kept;
        if (!is_kept) continue;
        entries.text(encode(rollout));
        ++count;
    }
    WireWriter body;
    body.u32(count);
    const std::string content = body.take() + entries.take();
    return std::string(kMagic) + sha256_hex(content) + content;
}

}  // namespace trueup::codex
