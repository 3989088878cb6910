// SPDX-License-Identifier: MIT
// Checkpoint files: a trainer's state as one safetensors file, the last one whole whenever the program is killed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rheo/io/safetensors.hpp"
#include "rheo/training/checkpoint.hpp"
#include "rheo/version.hpp"

namespace rheo::io {

/// One file that holds the last state.  A kill leaves it whole: the next state is written beside it, flushed to the
/// disk and put in its place (write_file).  What a killed program left beside it, `path`.tmp.<process number>, is
/// removed by the next run.  One run at a time for a file: one that finds another's state there keeps no more of its
/// own, and its result's checkpoint_error says so.
class CheckpointFile final : public CheckpointStore {
 public:
  /// The file need not be there yet.
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}
  std::string name() const override { return path_; }

  /// Throws FileError, with the file's name, for a file that is no checkpoint or is damaged, and for one that could not
  /// be written.
  bool load(TrainerState& to) override {
    kept_ = platform::file_stamp(path_);
    platform::remove_temporaries(path_);
    check_writable(path_);
    platform::InputFile there;
    if (const std::string reason = there.open(path_); there.missing()) return false;
    else detail::good_file(path_, reason);
    TensorFile file = read_safetensors(path_, limits());
    const auto note = [&](const char* key) {
      const auto found = file.metadata.find(key);
      return found == file.metadata.end() ? std::string() : found->second;
    };
    if (note("format") != "rheo checkpoint")
      detail::bad_file(path_, "is no checkpoint of rheo: its metadata lack format = rheo checkpoint");
    if (note("format_version") != "1")
      detail::bad_file(path_,
                       "has format version " + note("format_version") + ", made by a later rheo; this one reads 1");
    for (const auto& [key, value] : file.metadata) {
      if (key.substr(0, fact.size()) == fact) to.facts.emplace_back(key.substr(fact.size()), value);
    }
    for (Tensor& t : file.tensors) {
      if (t.shape.size() != 1 || (t.dtype != "F64" && t.dtype != "F32" && t.dtype != "I64"))
        detail::bad_file(path_, "tensor '" + t.name + "' is none that a checkpoint has");
      to.arrays.push_back(
          {t.name, t.is_integer(), t.dtype == "F32" ? 4 : 8, std::move(t.values), std::move(t.integers)});
    }
    if (note("checksum") != checksum(to))
      detail::bad_file(path_, "is damaged: its checksum is " + checksum(to) + ", it says " + note("checksum"));
    return true;
  }
  std::string save(const TrainerState& state) override {
    const std::uint64_t there = platform::file_stamp(path_);
    if (kept_ && there != 0 && there != *kept_)
      return path_ + ": another run has kept its state there since, and this one leaves it";
    TensorFile file;
    file.metadata = {{"format", "rheo checkpoint"},
                     {"format_version", "1"},
                     {"library_version", std::to_string(RHEO_VERSION_MAJOR) + "." + std::to_string(RHEO_VERSION_MINOR) +
                                             "." + std::to_string(RHEO_VERSION_PATCH)},
                     {"checksum", checksum(state)}};
    for (const auto& [name, what] : state.facts) file.metadata.emplace(std::string(fact) + name, what);
    for (const auto& a : state.arrays) {
      const std::size_t n = a.integer ? a.integers.size() : a.numbers.size();
      file.tensors.push_back({a.name,
                              a.integer      ? "I64"
                              : a.bytes == 4 ? "F32"
                                             : "F64",
                              {static_cast<std::uint64_t>(n)},
                              a.numbers,
                              a.integers});
    }
    const std::string reason = platform::replace_file(path_, format_safetensors(file, limits()));
    if (kept_ && reason.empty()) kept_ = platform::file_stamp(path_);
    return reason.empty() ? "" : path_ + ": " + reason;
  }

 private:
  static constexpr std::string_view fact = "run.";
  /// A state may hold infinities, and is as large as its model.
  static TensorLimits limits() {
    TensorLimits l;
    l.file_bytes = ~std::uint64_t(0) / 2;
    l.finite = false;
    return l;
  }
  /// Of all numbers, whatever their order in the file; the sum of the hashes of its arrays and facts.
  static std::string checksum(const TrainerState& state) {
    std::uint64_t sum = 0;
    for (const auto& [name, what] : state.facts) {
      rheo::detail::BitHash h;
      h.add(name);
      h.add(what);
      sum += h.value();
    }
    for (const auto& a : state.arrays) {
      rheo::detail::BitHash h;
      h.add(a.name);
      for (const double x : a.numbers) h.add(x);
      for (const std::int64_t i : a.integers) h.add(static_cast<std::uint64_t>(i));
      sum += h.value();
    }
    rheo::detail::BitHash all;
    all.add(sum);
    return all.text();
  }

  std::string path_;
  std::optional<std::uint64_t> kept_;  // the file that load() found, or save() put there
};

/// For FitOptions::checkpoint and EnergyFitOptions::checkpoint: fit(model, data, {.checkpoint =
/// io::checkpoint("fit.ckpt")}).  A run that finds its own state at `path` goes on from it, to the same bits as one
/// that was never stopped; `every_seconds` from one state to the next, 0: before every step.  See Checkpoint
/// (rheo/training/checkpoint.hpp) for what is refused, and what becomes of the file at the end.
inline Checkpoint checkpoint(std::string path, double every_seconds = 60) {
  return {std::make_shared<CheckpointFile>(std::move(path)), every_seconds};
}

}  // namespace rheo::io
