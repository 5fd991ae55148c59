#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"

namespace trueup::sqlite {

/// One value to bind, converted from what callers have at hand. Text and bytes are borrowed.
class Parameter {
  public:
    using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Bytes>;

    // NOLINTBEGIN(google-explicit-constructor): a list of parameters reads as a list of values.
    Parameter(std::nullptr_t) {}
    template <std::integral T>
    requires(sizeof(T) < 8 || std::signed_integral<T>) Parameter(T value)
        : value_(static_cast<std::int64_t>(value)) {}
    Parameter(double value) : value_(value) {}
    Parameter(std::string_view value) : value_(value) {}
    Parameter(const std::string& value) : value_(std::string_view(value)) {}
    Parameter(const char* value) : value_(std::string_view(value)) {}
    Parameter(Bytes value) : value_(value) {}
    /// Nothing binds NULL.
    template <class T>
    Parameter(const std::optional<T>& value) {
        if (value) value_ = Parameter(*value).value_;
    }
    // NOLINTEND(google-explicit-constructor)

    const Value& value() const { return value_; }

  private:
    Value value_;
};

}  // namespace trueup::sqlite
