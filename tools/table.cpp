#include "table.h"

#include <algorithm>
#include <ostream>

#include "terminal.h"

namespace spencer {

void write_table(std::ostream& out, const std::vector<TableRow>& rows, Align align) {
  std::vector<int> widths;
  for (const TableRow& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], display_width(row[c]));
    }
  }
  for (const TableRow& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const auto padding = static_cast<std::size_t>(widths[c] - display_width(row[c]));
      const std::string gap(padding, ' ');
      line += c == 0 ? "" : "  ";
      line += c > 0 && align == Align::right ? gap + row[c] : row[c] + gap;
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

}  // namespace spencer
