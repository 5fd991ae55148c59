#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>

namespace trueup {

/// A list for values of which there is mostly one: it takes 16 bytes, and allocates only for more.
/// For many such lists; where there are few, std::vector is the simpler one.
template <typename T>
requires(std::is_trivially_copyable_v<T> && sizeof(T) <= 8) class ShortList {
  public:
    using value_type = T;
    using iterator = T*;
    using const_iterator = const T*;

    ShortList() = default;
    ShortList(std::initializer_list<T> values) {
        for (const T& value : values) push_back(value);
    }
    ShortList(const ShortList& other) {
        for (const T& value : other) push_back(value);
    }
    ShortList(ShortList&& other) noexcept { swap(other); }
    ShortList& operator=(const ShortList& other) {
        ShortList copy(other);
        swap(copy);
        return *this;
    }
    ShortList& operator=(ShortList&& other) noexcept {
        ShortList taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~ShortList() {
        if (is_allocated()) delete[] place_.many;
    }

    void push_back(const T& value) {
        // Room doubles each time the size is a power of two.
        if (std::has_single_bit(size_)) {
            T* const more = new T[std::size_t{size_} * 2];
            std::copy_n(begin(), size_, more);
            const T added = value;  // It may stand in what goes now.
            if (is_allocated()) delete[] place_.many;
            place_.many = more;
            place_.many[size_] = added;
        } else {
            begin()[size_] = value;
        }
        ++size_;
    }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* begin() { return is_allocated() ? place_.many : &place_.one; }
    T* end() { return begin() + size_; }
    const T* begin() const { return is_allocated() ? place_.many : &place_.one; }
    const T* end() const { return begin() + size_; }
    const T& operator[](std::size_t index) const { return begin()[index]; }
    T& operator[](std::size_t index) { return begin()[index]; }
    const T& front() const { return *begin(); }
    friend bool operator==(const ShortList& one, const ShortList& other) {
        return std::ranges::equal(one, other);
    }

  private:
    bool is_allocated() const { return size_ > 1; }
    void swap(ShortList& other) noexcept {
        std::swap(size_, other.size_);
        std::swap(place_, other.place_);
    }

    std::uint32_t size_ = 0;
    union Place {
        Place() : one() {}
        T one;
        T* many;
    } place_;
};

}  // namespace trueup
