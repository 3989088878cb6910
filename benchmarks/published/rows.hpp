// SPDX-License-Identifier: MIT
// The rows of other people's tables that can be run here, by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "../compare/study/json.hpp"

namespace published {
using study::Record;

/// A row: its name, the table and the cell that it stands in, what makes it.
struct Cell {
  std::string name, table, cell;
  std::function<Record()> measure;
};
std::vector<Cell> earth_rows(const std::string& data);  ///< data: the folder of the CSV files
std::vector<Cell> sbi_rows();
std::vector<Cell> transport_rows();
std::vector<Cell> energy_rows();
std::vector<Cell> posterior_rows(const std::string& data);
std::vector<Cell> field_rows();

/// The page, in Markdown, of rows that are there (ours) and the published ones (theirs).
std::string page(const std::vector<Cell>& all, const std::vector<Record>& ours, const std::vector<Record>& theirs);

}  // namespace published
