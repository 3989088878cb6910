// SPDX-License-Identifier: MIT
// freeze: a model as one header of constants, for programs that score and sample it without training, files, exceptions
// or a heap; and its C functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rheo/core/type_name.hpp"
#include "rheo/flows/frozen.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/io/file.hpp"
#include "rheo/io/frozen_text.hpp"
#include "rheo/io/header_names.hpp"
#include "rheo/platform/compiler.hpp"
#include "rheo/platform/macros_off.hpp"
#include "rheo/platform/object_bytes.hpp"
#include "rheo/version.hpp"

namespace rheo::io {

/// What the program says of a flow that its type does not.
struct FreezeOptions {
  std::vector<std::string>
      includes{};  ///< headers of layers, nets and transformers of your own: "net.hpp", or "<mine/net.hpp>"
  std::string
      flow{};  ///< an expression of type F that makes the flow, for one that its type does not make: "mine::flow(0.5)"
};

namespace detail {

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Throws std::invalid_argument unless a namespace may have this name and C functions may begin with it.
inline void check_frozen_name(const std::string& name) {
  constexpr std::string_view taken =
      " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class "
      "compl concept const consteval "
      "constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do double "
      "dynamic_cast else enum explicit export "
      "extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr "
      "operator or or_eq private protected "
      "public register reinterpret_cast requires return short signed sizeof static static_assert static_cast struct "
      "switch template this "
      "thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t while "
      "xor xor_eq rheo std Eigen main ";
  constexpr std::string_view functions =  // of the C library, at global scope wherever <cmath> and its like are read
      " abs acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor "
      "fma fmax fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint "
      "lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round scalbn signgam significand sin "
      "sinh sqrt tan tanh tgamma trunc y0 y1 yn abort atexit atof atoi atol bsearch calloc div exit free getenv labs "
      "malloc qsort rand random realloc srand system index memcmp memcpy memmove memset rindex strlen clock ctime "
      "time remove rename printf puts read write open close link unlink pipe select signal raise ";
  const bool word =
      !name.empty() && is_letter(name[0]) && name.find("__") == std::string::npos &&
      std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  if (!word || taken.find(" " + name + " ") != std::string_view::npos ||
      functions.find(" " + name + " ") != std::string_view::npos) {
    rheo::detail::fail("freeze: '" + name +
                       "' cannot name a namespace: letters, digits and single '_', a letter first, and no word of the "
                       "language nor a function of the C library");
  }
}

/// x as a literal that is read back to the bit.
template <class T> std::string literal(T x) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "rheo: freeze: the scalar is float or double");
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int fraction = sizeof(T) == 4 ? 23 : 52, bias = sizeof(T) == 4 ? 127 : 1023, digits = (fraction + 3) / 4;
  const auto bits = platform::bit_cast<Bits>(x);
  const auto hex = [](std::uint64_t v, int n) {
    std::string s;
    for (int k = n; k-- > 0;) s += "0123456789abcdef"[v >> (4 * k) & 15];
    return s;
  };
  const int exponent = static_cast<int>(bits >> fraction & (2 * bias + 1));
  if (exponent == 2 * bias + 1) {  // infinite or no number
    return std::string("rheo::platform::bit_cast<") + (sizeof(T) == 4 ? "float" : "double") + ">(0x" +
           hex(bits, sizeof(T) * 2) + (sizeof(T) == 4 ? "u)" : "ull)");
  }
  std::string s = hex(
      (static_cast<std::uint64_t>(bits) << (4 * digits - fraction)) & ((std::uint64_t(1) << (4 * digits)) - 1), digits);
  s.erase(s.find_last_not_of('0') + 1);
  const bool zero = exponent == 0 && s.empty();
  s = std::string(bits >> (8 * sizeof(T) - 1) ? "-" : "") + (exponent ? "0x1" : "0x0") + (s.empty() ? "" : "." + s) +
      "p";
  return s + std::to_string(zero ? 0 : exponent ? exponent - bias : 1 - bias) + (sizeof(T) == 4 ? "f" : "");
}

/// A static constant array of a class; one 0 where there are none.
template <class T, class Text>
void put_array(std::string& to, const std::string& type, const char* name, const T* p, Index n, Text text) {
  to += "  alignas(64) static constexpr " + type + " " + name + "[" + std::to_string(std::max(n, Index(1))) + "] = {";
  std::size_t width = 120;
  for (Index k = 0; k < n; ++k) {
    const std::string number = text(p[k]) + (k + 1 < n ? "," : "");
    if (width + number.size() + 1 > 118) to += "\n   ", width = 3;
    to += " " + number;
    width += number.size() + 1;
  }
  to += "};\n";
}

/// What a spelled type is made of.
struct Spelled {
  std::string type;                  ///< as a header may say it
  std::vector<std::string> headers;  ///< of rheo, in the order of the text
  std::string foreign;               ///< the first name that is neither rheo's nor the standard library's
  bool spellable = true, targets = false;
};

inline Spelled spelled(std::string_view text) {
  Spelled s{std::string(text), {}, {}, true, false};
  for (const char* mark : {"lambda", "(anonymous", "{anonymous", "unnamed", ")::"}) {
    if (text.find(mark) != std::string_view::npos) s.spellable = false;
  }
  const auto add = [&s](const std::string& header) {
    if (std::find(s.headers.begin(), s.headers.end(), header) == s.headers.end()) s.headers.push_back(header);
  };
  constexpr std::string_view language =
      " const volatile unsigned signed char short int long bool float double true false void nullptr ";
  const auto part = [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == ':'; };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && part(text[end])) ++end;
    const std::string name(text.substr(i, end - i));
    const bool inside = name.rfind("::", 0) == 0,
               number = !name.empty() && is_digit(name[0]);  // inside: of a class before it
    i = end + (end == i);
    if (name.empty() || inside || number || language.find(" " + name + " ") != std::string_view::npos ||
        name.rfind("std::", 0) == 0)
      continue;
    if (name.rfind("rheo::", 0) != 0) {
      if (s.foreign.empty()) s.foreign = name;
      continue;
    }
    std::string_view header = "rheo.hpp";           // whatever the table does not know
    for (std::string shorter = name.substr(6);;) {  // an enumerator is behind its type
      const auto* row = std::find_if(std::begin(header_names), std::end(header_names), [&](const HeaderNames& h) {
        return (" " + std::string(h.names) + " ").find(" " + shorter + " ") != std::string::npos;
      });
      if (row != std::end(header_names)) header = row->header;
      const auto cut = shorter.rfind("::");
      if (row != std::end(header_names) || cut == std::string::npos) break;
      shorter.resize(cut);
    }
    add("rheo/" + std::string(header));
    s.targets = s.targets || header.rfind("targets/", 0) == 0;
  }
  return s;
}

/// What the written header says of how the flow is made.
struct Recipe {
  std::string type, make, bytes;
};

/// Whether F{} gives the very numbers that this model's flow does, both ways, at rows from 0.001 to 1e30 and at
/// infinity.
template <class F, class T> bool computes_as_made(const Model<F, T>& model) {
  const Index n = 66;
  Model<F, T> made(F{});
  made.parameters() = model.parameters();
  made.buffers() = model.buffers();
  const auto wide = [n](Index width, std::uint64_t seed) {
    Batch<T> x(n, width);
    Noise{seed}.normals(view(x));
    for (Index i = 0; i < n; ++i) x.row(i) *= T(std::pow(10.0, static_cast<double>(i % 34 < 2 ? 0 : i % 34 - 3)));
    for (Index j = 0; j < width; ++j)
      x(0, j) = std::numeric_limits<T>::infinity(), x(1, j) = -std::numeric_limits<T>::infinity();
    return x;
  };
  const auto same = [](const auto& a, const auto& b) { return (a == b || (a != a && b != b)).all(); };
  const Batch<T> x = wide(F::x_dim, 1), c = wide(F::context_dim, 2);
  bool alike = true;
  if constexpr (CanEncode<F, T>) {
    alike = same(model.encode(x, Noise{3}, c), made.encode(x, Noise{3}, c)) &&
            same(model.elbo(x, Noise{3}, c), made.elbo(x, Noise{3}, c));
  }
  if constexpr (CanDecode<F, T>) alike = alike && same(model.sample(n, Noise{4}, c), made.sample(n, Noise{4}, c));
  return alike;
}

/// Throws std::invalid_argument, with the way out, where a header cannot say how.
template <class F, class T> Recipe recipe(const Model<F, T>& model, const Spelled& s, const FreezeOptions& options) {
  const F& flow = model.flow();
  if (!options.flow.empty()) return {"decltype(" + options.flow + ")", options.flow, {}};
  if (!s.spellable) {
    rheo::detail::fail(
        "freeze: the flow's type holds a lambda, a local type or one of an unnamed namespace, which no header can "
        "name: " +
        s.type +
        "; give it a name in a header, or say FreezeOptions{.includes = ..., .flow = an expression that makes the "
        "flow}");
  }
  if (!s.foreign.empty() && options.includes.empty()) {
    rheo::detail::fail(
        "freeze: the flow holds " + s.foreign +
        ", which is not rheo's: name the header that declares it, FreezeOptions{.includes = {\"mine.hpp\"}}");
  }
  const auto bytes = platform::object_bytes(flow);
  if constexpr (std::is_default_constructible_v<F>) {
    bool as_made = platform::object_bytes(F{}) == bytes;
    if constexpr (!platform::knows_padding) as_made = as_made || computes_as_made(model);
    if (as_made) return {s.type, "Flow()", {}};
  }
  // Bytes that are the values themselves: no pointers, which rheo's own layers do without.
  constexpr bool plain = std::is_trivially_copy_constructible_v<F> && std::is_trivially_destructible_v<F>;
  if (!plain || !s.foreign.empty() || s.targets) {
    rheo::detail::fail("freeze: the flow's layers hold values of their own, arguments of their constructors, which " +
                       (s.foreign.empty() ? std::string("this type keeps") : s.foreign + " may keep") +
                       " where freeze cannot see them: say how the flow is made, FreezeOptions{.flow = "
                       "\"mine::flow(0.5)\"}, in an expression of the headers in .includes");
  }
  Recipe r{s.type, "rheo::detail::flow_from<Flow>(flow_bytes)", {}};
  put_array(r.bytes, "unsigned char", "flow_bytes", bytes.data(), static_cast<Index>(bytes.size()),
            [](unsigned char b) { return std::to_string(int(b)); });
  return r;
}

}  // namespace detail

/// Writes the header `path`, whole or not at all: the model's flow with its parameters, buffers and what its layers
/// hold beside, to the bit, in the namespace `name` (see its first lines and rheo/flows/frozen.hpp): log_prob, score
/// and sample; elbo in place of log_prob and score for a flow whose log-density is a bound or an estimate; and the same
/// as C functions behind `#define NAME_C_ABI`.  drift() is 0 where the program that includes it computes the very
/// numbers of this one, else about the difference that another compiler or other flags make. Throws
/// std::invalid_argument, before anything is written: for a name that is no identifier; for a flow whose type cannot be
/// spelled (lambdas, local types) or holds types that are not rheo's, unless the options say how; for layers with
/// values of their own in types that are not plain, likewise; for buffers that the flow cannot use.  Layers' values go
/// as bytes, for machines alike; those of FreezeOptions::flow are the expression's.  Where the compiler does not tell
/// which bytes are values (clang++), values are not a layer's own as long as they change no number that it gives.
template <class F, class T>
void freeze(const Model<F, T>& model, const std::string& path, const std::string& name,
            const FreezeOptions& options = {}) {
  detail::check_frozen_name(name);
  const Params<const T> theta = model.theta(), buffers = model.state();
  if (!rheo::detail::valid_buffers(model.flow(), buffers))
    rheo::detail::fail("freeze: the model's buffers hold numbers that its flow cannot use");
  const detail::Spelled spelled = detail::spelled(rheo::detail::spelling<F>());
  const detail::Recipe recipe = detail::recipe(model, spelled, options);
  constexpr Calls calls = calls_of<F, T>();

  std::string includes;
  for (const std::string& h : spelled.headers) {
    if (h != "rheo/flows/flow.hpp" && h != "rheo/flows/chain.hpp") includes += "#include <" + h + ">\n";
  }
  for (const std::string& h : options.includes) {
    if (h.empty() || h.find_first_of("\r\n") != std::string::npos)
      rheo::detail::fail("freeze: an include is the name of a header, got '" + h + "'");
    includes += "#include " + (h[0] == '<' || h[0] == '"' ? h : '"' + h + '"') + "\n";
  }
  const std::string scalar = sizeof(T) == 4 ? "float" : "double";
  std::string arrays;
  detail::put_array(arrays, scalar, "parameters", theta.data(), theta.size(), detail::literal<T>);
  detail::put_array(arrays, scalar, "buffers", buffers.data(), buffers.size(), detail::literal<T>);

  auto [cpp, declared, defined] = detail::frozen_calls(calls, F::context_dim > 0);
  if constexpr (CanEncode<F, T>) {  // rows by which a program tells whether it computes alike
    constexpr Index n = 4;
    Batch<T> x(n, F::x_dim), c(n, F::context_dim);
    Noise{1}.normals(view(x));
    if constexpr (F::context_dim > 0) {
      Noise{2}.normals(view(c));
      const auto [mean, deviation, state] = F::Contexts::unpack_buffers(F::contexts(buffers));
      for (Index j = 0; j < c.cols(); ++j) c.col(j) = c.col(j) * deviation(j) + mean(j);
    }
    if constexpr (CanDecode<F, T>) x = model.sample(n, Noise{3}, c);
    const Column<T> v = model.elbo(x, Noise{}, c);
    const auto put_rows = [&](const char* what, const Batch<T>& a) {
      const Batch<T> turned = a.transpose();
      detail::put_array(arrays, scalar, what, turned.data(), turned.size(), detail::literal<T>);
    };
    arrays += "  static constexpr int check_rows = " + std::to_string(n) + ";\n";
    put_rows("check_x", x);
    put_rows("check_context", c);
    put_rows("check_v", v);
    cpp +=
        "/// 0 where this program computes the very numbers of the one that froze the flow; else how far log-densities "
        "are apart.\n"
        "template <class C = Constants> Scalar drift() {\n  return rheo::detail::drift<C>();\n}\n";
  }
  std::string bytes = recipe.bytes;
  if (!bytes.empty()) {
    bytes = "  static_assert(std::endian::native == std::endian::" +
            std::string(std::endian::native == std::endian::little ? "little" : "big") + ", \"" + name +
            " was frozen on another kind of machine: freeze it there, or by FreezeOptions::flow\");\n" + bytes;
  }
  std::string upper = name;
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::string major = std::to_string(RHEO_VERSION_MAJOR), minor = std::to_string(RHEO_VERSION_MINOR);
  const std::string text =
      detail::filled(detail::frozen_text, {{"$INCLUDES", includes},
                                           {"$BYTES", bytes},
                                           {"$TYPE", recipe.type},
                                           {"$MAKE", recipe.make},
                                           {"$CALLS", cpp},
                                           {"$DECLARED", declared},
                                           {"$DEFINED", defined},
                                           {"$VERSION", major + "." + minor + "." + std::to_string(RHEO_VERSION_PATCH)},
                                           {"$MAJOR", major},
                                           {"$MINOR", minor},
                                           {"$DIM", std::to_string(F::x_dim)},
                                           {"$CONTEXT", std::to_string(F::context_dim)},
                                           {"$COUNT", std::to_string(F::param_count)},
                                           {"$BUFFERS", std::to_string(F::buffer_count)},
                                           {"$UPPER", upper},
                                           {"$NAME", name},
                                           {"$T", scalar},
                                           {"$ARRAYS", arrays}});
  write_file(path, text);
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
