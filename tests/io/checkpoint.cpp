// SPDX-License-Identifier: MIT
// Checkpoint files: what is read is what was written, damage is told, a fit goes on from its file, and a lost folder or
// a full disk loses nothing.
#include "rheo/io/checkpoint.hpp"

#include <fstream>

#include "banana.hpp"
#include "catch.hpp"
#include "damage.hpp"
#include "folder.hpp"
#include "kept_in_memory.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/io/model_file.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace io_checkpoint {
using namespace rheo;
using Catch::Contains;
using rheo_test::banana;
using rheo_test::Folder;
using rheo_test::same_bits;
namespace fs = std::filesystem;

namespace {
using Normal = Flow<Standardize<2>, FullNormal<2>>;

TrainerState state() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  TrainerState s;
  s.facts = {{"flow", "Flow<A, \"B\">"}, {"epochs", "3"}};
  s.arrays.push_back({"z", false, 8, {1.0 / 3, -0.0, infinity, -infinity, std::nan(""), 4.9e-324}, {}});
  s.arrays.push_back({"a", false, 4, {static_cast<double>(1.1f), infinity}, {}});
  s.arrays.push_back({"n", true, 8, {}, {std::numeric_limits<std::int64_t>::min(), 7}});
  s.arrays.push_back({"empty", true, 8, {}, {}});
  return s;
}
/// FitResult and parameters of a fit with these options.
struct Run {
  Column<float> parameters;
  FitResult result;
};
Run fitted(Checkpoint checkpoint, std::function<bool(const EpochReport&)> callback = {}) {
  auto model = make_model<float>(Normal{}, Noise{2});
  FitResult r = fit(
      model, banana<float>(300, 1),
      {.epochs = 6, .batch = 50, .average = 0.9, .callback = std::move(callback), .checkpoint = std::move(checkpoint)});
  return {model.parameters(), std::move(r)};
}
std::string error_of(const std::string& path) {
  try {
    fitted(io::checkpoint(path));
  } catch (const FileError& e) { return e.what(); }
  return "no error";
}
}  // namespace

TEST_CASE("a state is read as it was written, bit by bit") {
  const Folder folder;
  io::CheckpointFile file(folder / "a.ckpt");
  TrainerState read;
  CHECK_FALSE(file.load(read));
  CHECK(folder.entries() == 0);
  CHECK(file.save(state()).empty());
  CHECK(folder.entries() == 1);
  REQUIRE(file.load(read));
  const TrainerState s = state();
  CHECK(read.arrays.size() == s.arrays.size());
  for (const auto& a : s.arrays) {
    const auto* b = read.find(a.name);
    REQUIRE(b);
    CHECK((b->integer == a.integer && b->bytes == a.bytes && b->integers == a.integers));
    REQUIRE(b->numbers.size() == a.numbers.size());
    for (std::size_t k = 0; k < a.numbers.size(); ++k) CHECK(same_bits(a.numbers[k], b->numbers[k]));
  }
  CHECK(rheo::detail::differences(read.facts, s.facts).empty());
  CHECK(read.facts.size() == 2);
}

TEST_CASE("a damaged checkpoint is refused by its name") {
  const Folder folder;
  const std::string path = folder / "a.ckpt";
  io::CheckpointFile file(path);
  REQUIRE(file.save(state()).empty());
  const std::string whole = io::read_file(path);
  const auto parse = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    TrainerState read;
    try {
      file.load(read);
    } catch (const FileError& e) {
      CHECK_THAT(e.what(), Contains(path));
      throw;
    }
    CHECK(rheo::detail::differences(read.facts, state().facts).empty());
    for (const auto& a : state().arrays) {
      REQUIRE(read.find(a.name));
      CHECK(read.find(a.name)->integers == a.integers);
      for (std::size_t k = 0; k < a.numbers.size(); ++k) CHECK(same_bits(a.numbers[k], read.find(a.name)->numbers[k]));
    }
  };
  CHECK(truncations(whole, parse).parsed == 0);
  const Outcome o = mutations(whole, 2000, parse);
  CHECK(o.refused > 1900);  // the library's version and blanks are no part of the state
}

TEST_CASE("what is no checkpoint is refused before anything is trained") {
  const Folder folder;
  CHECK_THAT(error_of(folder / "none/a.ckpt"), Contains("none/a.ckpt: cannot be written: No such file or directory"));
  CHECK_THAT(error_of(folder.path.string()), Contains(": is a folder"));
  io::write_file(folder / "text", "a,b\n1,2\n");
  CHECK_THAT(error_of(folder / "text"), Contains("text: "));
  CHECK_THAT(error_of(folder / "text/a.ckpt"), Contains("text/a.ckpt: cannot be written: No"));
  io::write_file(folder / "empty", "");
  CHECK_THAT(error_of(folder / "empty"), Contains("empty: is no safetensors file"));
  auto model = make_model<float>(Normal{}, Noise{2});
  model.initialise(banana<float>(300, 1));
  io::save(model, folder / "model");
  CHECK_THAT(error_of(folder / "model"), Contains("model: is no checkpoint of rheo"));
  io::TensorFile later;
  later.metadata = {{"format", "rheo checkpoint"}, {"format_version", "2"}};
  io::write_safetensors(folder / "later", later);
  CHECK_THAT(error_of(folder / "later"), Contains("later: has format version 2, made by a later rheo"));
  if (fs::exists("/dev/full")) CHECK_THAT(error_of("/dev/full"), Contains("/dev/full: is no regular file"));
  fs::create_directory(folder / "kept");
  fs::permissions(folder / "kept", fs::perms::owner_read | fs::perms::owner_exec);
  if (rheo_test::error_of(folder / "kept/a", "") != "no error")
    CHECK_THAT(error_of(folder / "kept/a.ckpt"), Contains("kept/a.ckpt: cannot be written: Permission denied"));
  fs::permissions(folder / "kept", fs::perms::owner_all);
}

TEST_CASE("a fit goes on from its file, and the file of its end returns it") {
  const Folder folder;
  const std::string path = folder / "a.ckpt";
  const Run whole = fitted({});
  CHECK(fitted(io::checkpoint(path, 0), [](const EpochReport& e) { return e.epoch < 4; }).result.status ==
        FitStatus::interrupted);
  CHECK(fs::exists(path));
  io::write_file(path + ".tmp.123", "left by a killed program");
  io::write_file(path + ".tmp.123.4", "another");
  io::write_file(path + ".tmp.mine", "no program's");
  io::write_file(folder / "b.ckpt.tmp.123", "of another file");
  int told = 0;
  const auto count = [&](const EpochReport&) { return ++told, true; };
  for (int run = 0; run < 2; ++run) {
    const Run on = fitted(io::checkpoint(path, 0), count);
    CHECK(same_bits(on.parameters, whole.parameters));
    CHECK(on.result.history.size() == 6);
    CHECK(on.result.checkpoint_error.empty());
    CHECK(told == 2);
  }
  CHECK(folder.entries() == 3);
  CHECK(fs::exists(path + ".tmp.mine"));
  auto model = make_model<float>(Normal{}, Noise{2});
  CHECK_THROWS_WITH(
      fit(model, banana<float>(300, 1), {.epochs = 7, .batch = 50, .average = 0.9, .checkpoint = io::checkpoint(path)}),
      Contains(path + ": is the checkpoint of another run: epochs is 6 there and 7 here.  Remove it, or name another, "
                      "to begin anew"));
}

TEST_CASE("of two runs that share a file the one that finds the other's state keeps no more of its own") {
  const Folder folder;
  const std::string path = folder / "a.ckpt";
  TrainerState mine, other;
  mine.facts.emplace_back("run", "mine"), other.facts.emplace_back("run", "another");
  io::CheckpointFile a(path), b(path);
  TrainerState there;
  CHECK_FALSE(a.load(there));
  CHECK_FALSE(b.load(there));
  CHECK(a.save(mine).empty());
  CHECK_THAT(b.save(other), Contains(path + ": another run has kept its state there since"));
  CHECK(a.save(mine).empty());
  CHECK(a.save(mine).empty());
  CHECK(b.load(there));
  CHECK(there.facts == mine.facts);
  CHECK(b.save(other).empty());  // goes on from what it found
  CHECK_FALSE(a.save(mine).empty());
  fs::remove(path);
  CHECK(a.save(mine).empty());
}

TEST_CASE("a folder that is lost, and a disk that fills, stop no fit: the result names the file") {
  const Run whole = fitted({});
  for (const bool full : {false, true}) {
    if (full && !fs::exists("/dev/full")) continue;
    const Folder folder;
    fs::create_directory(folder / "sub");
    const std::string path = folder / "sub/a.ckpt";
    const Run r = fitted(io::checkpoint(path, 0), [&](const EpochReport& e) {
      if (e.epoch != 3) return true;
      CHECK(fs::exists(path));
      fs::remove_all(folder / "sub");
      if (!full) return true;
      fs::create_directory(folder / "sub");
      fs::create_symlink("/dev/full", path);
      return true;
    });
    CHECK(same_bits(r.parameters, whole.parameters));
    CHECK(r.result.history.size() == 6);
    CHECK_THAT(r.result.checkpoint_error, Catch::StartsWith(path + ": cannot ") &&
                                              Contains(full ? "No space left on device" : "No such file or directory"));
    CHECK_THAT(r.result.notes.back(), Contains(path));
  }
}

}  // namespace io_checkpoint
