// SPDX-License-Identifier: MIT
// summary: what a flow is made of, as a table for people: each layer's kind, exactness, parameters, and what its two
// directions cost.
#pragma once

#include <string>
#include <vector>

#include "rheo/core/layer_more.hpp"
#include "rheo/core/type_name.hpp"
#include "rheo/flows/flow.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// "bijection" and so on, as summary() prints it.
inline const char* to_string(Kind k) {
  constexpr const char* names[] = {"bijection", "inference surjection", "generative surjection", "stochastic"};
  return names[static_cast<unsigned>(k)];
}
inline const char* to_string(Exactness e) {
  constexpr const char* names[] = {"exact", "estimate", "bound", "bound of an estimate"};
  return names[static_cast<int>(e)];
}

namespace detail {

inline std::string effort_text(bool possible, Effort e) {
  if (!possible) return "none";
  if (e.passes == not_stated) return "not stated";
  if (e.passes == as_needed) return "iterates";
  if (e.passes == 0) return "closed form";
  return std::to_string(e.passes) + (e.passes == 1 ? " pass" : e.parallel ? " passes" : " passes in sequence");
}

template <class L> std::array<std::string, 7> summary_row(const std::string& indent) {
  std::string name = type_name<L>();
  for (auto at = name.find("rheo::"); at != std::string::npos; at = name.find("rheo::", at)) name.erase(at, 6);
  if (name.size() > 100) name = name.substr(0, 97) + "...";
  const std::string kind = L::z_dim == 0 ? "distribution" : to_string(L::kind);
  return {indent + name,
          std::to_string(L::x_dim) + " -> " + std::to_string(L::z_dim),
          kind,
          to_string(L::exactness),
          std::to_string(L::param_count),
          effort_text(CanEncode<L, double>, encode_effort<L>()),
          effort_text(CanDecode<L, double>, decode_effort<L>())};
}

template <class L> struct SummaryOf {
  static void add(std::vector<std::array<std::string, 7>>& rows, const std::string& indent) {
    rows.push_back(summary_row<L>(indent));
  }
};
template <class... Ls> struct SummaryOf<Chain<Ls...>> {
  static void add(std::vector<std::array<std::string, 7>>& rows, const std::string& indent) {
    (SummaryOf<Ls>::add(rows, indent), ...);
  }
};
template <class... Ls> struct SummaryOf<Flow<Ls...>> : SummaryOf<Chain<Ls...>> {};
template <Index K, class L> struct SummaryOf<Repeat<K, L>> {
  static void add(std::vector<std::array<std::string, 7>>& rows, const std::string& indent) {
    auto row = summary_row<Repeat<K, L>>(indent);
    row[0] = indent + std::to_string(K) + " times";
    rows.push_back(row);
    SummaryOf<L>::add(rows, indent + "  ");
  }
};

}  // namespace detail

/// One line a layer in encode order, data first, and one for the whole.  "N passes in sequence" marks a direction whose
/// net is run once per coordinate (a sampler of a masked autoregressive flow), "iterates" one that solves for its
/// result, "not stated" one whose layer does not say.
template <class F> std::string summary() {
  std::vector<std::array<std::string, 7>> rows{
      {"layer, data first", "dim", "kind", "density", "parameters", "encode", "decode"}};
  detail::SummaryOf<F>::add(rows, "");
  auto total = detail::summary_row<F>("");
  total[0] = "whole";
  rows.push_back(total);
  std::array<std::size_t, 7> width{};
  for (const auto& row : rows) {
    for (std::size_t k = 0; k < 7; ++k) width[k] = std::max(width[k], row[k].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t k = 0; k < 7; ++k) line += row[k] + std::string(width[k] - row[k].size() + 2, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
