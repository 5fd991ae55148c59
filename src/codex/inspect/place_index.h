#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace trueup::codex {

/// Finds the places of a list by what stands there, without a second copy of it and without an
/// allocation for each: open addressing with linear probing, at most half full. `key_at(place)`
/// says what stands at a place and must go on saying the same; std::hash knows its type.
template <typename KeyAt>
class PlaceIndex {
  public:
    using Key = std::invoke_result_t<KeyAt, std::uint32_t>;

    PlaceIndex(KeyAt key_at, std::size_t expected)
        : key_at_(key_at), slots_(std::bit_ceil(std::max<std::size_t>(2 * expected, 16))) {}

    /// The place of the same key that was added first, which is `place` when there was none.
    std::uint32_t add(std::uint32_t place) {
        if (2 * (used_ + 1) > slots_.size()) grow();
        const Key key = key_at_(place);
        const std::size_t hash = std::hash<Key>{}(key);
        Slot& slot = slots_[find_slot(key, hash)];
        if (slot.place == kNone) {
            slot = {.place = place, .tag = tag_of(hash)};
            ++used_;
        }
        return slot.place;
    }
    std::optional<std::uint32_t> find(const Key& key) const {
        const Slot& slot = slots_[find_slot(key, std::hash<Key>{}(key))];
        return slot.place == kNone ? std::nullopt : std::optional(slot.place);
    }

  private:
    static constexpr std::uint32_t kNone = 0xffffffff;
    struct Slot {
        std::uint32_t place = kNone;
        std::uint32_t tag = 0;  // Of the key's hash: most others are told apart without the list.
    };

    static std::uint32_t tag_of(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

    /// The slot that holds the key, or the empty one that it would get.
    std::size_t find_slot(const Key& key, std::size_t hash) const {
        std::size_t at = hash & (slots_.size() - 1);
        while (slots_[at].place != kNone &&
               !(slots_[at].tag == tag_of(hash) && key_at_(slots_[at].place) == key)) {
            at = (at + 1) & (slots_.size() - 1);
        }
        return at;
    }
    void grow() {
        const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
        for (const Slot& slot : old) {
            if (slot.place == kNone) continue;
            const Key key = key_at_(slot.place);
            slots_[find_slot(key, std::hash<Key>{}(key))] = slot;
        }
    }

    KeyAt key_at_;
    std::vector<Slot> slots_;  // A power of two of them.
    std::size_t used_ = 0;
};

}  // namespace trueup::codex
