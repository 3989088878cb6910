// SPDX-License-Identifier: MIT
// What freeze writes and refuses; that the headers give the model's bits is tests/frozen's.
#include "rheo/io/freeze.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "catch.hpp"
#include "rheo/distributions/box.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace io_freeze_own {
/// A net's activation that is not rheo's.
struct Bend : rheo::Tanh {};
/// A base that holds what bytes cannot say.
struct Listed : rheo::StandardNormal<2> {
  std::vector<double> list{};
  template <class T> void encode(rheo::Pass<T, rheo::NoCache> p) const {
    rheo::StandardNormal<2>::encode(p);
    p.v += T(list.size());
  }
};
/// One that keeps its value, but is not rheo's.
struct Held : rheo::StandardNormal<2> {
  double held = 1;
  template <class T> void encode(rheo::Pass<T, rheo::NoCache> p) const {
    rheo::StandardNormal<2>::encode(p);
    p.v += T(held);
  }
};
}  // namespace io_freeze_own

namespace io_freeze {
using namespace rheo;

namespace {
struct Hidden : Tanh {};

using Small = Flow<Standardize<2>, AffineCoupling<2, Mlp<5>>, Permute<2>, StandardNormal<2>>;

std::string folder() {
  const auto path = std::filesystem::temp_directory_path() / "rheo_freeze";
  std::filesystem::create_directories(path);
  return path.string() + "/";
}
template <class F, class T = double>
std::string refusal(const Model<F, T>& model, const std::string& name = "flow", const io::FreezeOptions& options = {}) {
  const std::string path = folder() + "refused.hpp";
  io::write_file(path, "as it was");
  try {
    io::freeze(model, path, name, options);
  } catch (const std::invalid_argument& e) {
    CHECK(io::read_file(path) == "as it was");
    return e.what();
  }
  return "";
}
template <class F> std::string refusal(F flow, const io::FreezeOptions& options = {}) {
  return refusal(make_model<double>(std::move(flow), Noise{1}), "flow", options);
}
template <class F, class T> std::string frozen(const Model<F, T>& model, const io::FreezeOptions& options = {}) {
  io::freeze(model, folder() + "flow.hpp", "flow", options);
  return io::read_file(folder() + "flow.hpp");
}
/// A literal read back; the words for infinities and what is no number by their bits.
template <class T, class Bits> Bits read_back(const std::string& text) {
  if (const auto at = text.find("(0x"); at != std::string::npos)
    return static_cast<Bits>(std::stoull(text.substr(at + 1), nullptr, 16));
  CHECK((text.back() == 'f') == (sizeof(T) == 4));
  char* end = nullptr;
  const T x = sizeof(T) == 4 ? static_cast<T>(std::strtof(text.c_str(), &end))
                             : static_cast<T>(std::strtod(text.c_str(), &end));
  CHECK(*end == (sizeof(T) == 4 ? 'f' : '\0'));
  return platform::bit_cast<Bits>(x);
}
template <class T, class Bits> void check_literals() {
  constexpr int size = 8 * sizeof(T);
  std::vector<Bits> bits{0, 1, Bits(1) << (size - 1), Bits(~Bits(0)) >> 1, Bits(~Bits(0))};
  for (const T x : {T(1), T(-0.1), std::numeric_limits<T>::lowest(), std::numeric_limits<T>::min(),
                    std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                    std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::denorm_min()}) {
    bits.push_back(platform::bit_cast<Bits>(x));
  }
  std::uint64_t random = 1;
  for (int k = 0; k < 20000; ++k)
    bits.push_back(static_cast<Bits>((random = detail::mix64(random + 1)) >> (64 - size) >>
                                     (k % 7 == 0 ? 12 : 0)));  // some are subnormal
  std::size_t differ = 0;
  for (const Bits b : bits) differ += read_back<T, Bits>(io::detail::literal(platform::bit_cast<T>(b))) != b;
  CHECK(differ == 0);
}
}  // namespace

TEST_CASE(
    "literals give every number back to the bit: zeros of either sign, subnormal ones, infinities, and what is none") {
  check_literals<float, std::uint32_t>();
  check_literals<double, std::uint64_t>();
}

TEST_CASE("numbers of a header stand in lines of 120 columns, as many as there is room for") {
  std::istringstream text(frozen(make_model<double>(Small{}, Noise{1})));
  std::size_t lines = 0, longest = 0;
  bool within = false;
  for (std::string line; std::getline(text, line);) {
    if (within) ++lines, longest = std::max(longest, line.size());
    if (line.find("alignas(64) static constexpr") != line.npos) within = true;
    if (within && line.size() > 1 && line.substr(line.size() - 2) == "};") within = false;
  }
  CHECK(lines > 5);
  CHECK(longest <= 120);
  CHECK(longest > 95);
}

TEST_CASE("a name that is no identifier of its own is refused") {
  const auto model = make_model<double>(Small{}, Noise{1});
  for (const char* name :
       {"", "2d", "a b", "a-b", "a::b", "_a", "a__b", "class", "double", "rheo", "std", "Eigen", "log", "index",
        "ma\xC3\xB1"
        "ana",
        "a\nb"}) {
    INFO(name);
    CHECK_THAT(refusal(model, name), Catch::Contains("cannot name a namespace"));
  }
  for (const char* name : {"a", "A2_b", "moons", "doubles"}) CHECK(refusal(model, name).empty());
}

TEST_CASE("a flow whose type no header can name is refused, and what to say instead is said") {
  const double half = 0.5;
  CHECK_THAT(refusal(Flow{elementwise<1, 1>([](auto x, const auto& a) { return x + a[0]; }), StandardNormal<1>{}}),
             Catch::Contains("lambda") && Catch::Contains(".flow"));
  CHECK_THAT(
      refusal(Flow{elementwise<1, 1>([half](auto x, const auto& a) { return x * half + a[0]; }), StandardNormal<1>{}}),
      Catch::Contains("lambda"));
  CHECK_THAT(refusal(Flow<AffineCoupling<2, MlpOf<Hidden, 5>>, StandardNormal<2>>{}),
             Catch::Contains("unnamed namespace"));
  struct Local : Tanh {};
  CHECK(!refusal(Flow<AffineCoupling<2, MlpOf<Local, 5>>, StandardNormal<2>>{}).empty());
  CHECK(refusal(Flow{elementwise<1, 1>([](auto x, const auto& a) { return x + a[0]; }), StandardNormal<1>{}},
                {.flow = "mine::flow()"})
            .empty());
}

TEST_CASE("types that are not rheo's want their header, and with values of their own the flow's making") {
  using Bent = Flow<AffineCoupling<2, MlpOf<io_freeze_own::Bend, 5>>, StandardNormal<2>>;
  CHECK_THAT(refusal(Bent{}),
             Catch::Contains("io_freeze_own::Bend, which is not rheo's") && Catch::Contains("mine.hpp"));
  const auto text = frozen(make_model<double>(Bent{}, Noise{1}), {.includes = {"mine/bend.hpp", "<more>"}});
  CHECK_THAT(text, Catch::Contains("\n#include \"mine/bend.hpp\"\n#include <more>\n"));
  CHECK_THAT(refusal(Bent{}, {.includes = {"a\nb"}}), Catch::Contains("the name of a header"));
  using Held = Flow<AffineCoupling<2, Mlp<5>>, io_freeze_own::Held>;
  CHECK(refusal(Held{}, {.includes = {"held.hpp"}}).empty());
  Held held;
  std::get<1>(held.layers).held = 2;
  CHECK_THAT(refusal(held, {.includes = {"held.hpp"}}),
             Catch::Contains("values of their own") && Catch::Contains(".flow"));
  CHECK(refusal(held, {.includes = {"held.hpp"}, .flow = "held::flow()"}).empty());
  using Listed = Flow<AffineCoupling<2, Mlp<5>>, io_freeze_own::Listed>;
  CHECK(refusal(Listed{}, {.includes = {"held.hpp"}}).empty());
  Listed listed;
  std::get<1>(listed.layers).list = {1, 2};
  CHECK_THAT(refusal(listed, {.includes = {"held.hpp"}}), Catch::Contains("values of their own"));
}

TEST_CASE("values of layers are in the header, where they are not those that the type gives") {
  using F = Flow<Coupling<2, RationalQuadraticSpline<4>, Mlp<5>>, StandardNormal<2>>;
  const F other{Coupling<2, RationalQuadraticSpline<4>, Mlp<5>>{RationalQuadraticSpline<4>(2.5)}, StandardNormal<2>{}};
  const auto text = frozen(make_model<double>(other, Noise{1}));
  CHECK_THAT(text, Catch::Contains("flow_from<Flow>(flow_bytes)") && Catch::Contains("std::endian::native"));
  CHECK_THAT(frozen(make_model<double>(Flow{UniformBox<2>{-1.0, 1.0}}, Noise{1})),
             Catch::Contains("flow_bytes"));                          // no default constructor at all
#if defined(__has_builtin) && __has_builtin(__builtin_clear_padding)  // else bytes that hold no value may count
  CHECK_THAT(frozen(make_model<double>(Flow<Uniform<2>>{}, Noise{1})), Catch::Contains("return Flow();"));
  CHECK_THAT(frozen(make_model<double>(F{}, Noise{1})), Catch::Contains("return Flow();"));
  CHECK(frozen(make_model<double>(other, Noise{1})) == text);
#endif
}

TEST_CASE("where bytes do not tell, numbers tell a flow with values of its own from what its type makes") {
  using Spline = RationalQuadraticSpline<4>;
  using F = Flow<Standardize<2>, Coupling<2, Spline, Mlp<5>>, AffineCoupling<2, Mlp<5>>, StandardNormal<2>>;
  const auto made_with = [](const Spline& spline) {
    auto model = make_model<double>(
        F{Standardize<2>{}, Coupling<2, Spline, Mlp<5>>{spline}, AffineCoupling<2, Mlp<5>>{}, StandardNormal<2>{}},
        Noise{1});
    for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{2}.normal(i, 0);
    return model;
  };
  CHECK(io::detail::computes_as_made(made_with(Spline())));
  CHECK_FALSE(io::detail::computes_as_made(made_with(Spline(5.01))));
}

TEST_CASE("equal models give equal headers, which include what their flows need and no more") {
  const auto model = make_model<double>(Small{}, Noise{1});
  const auto text = frozen(model);
  CHECK(frozen(model) == text);
  for (const char* header : {"flows/frozen", "layers/bijections/standardize", "layers/bijections/coupling",
                             "layers/bijections/permute", "nets/mlp", "distributions/normal"}) {
    CHECK_THAT(text, Catch::Contains("#include <rheo/" + std::string(header) + ".hpp>"));
  }
  for (const char* header : {"rheo/rheo.hpp", "training/", "/io/", "flows/model.hpp", "flows/presets/"})
    CHECK(text.find("#include <rheo/" + std::string(header)) == std::string::npos);
  CHECK(text.find('$') == std::string::npos);
  const auto strange =
      io::detail::spelled("rheo::Flow<rheo::Unheard<2>, rheo::detail::EndSlopes::one, std::array<long int, 2> >::Part");
  CHECK(strange.headers == std::vector<std::string>{"rheo/flows/flow.hpp", "rheo/rheo.hpp",
                                                    "rheo/transformers/rational_quadratic_spline.hpp"});
  CHECK(strange.foreign.empty());
}

TEST_CASE("a flow offers what it can: a bound its draws, an exact density itself and its gradient") {
  const auto exact = frozen(make_model<float>(Small{}, Noise{1}));
  CHECK_THAT(exact, Catch::Contains("Scalar log_prob(") && Catch::Contains("void score(") &&
                        Catch::Contains("void sample(") && Catch::Contains("int flow_log_prob(const float* x"));
  CHECK(exact.find("elbo") == std::string::npos);
  const auto bound = frozen(make_model<double>(presets::AugmentedFlow<2, 1, 2, Mlp<5>>{}, Noise{1}));
  CHECK_THAT(bound, Catch::Contains("Scalar elbo(") && Catch::Contains("int flow_elbo(uint64_t seed") &&
                        Catch::Contains("void sample("));
  CHECK(bound.find(" log_prob(") == std::string::npos);
  CHECK(bound.find(" score(") == std::string::npos);
}

TEST_CASE("a header that cannot be written, a model that has been moved from, buffers that no flow can use") {
  auto model = make_model<double>(Small{}, Noise{1});
  CHECK_THROWS_AS(io::freeze(model, folder() + "no/such/folder/flow.hpp", "flow"), FileError);
  model.buffers()(model.buffers().size() - 1) = 7;  // of Permute's order
  CHECK_THAT(refusal(model), Catch::Contains("buffers hold numbers"));
  const auto other = std::move(model);
  CHECK_THAT(refusal(model), Catch::Contains("moved from"));
}

}  // namespace io_freeze
