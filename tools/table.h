// Columns side by side, as wide as their widest cell.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace spencer {

using TableRow = std::vector<std::string>;

/// Where the cells of all columns but the first stand; those of the first stand to the left.
enum class Align { left, right };

void write_table(std::ostream& out, const std::vector<TableRow>& rows, Align align);

}  // namespace spencer
