#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Little-endian fields of binary records.
namespace trueup::core {

class WireWriter {
  public:
    void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
    void u32(std::uint32_t value) { put(value, 4); }
    void u64(std::uint64_t value) { put(value, 8); }
    void i64(std::int64_t value) { put(static_cast<std::uint64_t>(value), 8); }
    /// Seven bits a byte, the lowest first; all but the last have the highest bit set (LEB128).
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) u8(static_cast<std::uint8_t>(value | 0x80));
        u8(static_cast<std::uint8_t>(value));
    }
    /// Length, then the bytes.
    void text(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        bytes_.append(value);
    }
    /// The same with the length as a varint.
    void short_text(std::string_view value) {
        varint(value.size());
        bytes_.append(value);
    }
    template <std::convertible_to<std::string_view> Text>
    void optional_text(const std::optional<Text>& value) {
        u8(value ? 1 : 0);
        if (value) text(*value);
    }
    std::string take() { return std::move(bytes_); }

  private:
    void put(std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
    }
    std::string bytes_;
};

/// Reads what WireWriter wrote. After the first field that is not there every further one is zero
/// or empty, and is_whole() is false: ask once, at the end.
class WireReader {
  public:
    explicit WireReader(std::string_view bytes) : bytes_(bytes) {}
    std::uint8_t u8() { return static_cast<std::uint8_t>(get(1)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(get(4)); }
    std::uint64_t u64() { return get(8); }
    std::int64_t i64() { return static_cast<std::int64_t>(get(8)); }
    /// One that does not fit into 64 bits is not there.
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint64_t byte = u8();
            value |= (byte & 0x7f) << shift;
            if (byte < 0x80) {
                if (shift == 63 && byte > 1) break;
                return value;
            }
        }
        lose();
        return 0;
    }
    std::string_view text() { return take(u32()); }
    std::string_view short_text() { return take(varint()); }
    std::optional<std::string> optional_text() {
        if (u8() == 0) return std::nullopt;
        return std::string(text());
    }
    /// Everything asked for was there, and nothing is left.
    bool is_whole() const { return is_whole_ && bytes_.empty(); }
    bool is_lost() const { return !is_whole_; }
    /// 0 after a field that was not there.
    std::size_t bytes_left() const { return bytes_.size(); }

  private:
    std::string_view take(std::uint64_t length) {
        if (length > bytes_.size()) return lose();
        const std::string_view value = bytes_.substr(0, length);
        bytes_.remove_prefix(length);
        return value;
    }
    std::uint64_t get(std::size_t count) {
        if (count > bytes_.size()) {
            lose();
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
        }
        bytes_.remove_prefix(count);
        return value;
    }
    std::string_view lose() {
        is_whole_ = false;
        bytes_ = {};
        return {};
    }
    std::string_view bytes_;
    bool is_whole_ = true;
};

}  // namespace trueup::core
