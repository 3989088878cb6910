// SPDX-License-Identifier: MIT
// The table of layers: each with its type forgotten, so that a line of its own costs the compiler its four passes and
// nothing else.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "once.hpp"
#include "rheo/core/layer.hpp"

namespace rheo::bench {

/// A layer in float: facts are values, calls are virtual.  The laws' (rheo/evaluation/subject.hpp) copies batches,
/// which would be part of the time.
class Subject {
 public:
  std::string name;
  Index dim = 0;  ///< under which it stands in the table
  Index x_dim = 0, z_dim = 0, context_dim = 0, param_count = 0, buffer_count = 0;
  std::vector<Support> x_support, z_support;
  std::vector<Index> x_categories, z_categories;
  bool encodes = false, encode_pulls = false, decodes = false, decode_pulls = false;

  virtual ~Subject() = default;
  virtual void init(Params<float> theta, Params<float> buffers, Noise noise) const = 0;
  /// The untrained state after a change of the parameters.
  virtual void follow(Params<float> theta, Params<float> buffers) const = 0;
  virtual void call(bool encode, const Pass<float, NoCache>& p) = 0;
  virtual void pull(bool encode, const Pull<float, NoCache>& p) = 0;
};

template <class L> class SubjectOf final : public Subject {
 public:
  explicit SubjectOf(L layer) : layer_(std::move(layer)) {
    x_dim = L::x_dim, z_dim = L::z_dim, context_dim = L::context_dim, param_count = L::param_count,
    buffer_count = L::buffer_count;
    x_support.assign(L::x_support.begin(), L::x_support.end()),
        z_support.assign(L::z_support.begin(), L::z_support.end());
    const auto x_counts = rheo::detail::x_categories<L>();
    const auto z_counts = rheo::detail::z_categories<L>();
    x_categories.assign(x_counts.begin(), x_counts.end()), z_categories.assign(z_counts.begin(), z_counts.end());
    encodes = CanEncode<L, float>, encode_pulls = CanEncodePull<L, float>, decodes = CanDecode<L, float>,
    decode_pulls = CanDecodePull<L, float>;
  }
  void init(Params<float> theta, Params<float> buffers, Noise noise) const override {
    rheo::detail::init<L, float>(layer_, theta, buffers, noise);
  }
  void follow(Params<float> theta, Params<float> buffers) const override {
    if constexpr (rheo::detail::HasAfterStep<L, float>) layer_.after_step(theta, buffers);
  }
  void call(bool encode, const Pass<float, NoCache>& p) override {
    const Pass<float, C> own{p.in,    p.out,  p.v,       p.theta, p.buffers, p.context,
                             p.noise, cache_, p.scratch, p.keep,  p.report};
    if (encode) {
      if constexpr (CanEncode<L, float>) layer_.encode(own);
    } else {
      if constexpr (CanDecode<L, float>) layer_.decode(own);
    }
  }
  void pull(bool encode, const Pull<float, NoCache>& p) override {
    const Pull<float, C> own{p.in,      p.out,     p.g_out,     p.g_v,   p.g_in, p.theta,  p.g_theta,
                             p.buffers, p.context, p.g_context, p.noise, cache_, p.scratch};
    if (encode) {
      if constexpr (CanEncodePull<L, float>) layer_.encode_pull(own);
    } else {
      if constexpr (CanDecodePull<L, float>) layer_.decode_pull(own);
    }
  }

 private:
  using C = CacheOf<L, float>;
  L layer_;
  C cache_{};
};

class Table {
 public:
  /// `make(dim)` gives the layer of that dimension, a std::integral_constant: add("abs", [](auto d) { return Abs<d>{};
  /// }).
  template <class Make> void add(const std::string& name, Make make, const std::string& why = "") {
    add_at<2, 16, 64>(name, make, why);
  }
  /// In the dimensions that it has, and why not in others.
  template <Index... D, class Make> void add_at(const std::string& name, Make make, const std::string& why) {
    (put(name, D,
         std::make_unique<SubjectOf<decltype(make(std::integral_constant<Index, D>{}))>>(
             make(std::integral_constant<Index, D>{}))),
     ...);
    if (!why.empty()) notes.push_back(name + ": " + why);
  }
  std::vector<std::unique_ptr<Subject>> subjects;
  std::vector<std::string> notes;

 private:
  void put(const std::string& name, Index dim, std::unique_ptr<Subject> s) {
    s->name = name, s->dim = dim;
    subjects.push_back(std::move(s));
  }
};

// One function a file.
void pointwise(Table& t);
void couplings(Table& t);
void linear(Table& t);
void residual(Table& t);
void continuous(Table& t);
void surjections(Table& t);
void stochastic(Table& t);

}  // namespace rheo::bench
