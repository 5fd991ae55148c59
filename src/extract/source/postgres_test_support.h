#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "extract/source/postgres_decode.h"

/// Bytes of the wire for tests, and values made of them.
namespace trueup::extract::postgres_source {

/// As the server sends an integer: most significant byte first.
template <class T>
std::string wire(T value) {
    std::string bytes;
    for (std::size_t i = sizeof value; i-- > 0;) {
        bytes += static_cast<char>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i));
    }
    return bytes;
}

struct Outcome {
    Decoded decoded;
    columnar::Column column;
};

inline Outcome decode(Wire form, std::string_view bytes, columnar::Type type,
                      DecodeLimits limits = {}) {
    columnar::Column column(type);
    column.use_own();
    const Decoded decoded = decode_value(form, bytes, column, 0, limits);
    return {decoded, std::move(column)};
}

}  // namespace trueup::extract::postgres_source
