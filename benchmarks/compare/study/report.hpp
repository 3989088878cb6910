// SPDX-License-Identifier: MIT
// The report: tables over targets, families and budgets, and figures, from the rows of a study.
#pragma once

#include <string>
#include <vector>

#include "json.hpp"

namespace study {

/// Writes DIR/REPORT.md and DIR/figures from the rows, what the search tried, and DIR/pictures.  DIR/verdicts.in.md,
/// where there is one, goes to its top, each {{key family target budget}} in it replaced by the number.
void write_report(const std::string& dir, std::vector<Record> rows, const std::vector<Record>& tries);

}  // namespace study
