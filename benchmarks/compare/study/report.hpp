// SPDX-License-Identifier: MIT
// The report: tables over targets, families and budgets, and figures, from the rows of a study.
#pragma once

#include <string>
#include <vector>

#include "json.hpp"

namespace study {

/// Writes DIR/REPORT.md, DIR/densities.png, DIR/samples.png and DIR/*.svg.
void write_report(const std::string& dir, const std::vector<Record>& rows);

}  // namespace study
