// SPDX-License-Identifier: MIT
// NPY: what parse_npy takes, format_npy writes so that it is read again; npy_rows finds the same rows.
#include "rheo/io/npy.hpp"

#include "fuzz.hpp"
#include "rheo/io/row_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rheo;
  using namespace rheo_fuzz;
  const std::string_view bytes = text(data, size);
  Batch<double> x;
  const bool whole = taken([&] { x = io::parse_npy(bytes, "a.npy"); });
  const auto same = [](const Batch<double>& a, const Batch<double>& b) {
    return a.rows() == b.rows() && a.cols() == b.cols() && (a == b || (a != a && b != b)).all();
  };
  if (whole) promise(same(io::parse_npy(io::format_npy(x), "b.npy"), x), "what is written is read again");
  if (x.rows() > 1000000) return 0;  // of no columns: nothing is read
  Batch<double> y(x.rows(), x.cols());
  Index have = 0;
  const bool streamed = taken([&] {
    auto source = io::npy_rows<double>({file_of(bytes)});
    promise(!whole || source.x_dim() == x.cols(), "npy_rows has as many columns");
    if (!whole) return;
    Batch<double> none(x.rows(), 0);
    BrokenRows broken;
    while (const Index m = source.read(rows(view(y), have, std::min<Index>(3, y.rows() - have)),
                                       rows(view(none), have, std::min<Index>(3, y.rows() - have)), broken))
      have += m;
  });
  if (whole && streamed && x.allFinite()) promise(have == x.rows() && same(y, x), "npy_rows finds the same rows");
  return 0;
}
