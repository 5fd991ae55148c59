#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "term/style.h"

namespace trueup::term {

enum class Align : std::uint8_t { Left, Right };

struct Column {
    std::string title;
    Align align = Align::Left;
    bool can_shrink = true;  // Cut with "…" when the table is wider than the terminal.
};

struct Cell {
    std::string text;
    Style style = Style::Plain;
};

struct TableOptions {
    int width = 80;        // Columns of the terminal; 0: as wide as it takes.
    Styles styles{false};  // For titles and styled cells.
    int indent = 0;        // Blanks before every line, within the width.
    bool has_titles = true;
};

/// Rows under titles, two blanks between columns, no frame. Every cell passes through printable()
/// and stays on one line.
class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// As many cells as there are columns.
    void add_row(std::vector<Cell> cells);
    bool is_empty() const { return rows_.empty(); }
    /// Lines that each end in a line feed. When even shrunk columns do not fit, lines stay longer
    /// than `width`: columns that may not shrink are never cut.
    std::string render(const TableOptions& options) const;

  private:
    std::vector<int> fitted_widths(const TableOptions& options) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace trueup::term
