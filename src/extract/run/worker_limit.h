#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "extract/source/pressure.h"

namespace trueup::extract {

/// How many workers may take a chunk, decided from one look at the source after another: half as
/// many when any signal shows strain, one more when none did for a while. A level that is neither
/// strain nor calm decides nothing, so that the number does not swing around one threshold.
class WorkerLimit {
  public:
    /// So many looks in a row have to be calm before there is one more, and each further one adds
    /// one.
    static constexpr int kCalmLooks = 2;

    struct Range {
        int least = 1;  // At least 1.
        int most = 1;   // At least `least`.
    };
    struct Change {
        int from = 0;
        int to = 0;
        std::string why;
        std::string_view signal;  // That showed strain; empty: none did.
    };

    explicit WorkerLimit(Range range) : range_(range), now_(range.most) {}

    /// A growth is seen from the second look on.
    std::optional<Change> see(Pressure pressure);
    /// Nothing is known any more: all may work.
    std::optional<Change> open(std::string why);
    int now() const { return now_; }

  private:
    /// Since the last look, of a Count.
    std::optional<std::int64_t> growth_of(const PressureSignal& signal) const;
    struct Strain {
        std::string_view signal;
        std::string sentence;
    };
    std::optional<Strain> strain_in(const Pressure& pressure) const;
    std::optional<Change> go_to(int workers, std::string why, std::string_view signal = {});

    Range range_;
    int now_;
    int calm_looks_ = 0;
    Pressure last_;
};

}  // namespace trueup::extract
