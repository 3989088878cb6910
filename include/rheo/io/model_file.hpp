// SPDX-License-Identifier: MIT
// Model files: a model's parameters and buffers as one safetensors file under their own names, with the flow's type
// beside them.
#pragma once

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rheo/core/narrow.hpp"
#include "rheo/core/type_name.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/io/import/libraries.hpp"
#include "rheo/io/safetensors.hpp"
#include "rheo/platform/compiler.hpp"
#include "rheo/version.hpp"

namespace rheo::io {
namespace detail {

inline std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (std::size_t k = 0; k < shape.size(); ++k) text += (k ? ", " : "") + std::to_string(shape[k]);
  return text + ")";
}

}  // namespace detail

/// What load checks beside names and shapes.
struct LoadOptions {
  bool same_type = true;  ///< compare the flow's type too, if a compiler of one family wrote the file; false: names and
                          ///< shapes alone decide
  bool allow_narrowing =
      false;  ///< F64 numbers into a float model, rounded; one that would become infinite or 0 is refused
  bool plain_context = false;  ///< a file from before models stored the context's means and deviations: contexts are
                               ///< seen as they are, as its flow saw them
  TensorLimits limits{};       ///< by default refuses numbers that are not finite
};

/// Writes every parameter under its name (Model::describe) and shape, and the buffers as one vector "buffers";
/// metadata: format, its version, the library's, the flow's type, and `notes` (any UTF-8).  Whole or not at all (see
/// write_file).  Hyper-parameters that are constructor arguments (bounds, steps, tolerances) are the program's, not the
/// file's.  Throws std::invalid_argument, before anything is written, for a model or notes that load would refuse:
/// numbers that are not finite, buffers that the flow cannot use, more than 16 MiB of notes and names, and a note under
/// one of the names above.
template <class F, class T>
void save(const Model<F, T>& model, const std::string& path, const std::map<std::string, std::string>& notes = {}) {
  static_cast<void>(model.theta());  // throws of a model that has been moved from
  TensorFile file;
  file.metadata = notes;
  const auto state = [&file](const std::string& key, std::string value) {
    if (!file.metadata.emplace(key, std::move(value)).second)
      rheo::detail::fail("the note '" + key + "' is the file's own: choose another name");
  };
  state("format", "rheo");
  state("format_version", "1");
  state("library_version", std::to_string(RHEO_VERSION_MAJOR) + "." + std::to_string(RHEO_VERSION_MINOR) + "." +
                               std::to_string(RHEO_VERSION_PATCH));
  state("flow", type_name<F>());
  state("spelled_by", platform::compiler_family);
  const char* dtype = sizeof(T) == 8 ? "F64" : "F32";
  const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape, const T* p, Index n) {
    Tensor t{name, dtype, std::move(shape), {}, {}};
    for (Index k = 0; k < n; ++k) t.values.push_back(static_cast<double>(p[k]));
    file.tensors.push_back(std::move(t));
  };
  for (const ParamInfo& info : model.describe()) {
    std::vector<std::uint64_t> shape(info.shape.begin(), info.shape.end());
    Index n = 1;
    for (const Index s : info.shape) n *= s;
    add("parameters." + info.name, std::move(shape), model.parameters().data() + info.offset, n);
  }
  const Params<const T> buffers(model.buffers().data(), model.buffers().size());
  if (!rheo::detail::valid_buffers(model.flow(), buffers))
    rheo::detail::fail("the model's buffers hold numbers that its flow cannot use: load would refuse the file");
  if (model.buffers().size() > 0)
    add("buffers", {static_cast<std::uint64_t>(model.buffers().size())}, model.buffers().data(),
        model.buffers().size());
  write_safetensors(path, file);
}

/// Reads parameters and buffers into `model`, which is untouched if anything is wrong.  Throws FileError that names
/// every difference between the file and the model: tensors missing, unexpected, or of another shape or type.
template <class F, class T>
void load_into(Model<F, T>& model, const std::string& path, const LoadOptions& options = {}) {
  static_cast<void>(model.theta());  // throws of a model that has been moved from
  const TensorFile file = read_safetensors(path, options.limits);
  const auto note = [&](const char* key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (note("format") != "rheo") {
    const std::string other = detail::importer_of(file);
    detail::bad_file(path,
                     "is no model of rheo: its metadata lack format = rheo" + (other.empty() ? "" : "; " + other));
  }
  if (note("format_version") != "1")
    detail::bad_file(path, "has format version " + note("format_version") + ", made by a later rheo; this one reads 1");
  std::string faults;
  const auto fault = [&](const std::string& what) { faults += (faults.empty() ? "" : "; ") + what; };
  if (options.same_type && note("spelled_by") == platform::compiler_family && note("flow") != type_name<F>())
    fault("the flow is " + note("flow") + ", the program's is " + type_name<F>());
  Column<T> theta = model.parameters(), buffers = model.buffers();
  std::set<std::string> expected;
  bool narrows = false;
  const auto take = [&](const std::string& name, const std::vector<std::uint64_t>& shape, T* to) {
    expected.insert(name);
    const Tensor* t = file.find(name);
    if (!t) return fault("'" + name + "' is missing");
    if (t->is_integer()) return fault("'" + name + "' holds " + t->dtype);
    if (t->shape != shape)
      return fault("'" + name + "' has shape " + detail::shape_text(t->shape) + ", not " + detail::shape_text(shape));
    if (sizeof(T) < 8 && t->dtype == "F64" && !options.allow_narrowing && !std::exchange(narrows, true)) {
      fault("the file holds F64, the model " + type_name<T>() +
            ": set LoadOptions::allow_narrowing to round the numbers");
    }
    for (std::size_t k = 0; k < t->values.size(); ++k) {
      const double v = t->values[k];
      to[k] = static_cast<T>(v);
      if (rheo::detail::narrowed<T>(v) != rheo::detail::Narrowed::kept && options.allow_narrowing) {
        return fault("'" + name + "' holds " + detail::general(v, 17) + " at index " + std::to_string(k) + ", which " +
                     type_name<T>() + " cannot");
      }
    }
  };
  for (const ParamInfo& info : model.describe()) {
    take("parameters." + info.name, std::vector<std::uint64_t>(info.shape.begin(), info.shape.end()),
         theta.data() + info.offset);
  }
  const Index own =
      buffers.size() - F::Contexts::buffer_count;  // of the layers: all that older files of conditional flows have
  const Tensor* stored = file.find("buffers");
  const bool lacks_context =
      F::context_dim > 0 && (stored ? stored->values.size() : 0) == static_cast<std::size_t>(own);
  if (lacks_context && !options.plain_context) {
    fault(
        "the buffers lack the context's means and deviations: the file is from before models stored them; "
        "LoadOptions::plain_context takes contexts "
        "as they are, as its flow did");
    expected.insert("buffers");
  } else if (lacks_context) {
    if (own > 0) take("buffers", {static_cast<std::uint64_t>(own)}, buffers.data());
    F::Contexts::leave(F::contexts(Params<T>(buffers.data(), buffers.size())), true);
  } else if (buffers.size() > 0) take("buffers", {static_cast<std::uint64_t>(buffers.size())}, buffers.data());
  for (const Tensor& t : file.tensors) {
    if (!expected.count(t.name)) fault("'" + t.name + "' is unexpected");
  }
  if (faults.empty() && !rheo::detail::valid_buffers(model.flow(), Params<const T>(buffers.data(), buffers.size())))
    fault("'buffers' hold numbers that the flow cannot use");
  if (!faults.empty()) detail::bad_file(path, faults);
  model.parameters() = theta;
  model.buffers() = buffers;
}

/// A model of type M (Model<Flow, T>) from a file; `flow` carries hyper-parameters that are constructor arguments.
template <class M> M load(const std::string& path, typename M::FlowType flow = {}, const LoadOptions& options = {}) {
  M model = make_model<typename M::Scalar>(std::move(flow), Noise{});
  load_into(model, path, options);
  return model;
}

}  // namespace rheo::io
