#include "term/text_width.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace trueup::term {
namespace {

struct Span {
    std::uint32_t first;
    std::uint32_t last;
};

// Sorted. Marks that sit on the character before them, and characters that show nothing.
constexpr Span kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},   {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093A, 0x093A}, {0x093C, 0x093C}, {0x0941, 0x0948},   {0x094D, 0x094D},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1160, 0x11FF},   {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064},   {0x20D0, 0x20FF},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF},
};

// Sorted. East Asian wide and full-width blocks, and the emoji that terminals draw wide.
constexpr Span kDoubleWidth[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x2728, 0x2728},   {0x274C, 0x274C},
    {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

bool contains(const Span* begin, const Span* end, std::uint32_t code_point) {
    const auto* after =
        std::upper_bound(begin, end, code_point,
                         [](std::uint32_t value, const Span& span) { return value < span.first; });
    return after != begin && code_point <= std::prev(after)->last;
}

int width_of(std::uint32_t code_point) {
    if (code_point < 0x0300) return 1;
    if (contains(std::begin(kZeroWidth), std::end(kZeroWidth), code_point)) return 0;
    return contains(std::begin(kDoubleWidth), std::end(kDoubleWidth), code_point) ? 2 : 1;
}

struct Glyph {
    std::size_t bytes;
    int width;
};

/// The character at the front of `text`, which is not empty. Malformed: one byte, one column.
Glyph first_glyph(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = at(0);
    const std::size_t bytes = lead < 0xC2   ? 1
                              : lead < 0xE0 ? 2
                              : lead < 0xF0 ? 3
                              : lead < 0xF5 ? 4
                                            : 1;
    if (bytes == 1 || text.size() < bytes) return {1, 1};
    std::uint32_t code_point = lead & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((at(i) & 0xC0U) != 0x80U) return {1, 1};
        code_point = (code_point << 6U) | (at(i) & 0x3FU);
    }
    return {bytes, width_of(code_point)};
}

/// The longest front of `text` that takes at most `width` columns, with the marks on its end.
std::string_view front(std::string_view text, int width) {
    std::size_t at = 0;
    while (at < text.size()) {
        const Glyph glyph = first_glyph(text.substr(at));
        if (glyph.width > width) break;
        width -= glyph.width;
        at += glyph.bytes;
    }
    return text.substr(0, at);
}

/// The shortest tail of `text` without its first `columns` columns.
std::string_view without_columns(std::string_view text, int columns) {
    while (!text.empty()) {
        const Glyph glyph = first_glyph(text);
        if (columns <= 0 && glyph.width > 0) break;
        columns -= glyph.width;
        text.remove_prefix(glyph.bytes);
    }
    return text;
}

}  // namespace

int display_width(std::string_view text) {
    int width = 0;
    while (!text.empty()) {
        const Glyph glyph = first_glyph(text);
        width += glyph.width;
        text.remove_prefix(glyph.bytes);
    }
    return width;
}

std::string elide_end(std::string_view text, int width) {
    if (display_width(text) <= width) return std::string(text);
    if (width < 1) return {};
    return std::string(front(text, width - 1)) + "…";
}

std::string elide_middle(std::string_view text, int width) {
    const int total = display_width(text);
    if (total <= width) return std::string(text);
    if (width < 1) return {};
    const int tail = (width - 1) / 2;
    std::string out(front(text, width - 1 - tail));
    out += "…";
    out += without_columns(text, total - tail);
    return out;
}

}  // namespace trueup::term
