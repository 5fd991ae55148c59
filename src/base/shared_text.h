#pragma once

#include <fmt/format.h>

#include <atomic>
#include <compare>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace trueup {

/// A text that does not change, held once by all its copies: each is as large as a pointer, and an
/// empty one allocates nothing. For values of which there are many and that say the same. Copies
/// may be made and destroyed by several threads at once. At most 4 GiB.
class SharedText {
  public:
    SharedText() = default;
    // NOLINTBEGIN(google-explicit-constructor): it stands wherever a text does.
    SharedText(std::string_view text);
    SharedText(const std::string& text) : SharedText(std::string_view(text)) {}
    SharedText(const char* text) : SharedText(std::string_view(text)) {}
    operator std::string_view() const { return view(); }
    // NOLINTEND(google-explicit-constructor)
    SharedText(const SharedText& other) : block_(other.block_) {
        if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
    }
    SharedText(SharedText&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    SharedText& operator=(const SharedText& other) {
        SharedText copy(other);
        std::swap(block_, copy.block_);
        return *this;
    }
    SharedText& operator=(SharedText&& other) noexcept {
        SharedText taken(std::move(other));
        std::swap(block_, taken.block_);
        return *this;
    }
    ~SharedText() {
        if (block_ != nullptr) release();
    }

    /// Valid as long as this or a copy of it lives.
    std::string_view view() const {
        if (block_ == nullptr) return {};
        return {reinterpret_cast<const char*>(block_ + 1), block_->bytes};
    }
    std::string str() const { return std::string(view()); }
    bool empty() const { return block_ == nullptr; }

    template <std::convertible_to<std::string_view> Text>
    friend bool operator==(const SharedText& one, const Text& other) {
        return one.view() == std::string_view(other);
    }
    template <std::convertible_to<std::string_view> Text>
    friend std::strong_ordering operator<=>(const SharedText& one, const Text& other) {
        return one.view() <=> std::string_view(other);
    }

    friend std::ostream& operator<<(std::ostream& out, const SharedText& text);

  private:
    struct Block {  // The bytes follow.
        std::atomic<std::uint32_t> references;
        std::uint32_t bytes;
    };
    void release();

    Block* block_ = nullptr;
};

/// For containers of texts in which any kind of text is looked for.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};
struct TextEqual {
    using is_transparent = void;
    bool operator()(std::string_view one, std::string_view other) const noexcept {
        return one == other;
    }
};

/// Gives one text to all that say the same. For one thread at a time.
class TextPool {
  public:
    SharedText of(std::string_view text);

  private:
    std::unordered_set<SharedText, TextHash, TextEqual> texts_;
};

}  // namespace trueup

template <>
struct std::hash<trueup::SharedText> {
    std::size_t operator()(const trueup::SharedText& text) const noexcept {
        return std::hash<std::string_view>{}(text.view());
    }
};

template <>
struct fmt::formatter<trueup::SharedText> : fmt::formatter<std::string_view> {
    template <typename Context>
    auto format(const trueup::SharedText& text, Context& context) const {
        return fmt::formatter<std::string_view>::format(text.view(), context);
    }
};
