// SPDX-License-Identifier: MIT
// safetensors files: named tensors behind a JSON header, read strictly within limits
// (https://github.com/huggingface/safetensors).
#pragma once

#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/json.hpp"
#include "rheo/io/text.hpp"

namespace rheo::io {

/// A named array, row-major.  F64, F32, F16 and BF16 keep their numbers in `values`, widened exactly; I64, I32 and BOOL
/// keep theirs in `integers`, exactly; the other vector is empty.  Rank 0 (no shape, one number) and lengths of 0 are
/// fine.
struct Tensor {
  std::string name;
  std::string dtype = "F64";           ///< as the file says it
  std::vector<std::uint64_t> shape;    ///< row-major; {} for a scalar
  std::vector<double> values;          ///< of float types
  std::vector<std::int64_t> integers;  ///< of the others

  /// Whether `integers` holds the numbers, not `values`.
  bool is_integer() const { return dtype == "I64" || dtype == "I32" || dtype == "BOOL"; }
};

/// A tensor of an Eigen expression of float (F32) or double (F64): rank 1 for vectors, 2 for everything else.
template <class D> Tensor to_tensor(std::string name, const Eigen::DenseBase<D>& x) {
  using T = typename D::Scalar;
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float>, "rheo: tensors are made from float or double");
  Tensor t{std::move(name), sizeof(T) == 8 ? "F64" : "F32", {}, {}, {}};
  if (!D::IsVectorAtCompileTime || D::ColsAtCompileTime == 1) t.shape.push_back(static_cast<std::uint64_t>(x.rows()));
  if (!D::IsVectorAtCompileTime || D::ColsAtCompileTime != 1) t.shape.push_back(static_cast<std::uint64_t>(x.cols()));
  const Batch<T> v = Input<T>(x).view();
  for (Index k = 0; k < v.size(); ++k) t.values.push_back(static_cast<double>(v(k / v.cols(), k % v.cols())));
  return t;
}

/// The numbers of a float tensor: (r, c) gives r x c, (n) gives n x 1, () gives 1 x 1.  Other ranks and integers are
/// std::invalid_argument.
inline Batch<double> to_batch(const Tensor& t) {
  if (t.shape.size() > 2 || t.is_integer())
    rheo::detail::fail("tensor '" + t.name + "' is no float array of at most 2 dimensions");
  using RowMajor = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto length = [&](std::size_t k) { return k < t.shape.size() ? static_cast<Index>(t.shape[k]) : Index(1); };
  return Eigen::Map<const RowMajor>(t.values.data(), length(0), length(1));
}

/// What a file of tensors holds.
struct TensorFile {
  std::vector<Tensor> tensors;                  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< any text; structure goes in as JSON text

  /// The tensor of this name, or nullptr.
  const Tensor* find(std::string_view name) const {
    for (const Tensor& t : tensors) {
      if (t.name == name) return &t;
    }
    return nullptr;
  }
};

/// What a reader accepts, and a writer writes.
struct TensorLimits {
  std::uint64_t file_bytes = std::uint64_t(1) << 34;    ///< of the whole file
  std::uint64_t header_bytes = std::uint64_t(1) << 24;  ///< also bounds the metadata
  std::size_t tensors = 65536;                          ///< how many
  std::size_t rank = 8;                                 ///< dimensions of one
  std::size_t name_bytes = 512;                         ///< of one name
  bool finite = true;                                   ///< refuse NaN and infinities in the numbers
};

namespace detail {

/// Bytes of one number, 0 for types that are not read; `rank` orders them in a written file as the reference writer
/// does.
struct Dtype {
  std::uint64_t bytes;
  int rank;
};
inline Dtype dtype_of(std::string_view name) {
  constexpr std::string_view names[] = {"BOOL", "F16", "BF16", "I32", "F32", "F64", "I64"};
  constexpr std::uint64_t bytes[] = {1, 2, 2, 4, 4, 8, 8};
  for (int k = 0; k < 7; ++k) {
    if (names[k] == name) return {bytes[k], k};
  }
  return {0, 0};
}

/// n *= by; false, and n as it was, if that passes 2^64 - 1.
inline bool multiply(std::uint64_t& n, std::uint64_t by) {
  if (by != 0 && n > ~std::uint64_t(0) / by) return false;
  n *= by;
  return true;
}
/// The number of elements of a shape; false if it, or any product on the way, passes 2^64 - 1.
inline bool count_of(const std::vector<std::uint64_t>& shape, std::uint64_t& n) {
  n = 1;
  for (const std::uint64_t s : shape) {
    if (!multiply(n, s)) return false;
  }
  return true;
}

/// Why this is no name for a tensor, or an empty string.
inline std::string name_fault(std::string_view name, std::size_t max_bytes) {
  if (name == "__metadata__") return "the name __metadata__ is taken";
  if (name.size() > max_bytes) return "the name is longer than " + std::to_string(max_bytes) + " bytes";
  if (!is_utf8(name)) return "the name is not UTF-8";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "the name holds a control character";
  }
  return "";
}

struct TensorEntry {
  Tensor tensor;
  std::uint64_t begin = 0, end = 0;
};

inline TensorEntry tensor_entry(JsonCursor& json, std::string name, const TensorLimits& limits) {
  TensorEntry e;
  bool dtype = false, shape = false, offsets = false;
  json.expect('{');
  for (bool first = true; json.more('}', first); first = false) {
    const std::string key = json.string(64);
    json.expect(':');
    bool& seen = key == "dtype" ? dtype : key == "shape" ? shape : offsets;
    if (key != "dtype" && key != "shape" && key != "data_offsets")
      json.refuse("tensor '" + name + "' has an unknown field '" + key + "'");
    if (std::exchange(seen, true)) json.refuse("tensor '" + name + "' has two fields '" + key + "'");
    if (&seen == &dtype) {
      e.tensor.dtype = json.string(64);
      if (dtype_of(e.tensor.dtype).bytes == 0)
        json.refuse("tensor '" + name + "' has type " + e.tensor.dtype + ", which is not read");
    } else if (&seen == &shape) {
      json.expect('[');
      for (bool f = true; json.more(']', f); f = false) {
        if (e.tensor.shape.size() == limits.rank)
          json.refuse("tensor '" + name + "' has more than " + std::to_string(limits.rank) + " dimensions");
        e.tensor.shape.push_back(json.integer());
      }
    } else {
      json.expect('[');
      e.begin = json.integer();
      json.expect(',');
      e.end = json.integer();
      json.expect(']');
    }
  }
  if (!dtype || !shape || !offsets) json.refuse("tensor '" + name + "' lacks one of dtype, shape, data_offsets");
  std::uint64_t n = 0;
  if (!count_of(e.tensor.shape, n) || !multiply(n, dtype_of(e.tensor.dtype).bytes))
    json.refuse("the shape of tensor '" + name + "' overflows");
  if (e.end < e.begin || e.end - e.begin != n)
    json.refuse("the shape of tensor '" + name + "' needs " + std::to_string(n) + " bytes, its data_offsets differ");
  e.tensor.name = std::move(name);
  return e;
}

/// The tensors of a header in the order of their bytes, which must fill `data_bytes` exactly.
inline std::vector<TensorEntry> tensor_header(std::string_view text, std::uint64_t data_bytes, const std::string& file,
                                              const TensorLimits& limits,
                                              std::map<std::string, std::string>& metadata) {
  JsonCursor json(text, file, 8);
  if (text.substr(0, 1) != "{") json.refuse("the header must begin with '{'");
  std::vector<TensorEntry> entries;
  std::set<std::string> names;
  json.expect('{');
  for (bool first = true; json.more('}', first); first = false) {
    std::string name = json.string(std::max<std::size_t>(limits.name_bytes, 12));
    json.expect(':');
    if (const std::string fault = name_fault(name, limits.name_bytes); name != "__metadata__" && !fault.empty())
      json.refuse(fault);
    if (!names.insert(name).second) json.refuse("the name '" + name + "' comes twice");
    if (name == "__metadata__") {
      json.expect('{');
      for (bool f = true; json.more('}', f); f = false) {
        std::string key = json.string(text.size());
        json.expect(':');
        std::string value = json.string(text.size());
        if (!metadata.emplace(std::move(key), std::move(value)).second)
          json.refuse("a key of __metadata__ comes twice");
      }
      continue;
    }
    if (entries.size() == limits.tensors) json.refuse("more than " + std::to_string(limits.tensors) + " tensors");
    entries.push_back(tensor_entry(json, std::move(name), limits));
  }
  json.end();
  std::sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
    return std::tie(a.begin, a.end, a.tensor.name) < std::tie(b.begin, b.end, b.tensor.name);
  });
  std::uint64_t at = 0;
  for (const TensorEntry& e : entries) {
    if (e.begin != at)
      bad_file(file, "tensor '" + e.tensor.name + "' begins at byte " + std::to_string(e.begin) +
                         " of the data, the one before ends at " + std::to_string(at));
    at = e.end;
  }
  if (at != data_bytes)
    bad_file(file, "the tensors have " + std::to_string(at) + " bytes, the file has " + std::to_string(data_bytes) +
                       " after its header");
  return entries;
}

inline void decode_tensor(std::string_view bytes, Tensor& t, const std::string& file, bool finite) {
  const auto size = static_cast<std::size_t>(dtype_of(t.dtype).bytes), n = bytes.size() / size;
  const auto give_up = [&](std::size_t i, const char* what) {
    bad_file(file, "tensor '" + t.name + "' holds " + what + " at index " + std::to_string(i));
  };
  const bool integer = t.is_integer(), is_half = t.dtype == "F16", is_bfloat = t.dtype == "BF16";
  if (integer) t.integers.resize(n);
  if (!integer) t.values.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const char* p = bytes.data() + i * size;
    if (integer) {
      t.integers[i] = size == 8 ? load<std::int64_t>(p) : size == 4 ? load<std::int32_t>(p) : load<std::uint8_t>(p);
      if (size == 1 && t.integers[i] > 1) give_up(i, "a BOOL that is neither 0 nor 1");
      continue;
    }
    if (is_half) {
      t.values[i] = from_half(load<std::uint16_t>(p));
    } else if (is_bfloat) {
      t.values[i] = static_cast<double>(platform::bit_cast<float>(std::uint32_t(load<std::uint16_t>(p)) << 16));
    } else {
      t.values[i] = size == 8 ? load<double>(p) : static_cast<double>(load<float>(p));
    }
    if (finite && !std::isfinite(t.values[i])) give_up(i, "a number that is not finite");
  }
}

/// Reads through `take(n)`, a view of the next n of `size` bytes that lives until the next call.
template <class Take>
TensorFile read_tensors(Take&& take, std::uint64_t size, const std::string& file, const TensorLimits& limits) {
  if (size < 8) bad_file(file, "is no safetensors file: it has " + std::to_string(size) + " bytes");
  if (size > limits.file_bytes)
    bad_file(file, "holds more than the " + std::to_string(limits.file_bytes) + " bytes allowed");
  const std::string_view head = take(8);
  const auto n = load<std::uint64_t>(head.data());
  if (n > size - 8 && head.substr(0, 4) == "PK\x03\x04") {
    bad_file(file,
             "is a zip archive, as torch.save writes, and no safetensors file: safetensors.torch.save_file makes one "
             "of a state dict");
  }
  if (n > size - 8) bad_file(file, "the header has " + std::to_string(n) + " bytes, the file " + std::to_string(size));
  if (n > limits.header_bytes)
    bad_file(file,
             "the header has " + std::to_string(n) + " bytes, " + std::to_string(limits.header_bytes) + " are allowed");
  TensorFile out;
  auto entries = tensor_header(take(static_cast<std::size_t>(n)), size - 8 - n, file, limits, out.metadata);
  for (TensorEntry& e : entries) {
    decode_tensor(take(static_cast<std::size_t>(e.end - e.begin)), e.tensor, file, limits.finite);
    out.tensors.push_back(std::move(e.tensor));
  }
  return out;
}

}  // namespace detail

/// The tensors in `bytes`; `name` stands for them in errors.  Beyond the format's own rules (offsets without holes or
/// overlaps that fill the file, no key twice, UTF-8) refuses what `limits` says, unknown fields and types, and names
/// with control characters.  FileError, "name: reason" or "name: byte N: reason".  Allocates no number before the whole
/// header has passed, and then at most 8 bytes for each of the file's.
inline TensorFile parse_safetensors(std::string_view bytes, const std::string& name, const TensorLimits& limits = {}) {
  auto take = [rest = bytes](std::size_t n) mutable {
    const auto head = rest.substr(0, n);
    rest.remove_prefix(n);
    return head;
  };
  return detail::read_tensors(take, bytes.size(), name, limits);
}

/// parse_safetensors of a regular file, read tensor by tensor.
inline TensorFile read_safetensors(const std::string& path, const TensorLimits& limits = {}) {
  detail::FileReader file(path);
  if (!file.regular()) detail::bad_file(path, "is no regular file");
  auto take = [&file, room = std::string()](std::size_t n) mutable -> std::string_view {
    room.resize(n);
    if (file.read(room.data(), n) != n) detail::bad_file(file.path(), "became shorter while it was read");
    return room;
  };
  TensorFile out = detail::read_tensors(take, file.size(), path, limits);
  char extra;
  if (file.read(&extra, 1) != 0) detail::bad_file(path, "became longer while it was read");
  return out;
}

/// The bytes of a file: types F64 F32 I64 I32 BOOL, sorted as the reference writer sorts (type, then name), header
/// padded to a multiple of 8, so equal tensors and metadata give equal bytes.  F32 rounds `values` to float.  Throws
/// std::invalid_argument for all that a reader with the same limits would refuse, names given twice, sizes that differ
/// from the shape, and numbers that their type cannot hold.
inline std::string format_safetensors(const TensorFile& file, const TensorLimits& limits = {}) {
  using namespace detail;
  std::vector<const Tensor*> sorted;
  for (const Tensor& t : file.tensors) sorted.push_back(&t);
  std::sort(sorted.begin(), sorted.end(), [](const Tensor* a, const Tensor* b) {
    const int ra = dtype_of(a->dtype).rank, rb = dtype_of(b->dtype).rank;
    return ra != rb ? ra > rb : a->name < b->name;
  });
  const auto at_most = [](std::uint64_t n, std::uint64_t limit, const char* what) {
    if (n > limit)
      rheo::detail::fail("the file cannot be written: it has " + std::to_string(n) + what + ", a reader allows " +
                         std::to_string(limit));
  };
  at_most(sorted.size(), limits.tensors, " tensors");
  std::string header = "{", data;
  const auto comma = [&] { return header.size() > 1 && header.back() != '{' ? "," : ""; };
  if (!file.metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : file.metadata) {
      if (!is_utf8(key) || !is_utf8(value)) rheo::detail::fail("the metadata '" + key + "' is not UTF-8");
      header += comma() + json_escape(key) + ":" + json_escape(value);
    }
    header += "}";
  }
  std::set<std::string_view> names;
  for (const Tensor* t : sorted) {
    const auto refuse = [&](const std::string& why) {
      rheo::detail::fail("tensor '" + t->name + "' cannot be written: " + why);
    };
    if (const std::string fault = name_fault(t->name, limits.name_bytes); !fault.empty()) refuse(fault);
    if (!names.insert(t->name).second) refuse("the name is given twice");
    const auto size = dtype_of(t->dtype).bytes;
    if (size == 0 || size == 2) refuse("type " + t->dtype);
    std::uint64_t n = 0;
    const std::size_t have = t->is_integer() ? t->integers.size() : t->values.size(),
                      other = t->integers.size() + t->values.size() - have;
    if (t->shape.size() > limits.rank) refuse("more than " + std::to_string(limits.rank) + " dimensions");
    if (!count_of(t->shape, n) || n != have || other != 0) refuse("the shape does not fit the numbers");
    const auto begin = data.size();
    for (const double& v : t->values) {
      if (limits.finite && !std::isfinite(v)) {
        refuse("it holds a number that is not finite at index " + std::to_string(&v - t->values.data()));
      }
      if (size == 8) store(data, v);
      if (size == 4 && std::isfinite(v) && !std::isfinite(static_cast<float>(v))) refuse("a number too large for F32");
      if (size == 4) store(data, static_cast<float>(v));
    }
    for (const std::int64_t v : t->integers) {
      if ((size == 4 && v != static_cast<std::int32_t>(v)) || (size == 1 && (v < 0 || v > 1)))
        refuse("an integer that " + t->dtype + " cannot hold");
      if (size == 8) store(data, v);
      if (size == 4) store(data, static_cast<std::int32_t>(v));
      if (size == 1) store(data, static_cast<std::uint8_t>(v));
    }
    header += comma() + json_escape(t->name) + ":{\"dtype\":\"" + t->dtype + "\",\"shape\":[";
    for (std::size_t k = 0; k < t->shape.size(); ++k) header += (k ? "," : "") + std::to_string(t->shape[k]);
    header += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  at_most(header.size(), limits.header_bytes, " bytes of names and metadata");
  at_most(8 + header.size() + data.size(), limits.file_bytes, " bytes");
  std::string out;
  out.reserve(8 + header.size() + data.size());
  store(out, static_cast<std::uint64_t>(header.size()));
  return out.append(header).append(data);
}

/// format_safetensors into a file, whole or not at all (see write_file).
inline void write_safetensors(const std::string& path, const TensorFile& file, const TensorLimits& limits = {}) {
  write_file(path, format_safetensors(file, limits));
}

}  // namespace rheo::io
