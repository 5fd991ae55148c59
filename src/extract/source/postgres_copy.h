#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// The framing of COPY … (FORMAT binary): https://www.postgresql.org/docs/current/sql-copy.html,
/// "Binary Format". libpq hands over one message for the header and one for each row.
namespace trueup::extract::postgres_source {

/// What follows the header in the first message; nothing when it is none that we know.
std::optional<std::string_view> behind_copy_header(std::string_view message);

/// A row's fields, from the front. What is not there is zero or NULL, and then the row is not
/// whole: ask once, at the end.
class CopyFields {
  public:
    explicit CopyFields(std::string_view bytes) : bytes_(bytes) {}

    /// Of a row: how many fields follow; -1 instead of a row is the end of all.
    std::int32_t number16() { return static_cast<std::int16_t>(take(2)); }
    std::int32_t number32() { return static_cast<std::int32_t>(take(4)); }
    /// The next field's bytes; nothing for NULL.
    std::optional<std::string_view> field() {
        const std::int32_t length = number32();
        if (is_lost_ || length == -1) return std::nullopt;
        if (length < 0 || static_cast<std::size_t>(length) > bytes_.size()) {
            lose();
            return std::nullopt;
        }
        const std::string_view value = bytes_.substr(0, static_cast<std::size_t>(length));
        bytes_.remove_prefix(value.size());
        return value;
    }
    bool is_whole() const { return !is_lost_ && bytes_.empty(); }
    bool is_lost() const { return is_lost_; }
    std::string_view rest() const { return bytes_; }

  private:
    std::uint32_t take(std::size_t bytes) {
        if (bytes_.size() < bytes) {
            lose();
            return 0;
        }
        std::uint32_t value = 0;
        for (const char byte : bytes_.substr(0, bytes)) {
            value = value << 8U | static_cast<unsigned char>(byte);
        }
        bytes_.remove_prefix(bytes);
        return value;
    }
    void lose() {
        is_lost_ = true;
        bytes_ = {};
    }

    std::string_view bytes_;
    bool is_lost_ = false;
};

}  // namespace trueup::extract::postgres_source
