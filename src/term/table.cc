#include "term/table.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "base/check.h"
#include "base/text.h"
#include "term/text_width.h"

namespace trueup::term {
namespace {

constexpr int kGap = 2;
constexpr int kShrunkWidthMin = 6;

std::string one_line(std::string_view text) {
    std::string out = printable(text);
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return out;
}

/// Takes `excess` columns off those that may shrink, always from the widest.
void shrink(std::vector<int>& widths, std::span<const Column> columns, int excess) {
    for (; excess > 0; --excess) {
        int* widest = nullptr;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const bool can_shrink = columns[i].can_shrink && widths[i] > kShrunkWidthMin;
            if (can_shrink && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
        }
        if (widest == nullptr) return;
        --*widest;
    }
}

struct Placed {
    Align align;
    int width;
    bool is_last;
};

void place(std::string& line, const Cell& cell, Placed placed, const Styles& styles) {
    const std::string text = elide_end(cell.text, placed.width);
    const auto padding = static_cast<std::size_t>(placed.width - display_width(text));
    if (placed.align == Align::Right) line.append(padding, ' ');
    line += styles(cell.style, text);
    if (placed.is_last) return;  // No blanks at the end of a line.
    if (placed.align == Align::Left) line.append(padding, ' ');
    line.append(kGap, ' ');
}

}  // namespace

void Table::add_row(std::vector<Cell> cells) {
    CHECK(cells.size() == columns_.size());
    for (Cell& cell : cells) cell.text = one_line(cell.text);
    rows_.push_back(std::move(cells));
}

std::vector<int> Table::fitted_widths(const TableOptions& options) const {
    std::vector<int> widths(columns_.size(), 0);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (options.has_titles) widths[i] = display_width(columns_[i].title);
        for (const auto& row : rows_) widths[i] = std::max(widths[i], display_width(row[i].text));
    }
    if (options.width > 0) {
        const int gaps = kGap * (static_cast<int>(widths.size()) - 1);
        const int taken = options.indent + gaps;
        const int total = std::accumulate(widths.begin(), widths.end(), taken);
        shrink(widths, columns_, total - options.width);
    }
    return widths;
}

std::string Table::render(const TableOptions& options) const {
    const std::vector<int> widths = fitted_widths(options);
    std::string out;
    const auto add_line = [&](const std::vector<Cell>& cells) {
        std::string line(static_cast<std::size_t>(options.indent), ' ');
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const bool is_last = i + 1 == cells.size();
            place(line, cells[i], {columns_[i].align, widths[i], is_last}, options.styles);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line;
        out += '\n';
    };
    if (options.has_titles) {
        std::vector<Cell> titles;
        titles.reserve(columns_.size());
        for (const Column& column : columns_) titles.push_back({column.title, Style::Strong});
        add_line(titles);
    }
    for (const auto& row : rows_) add_line(row);
    return out;
}

}  // namespace trueup::term
