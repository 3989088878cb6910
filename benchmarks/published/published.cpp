// SPDX-License-Identifier: MIT
// published: other people's tables, their figures beside ours.  Rows are kept in rows.jsonl, one appended when it is
// done, so that a run that is killed goes on; the page README.md is made from the rows that are there.
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>

#include "../../examples/command_line.hpp"
#include "../compare/study/rows.hpp"
#include "rheo/io/file.hpp"
#include "rows.hpp"

namespace {
using namespace published;
using study::read_rows;

constexpr const char* usage =
    "usage: published [--run] [--only A,B] [--again NAME] [--list] [--dir DIR]\n"
    "  (nothing)  prints the page of the rows that are there, and writes it to DIR/README.md\n"
    "  --run      first runs the rows that are not there yet, one after another, on one core\n"
    "  --only     of them those whose names begin so: earth.fire, sbi.two_moons.1000\n"
    "  --again    runs a row that is there once more, prints both and changes nothing; fails where they differ\n"
    "  --list     names all rows\n";

Record with_name(const Cell& cell) {
  Record r;
  r.text("name", cell.name);
  r.append(cell.measure());
  r.text("date", study::today());
  r.text("machine", study::machine());
  return r;
}

int again(const std::vector<Cell>& all, const std::vector<Record>& ours, const std::string& name) {
  for (const Cell& cell : all) {
    if (cell.name != name) continue;
    const Record now = with_name(cell);
    std::cout << "now:      " << now.line() << '\n';
    for (const Record& r : ours) {
      if (r.text("name") != name) continue;
      std::cout << "recorded: " << r.line() << '\n';
      const std::map<std::string, const char*> keys = {{"earth", "nll"},        {"sbi", "c2st"},
                                                       {"transport", "w2"},     {"energies", "log_z"},
                                                       {"posteriors", "log_z"}, {"field", "log_z_flow"}};
      const char* key = keys.at(cell.table);
      return now.number(key) == r.number(key) ? 0 : 1;
    }
    std::cout << "recorded: not run yet\n";
    return 0;
  }
  throw std::invalid_argument("no row is called '" + name + "'; --list names them");
}
}  // namespace

int main(int count, char** words) {
  std::string dir = RHEO_PUBLISHED, name;
  std::vector<std::string> only;
  bool run = false, list = false;
  if (!examples::read_options(
          count, words, {{"--run", &run}, {"--only", &only}, {"--again", &name}, {"--list", &list}, {"--dir", &dir}}))
    return std::cerr << usage, 2;
  int status = 0;
  const int failed = examples::guarded([&] {
    std::vector<Cell> all = earth_rows(RHEO_STUDY_DATA);
    for (Cell& cell : sbi_rows()) all.push_back(std::move(cell));
    for (Cell& cell : transport_rows()) all.push_back(std::move(cell));
    for (Cell& cell : energy_rows()) all.push_back(std::move(cell));
    for (Cell& cell : posterior_rows(RHEO_STUDY_DATA)) all.push_back(std::move(cell));
    for (Cell& cell : field_rows()) all.push_back(std::move(cell));
    const std::string path = dir + "/rows.jsonl";
    std::vector<Record> ours = read_rows(path);
    if (list) {
      for (const Cell& cell : all) std::cout << cell.name << '\n';
      return;
    }
    if (!name.empty()) {
      status = again(all, ours, name);
      return;
    }
    std::set<std::string> done;
    for (const Record& r : ours) done.insert(r.text("name"));
    for (const Cell& cell : all) {
      bool wanted = only.empty();
      for (const std::string& o : only) wanted = wanted || cell.name.rfind(o, 0) == 0;
      if (!run || !wanted || done.count(cell.name)) continue;
      std::cerr << cell.name << " ..." << std::flush;
      ours.push_back(with_name(cell));
      study::append(path, ours.back().line());
      std::cerr << ' ' << ours.back().line() << '\n';
    }
    const std::string text = page(all, ours, read_rows(dir + "/theirs.jsonl"));
    rheo::io::write_file(dir + "/README.md", text);
    std::cout << text;
  });
  return failed ? failed : status;
}
