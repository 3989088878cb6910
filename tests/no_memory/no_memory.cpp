// SPDX-License-Identifier: MIT
// no_memory FOLDER: memory runs out at the first, second, ... allocation of fit, save, load and load_into, on one
// thread and on two.  Each time there is an exception or a result, never a half one: what was there is whole, and the
// same call works again.  Prints how many allocations were refused; 1 and a sentence where a promise is broken.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <new>
#include <string>

#include "../sanitized.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/io/checkpoint.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/io/model_file.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/fit_energy.hpp"

namespace {
std::atomic<long> asked{0}, refused_at{-1};
std::atomic<bool> counting{false};
[[maybe_unused]] bool refuse() {
  if (!counting.load(std::memory_order_relaxed)) return false;
  if (asked.fetch_add(1, std::memory_order_relaxed) != refused_at.load(std::memory_order_relaxed)) return false;
  errno = ENOMEM;
  return true;
}
}  // namespace

#if defined(__GLIBC__) && !defined(RHEO_SANITIZED)
#define RHEO_REFUSES
#endif
#if defined(RHEO_REFUSES)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t n) { return refuse() ? nullptr : __libc_malloc(n); }
void* calloc(std::size_t k, std::size_t n) { return refuse() ? nullptr : __libc_calloc(k, n); }
void* realloc(void* p, std::size_t n) { return refuse() ? nullptr : __libc_realloc(p, n); }
void* aligned_alloc(std::size_t a, std::size_t n) { return refuse() ? nullptr : __libc_memalign(a, n); }
}
#endif

namespace {
using namespace rheo;
namespace fs = std::filesystem;
using Small = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<6>>, Deal<2>>>, StandardNormal<2>>;

constexpr long most = 10'000;

/// Runs `act` with its k-th allocation refused for k = 0, 1, ... until it makes fewer; `whole(threw)` says in words
/// what is broken behind it, if anything is.
bool refused_everywhere(const char* name, const std::function<void()>& before, const std::function<void()>& act,
                        const std::function<std::string(bool)>& whole) {
  long thrown = 0, k = 0;
  for (; k < most; ++k) {
    before();
    bool threw = false;
    asked = 0, refused_at = k, counting = true;
    try {
      act();
    } catch (const std::exception&) { threw = true; }
    counting = false;
    const bool reached = asked.load() > k;
    thrown += threw;
    const std::string broken = threw && !reached ? "an exception without a cause" : whole(threw);
    if (!broken.empty()) {
      std::fprintf(stderr, "%s, allocation %ld refused: %s\n", name, k, broken.c_str());
      return false;
    }
    if (!reached) break;
  }
  std::printf("%s: %ld allocations refused, %ld exceptions\n", name, k, thrown);
  std::fflush(stdout);
  if (thrown > 0) return true;
  std::fprintf(stderr, "%s: nothing was refused\n", name);
  return false;
}
}  // namespace

int main(int count, char** words) try {
  if (count != 2) return std::fprintf(stderr, "usage: no_memory FOLDER\n"), 2;
#if !defined(RHEO_REFUSES)
  return std::printf("skipped: malloc cannot be replaced here\n"), 0;
#endif
  const fs::path folder = words[1];
  fs::remove_all(folder);
  fs::create_directories(folder);
  const std::string path = (folder / "model.safetensors").string(), state = (folder / "state").string();
  Batch<double> x(64, 2);
  Noise{1}.normals(view(x));
  const auto start = make_model<double>(Small{}, Noise{2});
  auto model = start;
  const auto sound = [&](bool) -> std::string {
    return model.log_prob(x).allFinite() ? "" : "the model has lost its numbers";
  };
  const auto alone = [&](const std::string& file) {
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path() != file) return "beside it lies " + entry.path().filename().string();
    return std::string();
  };
  bool good = true;

  for (const int threads : {1, 2}) {
    const FitOptions options{.epochs = 2, .batch = 16, .threads = threads};
    const std::string name = "fit on " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
    good &= refused_everywhere(
        name.c_str(), [&] { model = start; }, [&] { fit(model, x, options); }, sound);
  }
  model = start;
  fit(model, x, {.epochs = 1, .batch = 16});
  const auto fitted = model;
  const auto u = energy_of<2>([](const auto& at) { return 0.5 * (at[0] * at[0] + at[1] * at[1]); });
  good &= refused_everywhere(
      "fit_energy", [&] { model = start; }, [&] { fit_energy(model, u, {.steps = 5, .batch = 16, .check_rows = 16}); },
      sound);
  const std::string table = (folder / "table.csv").string();
  io::write_file(table, "a,b\n1,2\n3,4\n");
  io::CsvTable read;
  good &= refused_everywhere(
      "read_csv", [] {}, [&] { read = io::read_csv(table); },
      [&](bool threw) -> std::string {
        return threw || (read.values.rows() == 2 && read.values(1, 1) == 4) ? "" : "another table";
      });
  fs::remove(table);
  const auto same = [&](const auto& a, const auto& b) {
    return (a.parameters() == b.parameters()).all() && (a.buffers() == b.buffers()).all();
  };

  io::save(start, path);
  good &= refused_everywhere(
      "save", [&] { io::save(start, path); }, [&] { io::save(fitted, path); },
      [&](bool threw) -> std::string {
        const auto back = io::load<Model<Small, double>>(path);
        if (!same(back, start) && !same(back, fitted)) return "the file is neither the old one nor the new one";
        if (threw && !same(back, start)) return "an exception, and yet the file is the new one";
        if (!threw && !same(back, fitted)) return "no exception, and yet the file is the old one";
        return alone(path);
      });

  io::save(fitted, path);
  good &= refused_everywhere(
      "load_into", [&] { model = start; }, [&] { io::load_into(model, path); },
      [&](bool threw) -> std::string {
        return same(model, threw ? start : fitted) ? "" : "the model is half the old one, half the file's";
      });
  good &= refused_everywhere(
      "load", [] {}, [&] { model = io::load<Model<Small, double>>(path); },
      [&](bool threw) -> std::string { return threw || same(model, fitted) ? "" : "another model"; });
  fs::remove(path);

  good &= refused_everywhere(
      "fit with checkpoints", [&] { model = start, fs::remove(state); },
      [&] { fit(model, x, {.epochs = 2, .batch = 16, .checkpoint = io::checkpoint(state)}); },
      [&](bool) -> std::string {
        if (!model.log_prob(x).allFinite()) return "the model has lost its numbers";
        auto again = start;  // goes on from the file, or from nothing
        fit(again, x, {.epochs = 2, .batch = 16, .checkpoint = io::checkpoint(state)});
        return alone(state);
      });
  return good ? 0 : 1;
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
