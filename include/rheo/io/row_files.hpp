// SPDX-License-Identifier: MIT
// csv_rows, npy_rows: files as sources of rows for a fit, read a block at a time, so that they may be larger than
// memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rheo/io/csv_records.hpp"
#include "rheo/io/line_reader.hpp"
#include "rheo/io/npy.hpp"
#include "rheo/training/row_source.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// Which columns of the files are read, by name or 0-based number or range ("2-5"), in the order wanted; an .npy file's
/// are called x0, x1, ...
struct RowFileOptions {
  std::vector<std::string> columns{};  ///< the data; none: all but those of the context and the weight
  std::vector<std::string> context{};  ///< none: no context
  std::string weight{};                ///< the column of the rows' weights (FitOptions::weights); empty: none
  char delimiter = 0;                  ///< of a CSV: see CsvOptions
  CsvOptions::Header header = CsvOptions::Header::guess;  ///< whether the first row of a file holds names
};

namespace detail {

/// The places of the wanted columns, the weight's behind the context's; FileError where the first file is short of one,
/// or another file has not as many.
struct RowColumns {
  std::vector<std::size_t> x, context;

  void find(const RowFileOptions& o, const std::vector<std::string>& names, const std::string& name) {
    RowColumns now;
    if (!o.context.empty()) good_file(name, csv_columns(o.context, names, now.context));
    if (!o.weight.empty()) {
      std::vector<std::size_t> place;
      good_file(name, csv_columns({o.weight}, names, place));
      if (place.size() != 1)
        bad_file(name, "the weight is one column, '" + o.weight + "' are " + std::to_string(place.size()));
      now.context.push_back(place[0]);
    }
    good_file(name, csv_columns(o.columns, names, now.x));
    if (o.columns.empty())
      std::erase_if(now.x, [&](std::size_t k) {
        return std::find(now.context.begin(), now.context.end(), k) != now.context.end();
      });
    if (now.x.empty()) bad_file(name, "no column is left for the data");
    if (!x.empty() && (now.x.size() != x.size() || now.context.size() != context.size())) {
      bad_file(name, "has " + std::to_string(now.x.size()) + " columns of data and " +
                         std::to_string(now.context.size()) + " of context, the first file " +
                         std::to_string(x.size()) + " and " + std::to_string(context.size()));
    }
    *this = std::move(now);
  }
};

/// Several files, one behind another.  Constructors open them all: what is wrong with any of them as a whole is found
/// then, and not in the night.
template <class T> class RowFiles : public RowSource<T> {
 public:
  RowFiles(std::vector<std::string> paths, RowFileOptions options)
      : paths_(std::move(paths)), options_(std::move(options)) {
    if (paths_.empty()) rheo::detail::fail<FileError>("a source of rows wants at least one file");
  }
  Index x_dim() const final { return static_cast<Index>(columns_.x.size()); }
  Index context_dim() const final { return static_cast<Index>(columns_.context.size()); }
  bool weighted() const final { return !options_.weight.empty(); }
  std::string told_by() const final {
    std::string text = "files of";
    for (const std::uint64_t bytes : sizes_) text += " " + std::to_string(bytes);
    return text + " bytes";
  }
  Index read(View<T> x, View<T> context, BrokenRows& broken) final {
    for (;; open(++file_)) {
      if (const Index n = read_block(x, context, broken); n > 0) return n;
      if (file_ + 1 == paths_.size()) return 0;
    }
  }
  void rewind() final { open(file_ = 0); }

 protected:
  virtual void open(std::size_t file) = 0;
  /// Of the open file; 0 at its end.
  virtual Index read_block(View<T> x, View<T> context, BrokenRows& broken) = 0;
  /// Called by open: a file that is written to between two passes has other rows in the next.
  void keeps_size(std::size_t file, std::uint64_t bytes) {
    if (file == sizes_.size()) sizes_.push_back(bytes);
    if (sizes_[file] != bytes) {
      bad_file(paths_[file], "has " + std::to_string(bytes) + " bytes, and had " + std::to_string(sizes_[file]) +
                                 " before: it was changed while it was read");
    }
  }

  std::vector<std::string> paths_;
  RowFileOptions options_;
  RowColumns columns_;
  std::size_t file_ = 0;

 private:
  std::vector<std::uint64_t> sizes_;
};

template <class T> class CsvRows final : public RowFiles<T> {
 public:
  CsvRows(std::vector<std::string> paths, RowFileOptions options) : RowFiles<T>(std::move(paths), std::move(options)) {
    for (std::size_t k = 0; k < this->paths_.size(); ++k) open(k);
    this->rewind();
  }
  std::string where(Index i) const override {
    return lines_->path() + ":" + std::to_string(numbers_[static_cast<std::size_t>(i)]);
  }

 private:
  void open(std::size_t file) override {
    const std::string& path = this->paths_[file];
    lines_ = std::make_unique<LineReader>(path);
    this->keeps_size(file, lines_->size());
    const char stated = csv_stated_delimiter(lines_->ahead()),
               given = this->options_.delimiter ? this->options_.delimiter : stated;
    delimiter_ = given ? given : csv_delimiter(lines_->ahead());
    if (csv_never_parts.find(delimiter_) != std::string_view::npos)
      rheo::detail::fail("this character cannot part the fields of a table");
    std::string_view line;
    if (stated) lines_->next(line);
    do {
      if (!lines_->next(line)) bad_file(path + ":1:1", "no rows");
    } while (!scan(line));
    if (!fault_.reason.empty()) csv_error(path, fault_.at, fault_.reason);
    width_ = row_.size();
    std::vector<std::string> wanted = this->options_.columns;
    if (!wanted.empty()) wanted.insert(wanted.end(), this->options_.context.begin(), this->options_.context.end());
    if (!wanted.empty() && this->weighted()) wanted.push_back(this->options_.weight);
    CsvLayout layout(row_, wanted, this->options_.header, delimiter_ == ';', path);
    this->columns_.find(this->options_, layout.names, path);
    names_ = std::move(layout.names);
    first_ = layout.header ? "" : std::string(line);
    mark_ = {};
  }
  Index read_block(View<T> x, View<T> context, BrokenRows& broken) override {
    numbers_.clear();
    std::string_view line;
    for (Index n = 0;;) {
      if (n == x.rows()) return n;
      const std::string first = std::exchange(first_, "");  // was read to see whether it is a header
      if (!first.empty()) line = first;
      else if (!lines_->next(line)) return n;
      if (!scan(line)) continue;
      if (fault_.reason.empty()) fault_ = take(x, context, n);
      if (fault_.reason.empty()) {
        numbers_.push_back(lines_->number());
        ++n;
      } else {
        broken.add(lines_->path() + ":" + std::to_string(fault_.at.line) + ":" + std::to_string(fault_.at.column) +
                   ": " + fault_.reason);
      }
    }
  }
  /// The fields of a line into row_, or what is wrong with it into fault_; false for lines without fields.
  bool scan(std::string_view line) {
    fault_ = {};
    CsvScanner scanner(line, lines_->path(), delimiter_, lines_->number());
    scanner.to(&fault_);
    return scanner.next(row_);
  }
  CsvFault take(View<T> x, View<T> context, Index i) {
    if (CsvFault f = csv_width_fault(row_, width_); !f.reason.empty()) return f;
    for (std::size_t j = 0; j < this->columns_.x.size(); ++j) {
      if (CsvFault f = number(this->columns_.x[j], x(i, static_cast<Index>(j))); !f.reason.empty()) return f;
    }
    for (std::size_t j = 0; j < this->columns_.context.size(); ++j) {
      if (CsvFault f = number(this->columns_.context[j], context(i, static_cast<Index>(j))); !f.reason.empty())
        return f;
    }
    return {};
  }
  CsvFault number(std::size_t place, T& to) {
    const CsvField& field = row_[place];
    const bool comma = delimiter_ == ';';
    const CsvNumber x = csv_number(field.text, comma);
    if (x.kind == CsvKind::missing)
      return {field, "a number of column " + shown(names_[place]) + " is missing or not finite"};
    if (x.kind != CsvKind::number) return {field, shown(field.text) + " " + x.reason};
    if (comma) {
      if (std::string fault = mark_.fault(field); !fault.empty()) return {field, std::move(fault)};
    }
    to = static_cast<T>(x.value);
    return {};
  }

  std::unique_ptr<LineReader> lines_;
  char delimiter_ = ',';
  CsvMark mark_;
  std::size_t width_ = 0;
  std::vector<std::string> names_;
  std::string first_;
  std::vector<CsvField> row_;
  CsvFault fault_;
  std::vector<std::size_t> numbers_;  // the lines of the block's rows
};

template <class T> class NpyRows final : public RowFiles<T> {
 public:
  NpyRows(std::vector<std::string> paths, RowFileOptions options) : RowFiles<T>(std::move(paths), std::move(options)) {
    for (std::size_t k = 0; k < this->paths_.size(); ++k) {
      open(k);
      rows_ += have_;
    }
    this->rewind();
  }
  Index rows() const override { return rows_; }
  bool skip(Index n) override {
    for (;; open(++this->file_)) {
      const Index here = std::min(n, have_ - end_);
      n -= here;
      end_ += here;
      if (n == 0 || this->file_ + 1 == this->paths_.size()) break;
    }
    const std::uint64_t row = layout_.cols * layout_.size;
    reader_->seek(layout_.begin + static_cast<std::uint64_t>(end_) * row);
    return true;
  }
  std::string where(Index i) const override {
    return this->paths_[this->file_] + ": row " + std::to_string(begin_ + i);
  }
  void check(BrokenRows& broken) override {
    for (std::size_t k = 0; k < this->paths_.size(); ++k) {
      open(k);
      const Index told = static_cast<Index>(layout_.rows);
      if (have_ == told) continue;
      broken.add(this->paths_[k] + ": row " + std::to_string(have_) +
                     ": the file ends here: " + layout_.other_size(reader_->size() - layout_.begin),
                 told - have_);
    }
    this->rewind();
  }

 private:
  void open(std::size_t file) override {
    const std::string& path = this->paths_[file];
    reader_ = std::make_unique<FileReader>(path);
    if (!reader_->regular()) bad_file(path, "is no regular file: its rows cannot be read again");
    this->keeps_size(file, reader_->size());
    bytes_.resize(npy_header_most);
    bytes_.resize(reader_->read(bytes_.data(), bytes_.size()));
    layout_ = npy_layout(bytes_, path);
    if (layout_.fortran_order && layout_.cols > 1 && layout_.rows > 1) {
      bad_file(path,
               "lies in memory column by column (fortran_order): rows are read from files that lie row by row, as "
               "numpy.ascontiguousarray makes them");
    }
    const std::uint64_t there = reader_->size() - layout_.begin, row = layout_.cols * layout_.size;
    if (there > layout_.bytes()) bad_file(path, layout_.other_size(there));
    have_ = row == 0 ? 0 : static_cast<Index>(std::min<std::uint64_t>(layout_.rows, there / row));
    reader_ = std::make_unique<FileReader>(path);
    if (reader_->read(bytes_.data(), layout_.begin) < layout_.begin) bad_file(path, "ends within the header");
    std::vector<std::string> names;
    for (std::uint64_t k = 0; k < layout_.cols; ++k) names.push_back("x" + std::to_string(k));
    this->columns_.find(this->options_, names, path);
    begin_ = end_ = 0;
  }
  Index read_block(View<T> x, View<T> context, BrokenRows&) override {
    begin_ = end_;
    const Index n = std::min(x.rows(), have_ - begin_);
    const std::size_t row = static_cast<std::size_t>(layout_.cols) * layout_.size,
                      want = row * static_cast<std::size_t>(n);
    if (bytes_.size() < want) bytes_.resize(want);
    if (reader_->read(bytes_.data(), want) < want) bad_file(where(0), "the file has become shorter while it was read");
    npy_type(layout_.type, [&]<class U>(U) {
      if (layout_.big) put<U, true>(x, context, n, row);
      else put<U, false>(x, context, n, row);
    });
    end_ = begin_ + n;
    return n;
  }
  template <class U, bool Big> void put(View<T> x, View<T> context, Index n, std::size_t row) const {
    const auto columns = [&](const std::vector<std::size_t>& places, View<T> to) {
      for (std::size_t j = 0; j < places.size(); ++j) {
        const char* from = bytes_.data() + places[j] * sizeof(U);
        for (Index i = 0; i < n; ++i, from += row)
          to(i, static_cast<Index>(j)) = static_cast<T>(npy_value<U, Big>(from, this->paths_[this->file_]));
      }
    };
    columns(this->columns_.x, x);
    columns(this->columns_.context, context);
  }

  std::unique_ptr<FileReader> reader_;
  NpyLayout layout_{};
  std::string bytes_;
  Index rows_ = 0, have_ = 0, begin_ = 0, end_ = 0;  // of all files, of this one, of the block
};

}  // namespace detail

/// The rows of text files, one file behind another: fit(model, io::csv_rows({"a.csv", "b.csv"}, {.columns = {"x",
/// "y"}}), {.epochs = 3}). What read_csv reads, but for UTF-16 and for quoted fields that go over a line's end: a line
/// is a row.  Each file may have a header of its own, and its columns in another order.  Holds one MiB and the longest
/// line, 16 MiB at most.  A line that has not as many fields as its file's first, or no finite number in a wanted
/// column, is a broken row, "name:line:column: reason".  Throws FileError for files that cannot be opened and for
/// columns that are not there, at once and of every file.
template <class T = double> detail::CsvRows<T> csv_rows(std::vector<std::string> paths, RowFileOptions options = {}) {
  return {std::move(paths), std::move(options)};
}

/// The rows of .npy files (n, d) or (n,), of every type that read_npy reads, row by row (C's order); the others are
/// refused.  They are read a block at a time and not mapped into memory: of 128 MB at hand both ways
/// take the same tenth of a second, and a map of a file that is cut meanwhile ends the program by a signal.  Rows that
/// the header tells and a cut file has not are broken, found before the first step; NaN and infinities are broken rows
/// as they are met. Throws FileError as parse_npy does, at once and of every file; for an integer without a double when
/// its block is read.
template <class T = double> detail::NpyRows<T> npy_rows(std::vector<std::string> paths, RowFileOptions options = {}) {
  return {std::move(paths), std::move(options)};
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
