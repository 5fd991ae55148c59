#include "base/random.h"

#include <fmt/format.h>
#include <sys/random.h>

#include "base/check.h"

namespace trueup {
namespace {

class SystemRandom final : public Random {
  public:
    std::uint64_t next() override {
        std::uint64_t value = 0;
        CHECK(::getrandom(&value, sizeof value, 0) == sizeof value);
        return value;
    }
};

}  // namespace

Random& system_random() {
    static SystemRandom random;
    return random;
}

std::string random_hex(Random& random, int digits) {
    CHECK(digits >= 1);
    CHECK(digits <= 16);
    return fmt::format("{:016x}", random.next()).substr(0, static_cast<std::size_t>(digits));
}

}  // namespace trueup
