#pragma once

#include <string>

namespace trueup::term {

struct BarOptions {
    int cells = 20;           // Width in columns, without any frame.
    bool is_unicode = false;  // Blocks in eighths of a column; else '#' and '.'.
};

/// A horizontal bar, always `cells` columns wide, filled to `fraction` (clamped to 0..1). It looks
/// full only when it is, and empty only when it is.
std::string bar(double fraction, const BarOptions& options);

}  // namespace trueup::term
