// SPDX-License-Identifier: MIT
// What the names in the state dicts of other libraries begin with: by it an importer finds a flow that was saved from
// inside a module, and io::load says which importer a file wants.
#pragma once

#include <string>
#include <string_view>

#include "rheo/io/safetensors.hpp"

namespace rheo::io::detail {

struct Library {
  std::string_view name, root;  // of the library, and what the names of its layers begin with
};
inline constexpr Library zuko_names{"zuko", "transform.transforms."}, nflows_names{"nflows", "_transform."},
    survae_names{"survae", "transforms."}, normflows_names{"normflows", "flows."},
    flowjax_names{"flowjax", "bijection."};

/// Where in a name the root begins, at its front or behind a dot; npos: nowhere.
inline std::size_t root_in(std::string_view name, std::string_view root) {
  std::size_t at = name.find(root);
  while (at != name.npos && at > 0 && name[at - 1] != '.') at = name.find(root, at + 1);
  return at;
}

/// What stands before the roots: "flow." of a flow that was a module's member, and nothing as a rule.
struct RootsPrefix {
  std::string prefix{};
  std::string without{};  // a name that does not begin with it
};
inline RootsPrefix prefix_of(const TensorFile& file, std::string_view root) {
  RootsPrefix found;
  for (const Tensor& t : file.tensors) {
    const std::size_t at = root_in(t.name, root);
    if (at == 0) return {};
    if (at != t.name.npos && found.prefix.empty()) found.prefix = t.name.substr(0, at);
  }
  for (const Tensor& t : file.tensors) {
    if (t.name.compare(0, found.prefix.size(), found.prefix) != 0 && found.without.empty()) found.without = t.name;
  }
  return found;
}

/// Says which importer reads a file with such names; empty where none does, or `but` alone.
[[gnu::cold]] inline std::string importer_of(const TensorFile& file, std::string_view but = "") {
  for (const Library& l : {zuko_names, nflows_names, survae_names, normflows_names, flowjax_names}) {
    for (const Tensor& t : file.tensors) {
      if (root_in(t.name, l.root) == t.name.npos) continue;
      const std::string name(l.name);
      if (l.name == but) return "";
      return "'" + t.name + "' is a name of " + name + "'s, whose files io::from_" + name +
             "<F>(path) of rheo/io/import/" + name + ".hpp reads, F the flow's type";
    }
  }
  return "";
}

}  // namespace rheo::io::detail
