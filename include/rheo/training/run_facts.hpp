// SPDX-License-Identifier: MIT
// What a run of a trainer is told from others by: its flow, its data and its options as named texts, compared one by
// one.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/core/type_name.hpp"
#include "rheo/platform/compiler.hpp"
#include "rheo/platform/number_text.hpp"
#include "rheo/training/optimizer.hpp"
#include "rheo/training/schedule.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Names and what stands for them here, in the order in which differences are told.
using RunFacts = std::vector<std::pair<std::string, std::string>>;

namespace detail {

/// All digits of a number.
inline std::string exact_text(double x) {
  char room[32];
  return {room, platform::format_number(room, room + sizeof room, x, false, 17)};
}

/// 64 bits of the bits of numbers and texts, in their order.
class BitHash {
 public:
  void add(std::uint64_t bits) { hash_ = mix64((hash_ + 0x9E3779B97F4A7C15u) ^ bits); }
  void add(double x) { add(platform::bit_cast<std::uint64_t>(x)); }
  void add(const std::string& text) {
    for (const char c : text) add(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
    add(static_cast<std::uint64_t>(text.size()));
  }
  std::uint64_t value() const { return hash_; }
  std::string text() const {
    char room[20];
    std::snprintf(room, sizeof room, "%016llx", static_cast<unsigned long long>(hash_));
    return room;
  }

 private:
  std::uint64_t hash_ = 0;
};

/// Takes facts.  What it makes of them stands behind an interface, as StateWalk does, since a run describes itself in
/// every program, and few programs look: see CheckpointStore.
class FactList {
 public:
  virtual void add(const char* name, const std::string& what) = 0;
  virtual void add(const char* name, const char* what) = 0;
  virtual void add(const char* name, double x) = 0;
  virtual void add(const char* name, std::int64_t x) = 0;
  virtual void add(const char* name, bool x) = 0;
  virtual void add(const char* name, Noise n) = 0;
  virtual void add(const char* name, const Optimizer& o) = 0;
  virtual void add(const char* name, const Schedule& s) = 0;
  /// A table's shape and its bits.
  virtual void add(const char* name, CView<float> x) = 0;
  virtual void add(const char* name, CView<double> x) = 0;
  /// A type by its spelling<F>().
  virtual void add_type(const char* name, std::string_view spelling) = 0;
  template <std::integral Whole> void add(const char* name, Whole x) { add(name, static_cast<std::int64_t>(x)); }
  template <class T> void add(const char* name, const T* x, Index n) { add(name, view_of(x, n, n > 0 ? 1 : 0, n)); }

 protected:
  ~FactList() = default;
};

/// Facts as texts.
class FactTexts final : public FactList {
 public:
  using FactList::add;
  [[gnu::cold]] void add(const char* name, const std::string& what) override { facts_.emplace_back(name, what); }
  [[gnu::cold]] void add(const char* name, const char* what) override { add(name, std::string(what)); }
  [[gnu::cold]] void add(const char* name, double x) override { add(name, exact_text(x)); }
  [[gnu::cold]] void add(const char* name, std::int64_t x) override { add(name, std::to_string(x)); }
  [[gnu::cold]] void add(const char* name, bool x) override { add(name, x ? "true" : "false"); }
  [[gnu::cold]] void add(const char* name, Noise n) override {
    BitHash drawn;
    for (Index k = 0; n.table && k < n.table->size(); ++k) drawn.add(n.table->data()[k]);
    add(name, "seed " + std::to_string(n.seed) + ", stream " + std::to_string(n.stream) + ", row " +
                  std::to_string(n.row0) + (n.table ? ", table " + drawn.text() : ""));
  }
  [[gnu::cold]] void add(const char* name, const Optimizer& o) override {
    const auto* a = std::get_if<Adam>(&o);
    const auto* s = std::get_if<Sgd>(&o);
    add(name,
        a ? "Adam" + listed({a->beta1, a->beta2, a->epsilon, a->weight_decay}) + (a->decoupled ? ", decoupled" : "")
          : "Sgd" + listed({s->momentum, s->weight_decay}));
  }
  [[gnu::cold]] void add(const char* name, const Schedule& s) override {
    const auto* c = std::get_if<Cosine>(&s.shape);
    const auto* d = std::get_if<StepDecay>(&s.shape);
    add(name, (c   ? "Cosine" + listed({c->last})
               : d ? "StepDecay" + listed({d->factor, d->every})
                   : "Constant") +
                  ", warm_up " + std::to_string(s.warm_up));
  }
  [[gnu::cold]] void add(const char* name, CView<float> x) override { table(name, x); }
  [[gnu::cold]] void add(const char* name, CView<double> x) override { table(name, x); }
  [[gnu::cold]] void add_type(const char* name, std::string_view spelling) override {
    add(name, without_blanks(spelling));
  }

  RunFacts take() { return std::move(facts_); }

 private:
  static std::string listed(std::initializer_list<double> numbers) {
    std::string text;
    for (const double x : numbers) text += (text.empty() ? " {" : ", ") + exact_text(x);
    return text + "}";
  }
  template <class T> void table(const char* name, CView<T> x) {
    BitHash bits;
    for (Index j = 0; j < x.cols(); ++j) {
      for (Index i = 0; i < x.rows(); ++i) bits.add(static_cast<double>(x(i, j)));
    }
    add(name, x.cols() == 0
                  ? std::string("none")
                  : std::to_string(x.rows()) + " x " + std::to_string(x.cols()) + " numbers of hash " + bits.text());
  }
  RunFacts facts_;
};

/// A long text around the first place where it differs from another, cut between words.
inline std::string around(const std::string& text, const std::string& other) {
  constexpr std::size_t before = 60, length = 160;
  std::size_t at = 0;
  while (at < text.size() && at < other.size() && text[at] == other[at]) ++at;
  if (text.size() <= length) return text;
  std::size_t first = at == text.size() ? at - length : at > before ? at - before : 0;
  std::size_t last = std::min(text.size(), first + length);
  const auto within_word = [&](std::size_t cut) {
    const auto in_word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
             c == '.';
    };
    return cut > 0 && cut < text.size() && in_word(text[cut - 1]) && in_word(text[cut]);
  };
  while (within_word(first)) --first;
  while (within_word(last)) ++last;
  return (first > 0 ? "..." : "") + text.substr(first, last - first) + (last < text.size() ? "..." : "");
}

/// What is not the same in both, in words; the facts named "flow" and "objective" are as compilers spell them, and
/// compared where both were spelled by one.
inline std::string differences(const RunFacts& there, const RunFacts& here) {
  const auto in = [](const RunFacts& facts, const std::string& name) -> const std::string* {
    for (const auto& [n, what] : facts) {
      if (n == name) return &what;
    }
    return nullptr;
  };
  const std::string* one = in(there, "compiler");
  const std::string* other = in(here, "compiler");
  const bool one_spelling = one && other && *one == *other;
  std::string text;
  constexpr int most = 4;
  int count = 0;
  for (const auto& [name, what] : here) {
    const std::string* was = in(there, name);
    if (name == "compiler" || ((name == "flow" || name == "objective") && !one_spelling)) continue;
    if ((was && *was == what) || ++count > most) continue;
    text += (text.empty() ? "" : "; ") + name +
            (was ? " is " + around(*was, what) + " there and " : " is not said there, and ") +
            around(what, was ? *was : "") + " here";
  }
  return count > most ? text + "; and " + std::to_string(count - most) + " more" : text;
}

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
