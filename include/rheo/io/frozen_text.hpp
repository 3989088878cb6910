// SPDX-License-Identifier: MIT
// The text of a frozen header, less what is the model's own (rheo/io/freeze.hpp).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "rheo/flows/frozen.hpp"

namespace rheo::io::detail {

/// Words like $NAME in a text become their values, one word after another.
inline std::string filled(std::string text, std::initializer_list<std::pair<std::string_view, std::string>> values) {
  for (const auto& [key, value] : values) {
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size()))
      text.replace(at, key.size(), value);
  }
  return text;
}

/// The functions of the namespace, and the C functions: declared, defined.
struct FrozenCalls {
  std::string cpp, declared, defined;
};
inline FrozenCalls frozen_calls(Calls calls, bool conditional) {
  FrozenCalls f;
  const std::string context = conditional ? ", const Scalar* context" : "", pass = conditional ? ", context" : "";
  const auto add = [&](const std::string& name, const std::string& arguments, const std::string& passed,
                       const std::string& result = "void") {
    f.cpp += "template <class C = Constants> " + result + " " + name + "(" + arguments + context +
             ") {\n  return rheo::Frozen<C, rheo::Calls::" + name + ">::here()." + name + "(" + passed + pass +
             ");\n}\n";
  };
  const auto c = [&](const char* name, const std::string& arguments, const std::string& passed) {
    f.declared += "$UPPER_EXPORT int $NAME_" + std::string(name) + "(" + arguments + ");\n";
    f.defined += "int $NAME_" + std::string(name) + "(" + arguments + ") { return rheo::detail::c_" + name +
                 "<$NAME::Constants>(" + passed + "); }\n";
  };
  if ((calls & Calls::log_prob) != Calls::none) {
    f.cpp += "/// log p(x) of a row; of `rows` rows.\n";
    add("log_prob", "const Scalar* x", "x", "Scalar");
    add("log_prob", "const Scalar* x, rheo::Index rows, Scalar* out", "x, rows, out");
    c("log_prob", "const $T* x, const $T* context, int64_t rows, $T* out", "x, context, rows, out");
  }
  if ((calls & Calls::elbo) != Calls::none) {
    f.cpp +=
        "/// The log-density of this flow is a bound or an estimate: there is no log_prob and no score.  One draw of "
        "it, of a row; of `rows` rows.\n";
    add("elbo", "const Scalar* x, rheo::Noise noise", "x, noise", "Scalar");
    add("elbo", "const Scalar* x, rheo::Index rows, rheo::Noise noise, Scalar* out", "x, rows, noise, out");
    c("elbo", "uint64_t seed, const $T* x, const $T* context, int64_t rows, $T* out", "seed, x, context, rows, out");
  }
  if ((calls & Calls::sample) != Calls::none) {
    f.cpp += "/// x drawn as the model's sample(rows, noise), and its log-densities unless log_prob is null.\n";
    add("sample", "rheo::Noise noise, rheo::Index rows, Scalar* x, Scalar* log_prob", "noise, rows, x, log_prob");
    c("sample", "uint64_t seed, const $T* context, int64_t rows, $T* x, $T* log_prob",
      "seed, context, rows, x, log_prob");
  }
  if ((calls & Calls::score) != Calls::none) {
    f.cpp += "/// The gradient of log p in x, of a row; of `rows` rows.\n";
    add("score", "const Scalar* x, Scalar* out", "x, out");
    add("score", "const Scalar* x, rheo::Index rows, Scalar* out", "x, rows, out");
    c("score", "const $T* x, const $T* context, int64_t rows, $T* out", "x, context, rows, out");
  }
  return f;
}

/// The header; a word behind $ stands for a value.
inline constexpr const char* frozen_text =
    "/* $NAME: a frozen flow of rheo $VERSION (io::freeze).  Not to be edited: freeze again.\n"
    "   $DIM numbers of type $T a row, $CONTEXT of context, $COUNT parameters.  Rows stand one behind the other, as in "
    "C and numpy: x[row * dim + column].\n"
    "   C++: link nothing, include rheo's headers and Eigen; works with -fno-exceptions -fno-rtti.  Functions keep "
    "their memory by thread and take it at a\n"
    "   thread's first call of each; a $NAME::Model takes it where it is made, for one thread at a time.\n"
    "   C and all that calls C: compile one file that says `#define $UPPER_C_ABI` before it includes this one, into a "
    "program or a shared library; C sees\n"
    "   the declarations alone, C++ too behind `#define $UPPER_C_ONLY`. */\n"
    "#if defined(__cplusplus) && !defined($UPPER_C_ONLY) && !defined($UPPER_FROZEN)\n"
    "#define $UPPER_FROZEN\n"
    "#include <bit>\n"
    "#include <rheo/flows/frozen.hpp>\n"
    "$INCLUDES\n"
    "static_assert(RHEO_VERSION_MAJOR == $MAJOR && RHEO_VERSION_MINOR == $MINOR, \"$NAME was frozen by rheo $VERSION: "
    "freeze it again\");\n"
    "\n"
    "namespace $NAME {\n"
    "\n"
    "/// What the flow is.\n"
    "struct Constants {\n"
    "$BYTES  using Flow = $TYPE;\n"
    "  using Scalar = $T;\n"
    "  static Flow flow() { return $MAKE; }\n"
    "$ARRAYS};\n"
    "static_assert(Constants::Flow::x_dim == $DIM && Constants::Flow::context_dim == $CONTEXT && "
    "Constants::Flow::param_count == $COUNT &&\n"
    "                  Constants::Flow::buffer_count == $BUFFERS, \"$NAME: this is not the flow that was frozen\");\n"
    "\n"
    "using Scalar = Constants::Scalar;\n"
    "inline constexpr int dim = $DIM, context_dim = $CONTEXT;\n"
    "/// All calls in one object; or some: ModelFor<rheo::Calls::log_prob | rheo::Calls::sample>.\n"
    "using Model = rheo::Frozen<Constants>;\n"
    "template <rheo::Calls calls> using ModelFor = rheo::Frozen<Constants, calls>;\n"
    "\n"
    "$CALLS\n"
    "}  // namespace $NAME\n"
    "#endif\n"
    "\n"
    "#if (!defined(__cplusplus) || defined($UPPER_C_ABI) || defined($UPPER_C_ONLY)) && !defined($UPPER_C_DECLARED)\n"
    "#define $UPPER_C_DECLARED\n"
    "#include <stdint.h>\n"
    "#if defined(_WIN32) && defined($UPPER_C_ABI)\n"
    "#define $UPPER_EXPORT __declspec(dllexport)\n"
    "#elif defined(__GNUC__) && !defined(_WIN32)\n"
    "#define $UPPER_EXPORT __attribute__((visibility(\"default\")))\n"
    "#else\n"
    "#define $UPPER_EXPORT\n"
    "#endif\n"
    "#ifdef __cplusplus\n"
    "extern \"C\" {\n"
    "#endif\n"
    "/* 0: done; 1: a pointer is null; 2: a negative count, nothing was written.  x is rows x dim, context rows x "
    "context_dim (one for each row:\n"
    "   repeat what holds for all; null without one), out is rows numbers, of score rows x dim; log_prob may be null.  "
    "Fortran's x(dim, rows) is such an array.  From any "
    "number of threads. */\n"
    "$UPPER_EXPORT int $NAME_dim(void);\n"
    "$UPPER_EXPORT int $NAME_context_dim(void);\n"
    "$UPPER_EXPORT int $NAME_scalar_size(void);\n"
    "$DECLARED#ifdef __cplusplus\n"
    "}\n"
    "#endif\n"
    "#endif\n"
    "\n"
    "#if defined(__cplusplus) && defined($UPPER_C_ABI) && !defined($UPPER_C_ONLY) && !defined($UPPER_C_DEFINED)\n"
    "#define $UPPER_C_DEFINED\n"
    "int $NAME_dim(void) { return $NAME::dim; }\n"
    "int $NAME_context_dim(void) { return $NAME::context_dim; }\n"
    "int $NAME_scalar_size(void) { return static_cast<int>(sizeof($NAME::Scalar)); }\n"
    "$DEFINED#endif\n";

}  // namespace rheo::io::detail
