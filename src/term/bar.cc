#include "term/bar.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace trueup::term {
namespace {

constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

/// Of `steps`, those that are filled: all only at 1, none only at 0.
int filled_steps(double fraction, int steps) {
    if (!(fraction > 0)) return 0;  // NaN too.
    if (fraction >= 1) return steps;
    const int rounded = static_cast<int>(std::lround(fraction * steps));
    return std::clamp(rounded, std::min(1, steps), std::max(steps - 1, 0));
}

}  // namespace

std::string bar(double fraction, const BarOptions& options) {
    const int cells = std::clamp(options.cells, 0, 1000);
    std::string out;
    if (!options.is_unicode) {
        const int filled = filled_steps(fraction, cells);
        out.append(static_cast<std::size_t>(filled), '#');
        out.append(static_cast<std::size_t>(cells - filled), '.');
        return out;
    }
    const int eighths = filled_steps(fraction, cells * 8);
    for (int i = 0; i < eighths / 8; ++i) out += "█";
    const int rest = eighths % 8;
    out += kEighths[rest];
    const int blanks = cells - eighths / 8 - (rest > 0 ? 1 : 0);
    out.append(static_cast<std::size_t>(blanks), ' ');
    return out;
}

}  // namespace trueup::term
