// SPDX-License-Identifier: MIT
// CSV: what parse_csv takes, format_csv writes so that it is read again with the same bits; csv_rows, which reads a
// block at a time, finds the same rows.
#include "rheo/io/csv.hpp"

#include "fuzz.hpp"
#include "rheo/io/row_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo;
  using namespace rheo_fuzz;
  using Header = io::CsvOptions::Header;
  const std::string_view bytes = text(data, size);
  for (const Header header : {Header::guess, Header::no}) {
    io::CsvTable table;
    const bool whole = taken([&] { table = io::parse_csv(bytes, "a.csv", {.header = header}); });
    taken([&] { io::parse_csv(bytes, "a.csv", {.drop_missing = true, .header = header}); });
    if (whole) {
      promise(table.values.allFinite(), "every number of a table is finite");
      promise(static_cast<Index>(table.names.size()) == table.values.cols(), "every column has a name");
      if (table.values.rows() > 0) {
        const io::CsvTable again = io::parse_csv(io::format_csv(table.values), "b.csv");
        promise(again.values.rows() == table.values.rows() && again.values.cols() == table.values.cols() &&
                    (again.values == table.values).all(),
                "what is written is read again");
      }
    }
    Batch<double> x = Batch<double>::Zero(static_cast<Index>(size) + 1, whole ? table.values.cols() : 1);
    Index have = 0;
    const bool streamed = taken([&] {
      auto source = io::csv_rows<double>({file_of(bytes)}, {.header = header});
      if (source.x_dim() != x.cols()) {
        promise(!whole, "csv_rows has as many columns");
        x.resize(x.rows(), source.x_dim());
      }
      Batch<double> none(x.rows(), 0);
      BrokenRows broken;
      while (const Index m = source.read(rows(view(x), have, std::min<Index>(3, x.rows() - have)),
                                         rows(view(none), have, 3), broken))
        have += m;
    });
    if (whole && streamed) {
      promise(have == table.values.rows() && (x.topRows(have) == table.values).all(), "csv_rows finds the same rows");
    }
  }
  return 0;
}
