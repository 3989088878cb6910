// SPDX-License-Identifier: MIT
#include "rheo/io/row_files.hpp"

#include <cstring>
#include <fstream>

#include "catch.hpp"
#include "folder.hpp"
#include "rheo/io/checkpoint.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit_source.hpp"

namespace io_row_files {
using namespace rheo;
using Catch::Contains;
using rheo_test::Folder;

namespace {
using Step = Chain<AffineCoupling<2, Mlp<8>, 1>, Flip<2>>;
using Given = Flow<Standardize<2>, Repeat<2, Step>, StandardNormal<2>>;

void put(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// All rows of a pass, data and context side by side, `block` at a time, and where each is.
template <class T>
Batch<T> all(RowSource<T>& source, Index block, BrokenRows& broken, std::vector<std::string>* places = nullptr) {
  const Index d = source.x_dim(), c = source.context_dim();
  Batch<T> out(0, d + c), x(block, d), context(block, c);
  source.rewind();
  while (const Index n = source.read(view(x), view(context), broken)) {
    out.conservativeResize(out.rows() + n, d + c);
    out.bottomLeftCorner(n, d) = x.topRows(n);
    out.bottomRightCorner(n, c) = context.topRows(n);
    for (Index i = 0; places && i < n; ++i) places->push_back(source.where(i));
  }
  return out;
}
template <class T> Batch<T> all(RowSource<T>&& source, Index block = 100) {
  BrokenRows broken;
  return all(source, block, broken);
}
bool same(const Batch<double>& a, const Batch<double>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}
template <class Call> std::string message_of(Call call) {
  try {
    call();
  } catch (const FileError& e) { return e.what(); }
  return "no error";
}
std::string table_of(const Batch<double>& x, const char* end) {
  std::string text = io::format_csv(x), out;
  for (const char c : text) out += c == '\n' ? std::string(end) : std::string(1, c);
  return out;
}
}  // namespace

TEMPLATE_TEST_CASE("a text file gives its rows in blocks of any size and again in every pass", "", float, double) {
  using T = TestType;
  const Folder folder;
  const Batch<double> x = targets::moons<double>(500, Noise{1});
  for (const char* end : {"\n", "\r\n", "\r"}) {
    for (const bool last : {true, false}) {
      std::string text = table_of(x, end);
      if (!last) text.resize(text.size() - std::strlen(end));
      put(folder / "a.csv", text);
      auto source = io::csv_rows<T>({folder / "a.csv"});
      for (const Index block : {1, 7, 499, 500, 4096}) {
        BrokenRows broken;
        const Batch<T> rows = all(source, block, broken);
        REQUIRE(rows.rows() == 500);
        CHECK((rows == x.cast<T>()).all());
      }
      CHECK(source.rows() == -1);
    }
  }
}

TEST_CASE("a file larger than what is read at once loses no row and no digit") {
  const Folder folder;
  const Batch<double> x = targets::moons<double>(90'000, Noise{1});
  const std::string text = io::format_csv(x, {"a", "b"});
  REQUIRE(text.size() > 3 * io::detail::LineReader::step);
  put(folder / "a.csv", text);
  BrokenRows broken;
  std::vector<std::string> places;
  auto source = io::csv_rows({folder / "a.csv"});
  CHECK(same(all(source, 4096, broken, &places), x));
  CHECK(places[0] == (folder / "a.csv") + ":2");
  CHECK(places[89'999] == (folder / "a.csv") + ":90001");
  // A line end of two bytes that the end of a step parts.
  std::string parted(io::detail::LineReader::step - 4, '1');
  for (std::size_t k = 3; k < parted.size(); k += 4) parted[k] = '\n';
  parted += "222\r\n333\r\n";
  put(folder / "b.csv", parted);
  const auto rows = all(io::csv_rows({folder / "b.csv"}));
  CHECK(rows.rows() == static_cast<Index>(parted.size() - 10) / 4 + 2);
  CHECK(rows(rows.rows() - 2, 0) == 222);
}

TEST_CASE("a file of 17 MB whose lines end in CR is read line by line") {
  const Folder folder;
  std::string text(17 * io::detail::LineReader::step, '1');
  REQUIRE(text.size() > io::detail::LineReader::longest);
  const std::size_t length = 4096;  // so that each step ends with a line
  for (std::size_t k = length - 1; k < text.size(); k += length) text[k] = '\r';
  put(folder / "a.csv", text);
  io::detail::LineReader lines(folder / "a.csv");
  std::string_view line;
  std::size_t whole = 0, most = 0;
  for (; lines.next(line); most = std::max(most, lines.ahead().size())) whole += line.size() == length - 1;
  CHECK(whole == text.size() / length);
  CHECK(lines.number() == whole);
  CHECK(most <= 2 * io::detail::LineReader::step);  // of the file in memory at once
}

TEST_CASE("several files, each with a header of its own, give chosen columns and contexts") {
  const Folder folder;
  put(folder / "a.csv", "t;x;y\n1;2,5;3\n4;5;6\n");
  put(folder / "b.csv", "# made by hand\ny,x,t\n\n9,8,7\n");
  put(folder / "empty.csv", "x,y,t\n");
  put(folder / "c.csv", "sep=|\nx|t|\"y\"\n\"11\"|10|12\n");
  const std::vector<std::string> paths{folder / "a.csv", folder / "b.csv", folder / "empty.csv", folder / "c.csv"};
  Batch<double> wanted(4, 3);
  wanted << 2.5, 3, 1, 5, 6, 4, 8, 9, 7, 11, 12, 10;
  CHECK(same(all(io::csv_rows(paths, {.columns = {"x", "y"}, .context = {"t"}})), wanted));
  auto source = io::csv_rows({folder / "a.csv"}, {.context = {"t"}});
  CHECK(source.x_dim() == 2);
  CHECK(source.context_dim() == 1);
  CHECK(same(all(std::move(source)), wanted.topRows(2)));
  BrokenRows broken;
  std::vector<std::string> places;
  auto named = io::csv_rows(paths, {.columns = {"x", "y"}});
  all(named, 100, broken, &places);
  CHECK(places == std::vector<std::string>{paths[0] + ":2", paths[0] + ":3", paths[1] + ":4", paths[3] + ":3"});
  put(folder / "plain.txt", "1 2 3\n4 5 6\n");
  Batch<double> two(2, 2);
  two << 3, 1, 6, 4;
  CHECK(same(all(io::csv_rows({folder / "plain.txt"}, {.columns = {"2", "0"}})), two));
}

TEST_CASE("a broken line is named by file, line and column, or counted") {
  const Folder folder;
  const std::string good = "x,y,z\n1,2,a\n", path = folder / "a.csv";
  struct Fault {
    const char *line, *what;
  };
  for (const Fault f : {Fault{"3", ":3:1: this row has 1 field, the first has 3"},
                        {"3,4,b,5", ":3:7: this row has 4 fields, the first has 3"},
                        {"3,four,b", ":3:3: 'four' is not a number"},
                        {"3,,b", ":3:3: a number of column 'y' is missing or not finite"},
                        {"nan,4,b", ":3:1: a number of column 'x' is missing"},
                        {"3,1e999,b", ":3:3: '1e999' is too large for a double"},
                        {"3,\"4,b", ":3:3: the quote is never closed"},
                        {"\"3\"3,4,b", ":3:1: text after the closing quote"},
                        {"3,5%,b", ":3:3: '5%' is a percentage"}}) {
    put(path, good + f.line + "\n5,6,c\n");
    auto source = io::csv_rows({path}, {.columns = {"x", "y"}});
    BrokenRows stop;
    CHECK_THAT(message_of([&] { all(source, 10, stop); }), Contains("rheo: " + path + f.what));
    BrokenRows count(OnBroken::count);
    const auto rows = all(source, 10, count);
    REQUIRE(rows.rows() == 2);
    CHECK(rows(1, 0) == 5);
    CHECK(count.count() == 1);
    CHECK_THAT(count.first(), Contains(path + f.what));
  }
  put(path, "x;y\n1,5;2\n2.5;3\n3,5;4\n");
  auto marks = io::csv_rows({path});
  BrokenRows count(OnBroken::count);
  CHECK(all(marks, 10, count).rows() == 2);
  CHECK_THAT(count.first(), Contains(":3:1: '2.5' has a decimal point, '1,5' in line 2 a decimal comma"));
}

TEST_CASE("what is wrong with a file as a whole is found before anything is read") {
  const Folder folder;
  const std::string a = folder / "a.csv", b = folder / "b.csv";
  put(a, "x,y\n1,2\n");
  const auto says = [&](const std::string& text, const io::RowFileOptions& o = {}) {
    put(b, text);
    return message_of([&] { io::csv_rows({a, b}, o); });
  };
  CHECK_THAT(says("", {}), Contains(b + ":1:1: no rows"));
  CHECK_THAT(says("x,z\n1,2\n", {.columns = {"x", "y"}}), Contains(b) && Contains("no column 'y'"));
  CHECK_THAT(says("x,y,z\n1,2,3\n"), Contains("has 3 columns of data and 0 of context, the first file 2 and 0"));
  CHECK_THAT(says(std::string("\xFF\xFEx\0,\0y\0\n\0", 10)), Contains("UTF-16"));
  CHECK_THAT(says(std::string("1\0,\0"
                              "2\0\n\0",
                              8)),
             Contains("UTF-16"));
  CHECK(says("\xEF\xBB\xBFx,y\n1,2\n", {.columns = {"x"}}) == "no error");
  CHECK_THAT(message_of([&] { io::csv_rows({a, folder / "none.csv"}); }), Contains("none.csv: cannot open"));
  CHECK_THAT(message_of([&] { io::csv_rows({}); }), Contains("at least one file"));
  CHECK_THAT(message_of([&] { io::csv_rows({"/dev/zero"}); }), Contains("no regular file"));
  CHECK_THAT(says("x,y\n1," + std::string(20 << 20, '1') + "\n"), Contains("no error"));
  CHECK_THAT(message_of([&] { all(io::csv_rows({b})); }), Contains(b + ":2: a line of more than"));
}

TEMPLATE_TEST_CASE(".npy files of every type give the rows that read_npy gives", "", float, double) {
  using T = TestType;
  const Folder folder;
  const Batch<double> x = targets::moons<double>(1000, Noise{1});
  io::write_npy(folder / "a.npy", x);
  io::write_npy(folder / "b.npy", Batch<float>(x.cast<float>()));
  Batch<T> wanted(2000, 2);
  wanted << x.cast<T>(), x.cast<float>().cast<T>();
  for (const Index block : {1, 999, 1000, 4096}) {
    auto source = io::npy_rows<T>({folder / "a.npy", folder / "b.npy"});
    CHECK(source.rows() == 2000);
    BrokenRows broken;
    std::vector<std::string> places;
    for (int pass = 0; pass < 2; ++pass) CHECK((all(source, block, broken, &places) == wanted).all());
    CHECK(places[1999] == (folder / "b.npy") + ": row 999");
  }
  const std::string header = "{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3), }",
                    pad(63 - (10 + header.size()) % 64, ' ');
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size() + pad.size() + 1) + '\0' +
                      header + pad + '\n';
  for (int k = 1; k <= 6; ++k) bytes += {'\0', static_cast<char>(k)};
  put(folder / "c.npy", bytes);
  Batch<T> chosen(2, 3);
  chosen << 3, 1, 2, 6, 4, 5;
  CHECK((all(io::npy_rows<T>({folder / "c.npy"}, {.columns = {"x2", "0"}, .context = {"1"}})) == chosen).all());
  CHECK((io::parse_npy(bytes, "c").cast<T>() == all(io::npy_rows<T>({folder / "c.npy"}))).all());
}

TEST_CASE("an .npy file that is cut is named, or its missing rows are counted; column by column is refused") {
  const Folder folder;
  const Batch<double> x = targets::moons<double>(100, Noise{1});
  const std::string whole = io::format_npy(x), path = folder / "a.npy";
  put(path, whole.substr(0, whole.size() - 10 * 16 - 5));
  auto source = io::npy_rows({path});
  CHECK(source.rows() == 89);
  BrokenRows stop, count(OnBroken::count);
  CHECK_THAT(message_of([&] { source.check(stop); }),
             Contains(path + ": row 89: the file ends here: the shape (100, 2) needs 1600 bytes, the file has 1435"));
  source.check(count);
  CHECK(count.count() == 11);
  CHECK(same(all(source, 7, count), x.topRows(89)));
  CHECK(count.count() == 11);
  put(path, whole + "1");
  CHECK_THAT(message_of([&] { io::npy_rows({path}); }), Contains("has 1601"));
  put(path, whole.substr(0, 50));
  CHECK_THAT(message_of([&] { io::npy_rows({path}); }), Contains("ends within the header"));
  std::string columns = whole;
  columns.replace(columns.find("False"), 5, "True ");
  put(path, columns);
  CHECK_THAT(message_of([&] { io::npy_rows({path}); }), Contains("column by column"));
  put(path, whole);
  CHECK_THAT(message_of([&] { io::npy_rows({path}, {.columns = {"2"}}); }), Contains("no column '2'"));
  auto shrinking = io::npy_rows({path});
  put(path, whole.substr(0, whole.size() - 16));
  CHECK_THAT(message_of([&] { all(shrinking, 100, stop); }), Contains("it was changed while it was read"));
}

TEST_CASE("a fit from files has the bits of a fit from their rows in memory, and names what is broken") {
  const Folder folder;
  const Batch<double> x = targets::moons<double>(600, Noise{1});
  Batch<double> table(600, 3);
  table << x, x.col(0) * 2;
  io::write_csv(folder / "a.csv", table.topRows(250), {"x", "y", "t"});
  io::write_csv(folder / "b.csv", table.bottomRows(350), {"x", "y", "t"});
  const FitOptions options{.epochs = 3, .batch = 64, .noise = Noise{3}};
  auto by_array = make_model<double>(Given{}, Noise{2}), by_csv = by_array, by_npy = by_array;
  fit(by_array, x, table.col(2), options);
  fit(by_csv, io::csv_rows({folder / "a.csv", folder / "b.csv"}, {.columns = {"x", "y"}, .context = {"t"}}), options);
  CHECK((by_csv.parameters() == by_array.parameters()).all());
  table(300, 1) = HUGE_VAL;
  io::write_npy(folder / "a.npy", table);
  auto start = by_npy;
  CHECK_THROWS_WITH(fit(by_npy, io::npy_rows({folder / "a.npy"}, {.context = {"2"}}), options),
                    Contains("a.npy: row 300: column 1 is not finite"));
  const auto r = fit(by_npy, io::npy_rows({folder / "a.npy"}, {.context = {"2"}}),
                     {.epochs = 3, .batch = 64, .noise = Noise{3}}, {.window = 100, .on_broken = OnBroken::count});
  CHECK(r.broken_rows == 1);
  CHECK(r.steps == 3 * (2 + 5 * 2));  // 90 rows, four windows of 100 and the 99 behind them
  put(folder / "c.csv", "x,y,t\n1,2,3\n1,2\n");
  CHECK_THROWS_WITH(
      fit(start, io::csv_rows({folder / "a.csv", folder / "c.csv"}, {.columns = {"x", "y"}, .context = {"t"}}),
          options),
      Contains("c.csv:3:3: this row has 2 fields"));
}

TEMPLATE_TEST_CASE("a source that skips rows goes on with the next, and knows where it is", "", float, double) {
  using T = TestType;
  const Folder folder;
  const Batch<double> x = targets::moons<double>(900, Noise{1});
  std::vector<std::string> csv, npy;
  for (const auto& [first, n] : {std::pair<Index, Index>{0, 300}, {300, 0}, {300, 600}}) {
    const std::string name = std::to_string(csv.size());
    csv.push_back(folder / (name + ".csv")), npy.push_back(folder / (name + ".npy"));
    io::write_csv(csv.back(), x.middleRows(first, n), {"a", "b"});
    io::write_npy(npy.back(), x.middleRows(first, n));
  }
  const auto check = [&](RowSource<T>& source, const std::string& last) {
    for (const Index n : {0, 1, 299, 300, 301, 899, 900, 2000}) {
      for (const Index block : {7, 4096}) {
        Batch<T> out(block, 2), none(block, 0);
        BrokenRows broken(OnBroken::count);
        source.rewind();
        CHECK(source.skip(n));
        Index at = n;
        std::string where;
        while (const Index got = source.read(view(out), view(none), broken)) {
          REQUIRE(at + got <= 900);
          CHECK((out.topRows(got) == x.middleRows(at, got).cast<T>()).all());
          at += got;
          where = source.where(got - 1);
        }
        CHECK(at == std::max<Index>(n, 900));
        if (n < 900) CHECK(where == last);
      }
    }
  };
  CHECK_FALSE(io::csv_rows<T>(csv).skip(5));  // its lines are read
  auto by_npy = io::npy_rows<T>(npy);
  check(by_npy, npy[2] + ": row 599");
  auto simulated = simulated_rows<T>(
      2, [](View<T> out, Noise noise) { noise.normals(out); }, Noise{7});
  Batch<T> all_rows(90, 2), rest(40, 2), none(90, 0);
  BrokenRows broken;
  simulated.read(view(all_rows), view(none), broken);
  simulated.rewind();
  simulated.skip(50);
  simulated.read(view(rest), rheo::rows(view(none), 0, 40), broken);
  CHECK((rest == all_rows.bottomRows(40)).all());
}

TEST_CASE("a column of weights goes with the rows of a file") {
  const Folder folder;
  Batch<double> table(600, 4);
  table << targets::moons<double>(600, Noise{1}), targets::moons<double>(600, Noise{5});
  table.col(3) = table.col(3).abs() + 0.1;
  io::write_csv(folder / "a.csv", table, {"x", "y", "t", "w"});
  io::write_npy(folder / "a.npy", table);
  FitOptions options{.epochs = 3, .batch = 64, .noise = Noise{3}};
  auto by_csv = make_model<double>(Given{}, Noise{2}), by_npy = by_csv, by_array = by_csv, plain = by_csv;
  fit(by_csv, io::csv_rows({folder / "a.csv"}, {.context = {"t"}, .weight = "w"}), options);
  fit(by_npy, io::npy_rows({folder / "a.npy"}, {.columns = {"0-1"}, .context = {"2"}, .weight = "3"}), options);
  fit(plain, table.leftCols(2), table.col(2), options);
  for (Index i = 0; i < 600; ++i) options.weights.push_back(table(i, 3));
  fit(by_array, table.leftCols(2), table.col(2), options);
  CHECK((by_csv.parameters() == by_array.parameters()).all());
  CHECK((by_npy.parameters() == by_array.parameters()).all());
  CHECK((plain.parameters() != by_array.parameters()).any());
  CHECK_THAT(message_of([&] { io::csv_rows({folder / "a.csv"}, {.weight = "v"}); }), Contains("no column 'v' among 4"));
  CHECK_THAT(message_of([&] { io::npy_rows({folder / "a.npy"}, {.weight = "2-3"}); }),
             Contains("a.npy: the weight is one column, '2-3' are 2"));
}

TEST_CASE("a fit from files is taken up where it was stopped, and files of other sizes are refused") {
  const Folder folder;
  const Batch<double> x = targets::moons<double>(400, Noise{1});
  Batch<double> table(400, 3);
  table << x, x.col(0) * 2;
  io::write_csv(folder / "a.csv", table, {"x", "y", "t"});
  io::write_npy(folder / "a.npy", table);
  const auto run = [&](auto source, Checkpoint checkpoint, int epochs) {
    auto model = make_model<double>(Given{}, Noise{2});
    const auto go_on = [&](const EpochReport& e) { return e.epoch < epochs; };
    fit(model, std::move(source),
        {.epochs = 4, .batch = 64, .noise = Noise{3}, .callback = go_on, .checkpoint = std::move(checkpoint)},
        {.window = 90});
    return Column<double>(model.parameters());
  };
  const auto csv = [&] { return io::csv_rows({folder / "a.csv"}, {.context = {"t"}}); };
  const auto npy = [&] { return io::npy_rows({folder / "a.npy"}, {.context = {"2"}}); };
  const Column<double> whole = run(csv(), {}, 9);
  CHECK((run(npy(), {}, 9) == whole).all());
  const std::string kept = folder / "fit.ckpt", other = folder / "other.ckpt";
  run(csv(), io::checkpoint(kept, 0), 2);
  run(npy(), io::checkpoint(other, 0), 3);
  CHECK((run(npy(), io::checkpoint(other, 0), 9) == whole).all());
  const std::string rows = io::read_file(folder / "a.csv");
  io::write_file(folder / "a.csv", rows + "1,2,3\n");
  CHECK_THAT(message_of([&] { run(csv(), io::checkpoint(kept), 9); }),
             Contains("source is files of " + std::to_string(rows.size()) + " bytes there and files of " +
                      std::to_string(rows.size() + 6) + " bytes here"));
  io::write_file(folder / "a.csv", rows);
  CHECK((run(csv(), io::checkpoint(kept), 9) == whole).all());
}

}  // namespace io_row_files
