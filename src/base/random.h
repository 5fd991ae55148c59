#pragma once

#include <cstdint>
#include <string>

namespace trueup {

/// Where chance comes from. Tests put a seeded one in its place.
class Random {
  public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;
};

/// The kernel's generator; lives as long as the process, safe from any thread.
Random& system_random();

/// `digits` lower-case hexadecimal digits, at most 16.
std::string random_hex(Random& random, int digits);

}  // namespace trueup
