// SPDX-License-Identifier: MIT
// The playground's targets and flows: what each is called, what is said of it, and its type as a program would write
// it.
#pragma once

#include <string>

#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/flows/presets/diffusions.hpp>
#include <rheo/flows/presets/latent_variable_flows.hpp>
#include <rheo/flows/presets/sampling_flows.hpp>
#include <rheo/flows/presets/surjective_flows.hpp>
#include <rheo/targets/grid_energy.hpp>
#include <rheo/targets/table.hpp>
#include <rheo/training/denoising.hpp>

namespace playground {
using namespace rheo;

// A flow's type and the same as text, from one place.
#define PLAYGROUND_TYPE(name, ...) \
  using name = __VA_ARGS__;        \
  inline constexpr const char* name##_text = #__VA_ARGS__

PLAYGROUND_TYPE(SplineFlow, presets::Nsf<2, 4>);
PLAYGROUND_TYPE(AffineFlow, presets::RealNvp<2, 8>);
PLAYGROUND_TYPE(AbsFlow, presets::AbsFlow<2, 8, Mlp<64, 64>, SoftplusInverseMap<2>, Given<family::Bernoulli, Mlp<32>>>);
PLAYGROUND_TYPE(IndexedFlow, presets::Cif<presets::RealNvp<2, 5, Mlp<40, 40>>>);
PLAYGROUND_TYPE(StochasticBlock, presets::RealNvpBlock<2, BasicMlp<Relu, UniformLast, 48, 48>>);
PLAYGROUND_TYPE(StochasticFlow, presets::Snf<3, StochasticBlock, targets::GridEnergy, moves::Metropolis<10>>);
PLAYGROUND_TYPE(
    Diffusion,
    presets::Ddpm<2, 40, Velocity<BasicMlp<Silu, WideZeroLast, 64, 64, 64>, FourierTime<4>, FourierPoint<3>>>);

#undef PLAYGROUND_TYPE

inline StochasticFlow stochastic_flow(const targets::Target& target) {
  return presets::snf<3, StochasticBlock>(targets::GridEnergy(target, 12), moves::Metropolis<10>{0.25});
}

struct FlowText {
  const char *name, *title, *words, *type;
  double rate;         ///< learning rate to begin with
  bool bound;          ///< its log-density is a lower bound
  bool energy;         ///< it wants the target's energy, so that points alone are not enough
  bool nats;           ///< its training loss is a negative log-density, or a bound of one
  const char* no_map;  ///< why there is no image of a latent grid, or null
};

inline constexpr FlowText flow_texts[] = {
    {"spline", "Spline coupling",
     "Four couplings bend one coordinate at a time by a rational-quadratic spline. Exact, one to one.", SplineFlow_text,
     2e-3, false, false, true, nullptr},
    {"affine", "Affine coupling",
     "Eight couplings shift and scale one coordinate at a time (RealNVP). Exact, one to one.", AffineFlow_text, 2e-3,
     false, false, true, nullptr},
    {"abs", "Abs surjection",
     "The plane is folded to its moduli, which affine couplings learn; a net learns the odds of the signs. Exact.",
     AbsFlow_text, 2e-3, false, false, true, nullptr},
    {"cif", "CIF", "Continuously indexed flow: a drawn number chooses among affine couplings at every step. A bound.",
     IndexedFlow_text, 5e-3, true, false, true, "every step draws a number: a latent point has many images"},
    {"snf", "SNF",
     "Stochastic normalizing flow: Metropolis moves on the target's energy between affine couplings. A bound.",
     StochasticFlow_text, 2e-3, true, true, true, "moves at random stand between the couplings"},
    {"diffusion", "Diffusion", "Forty steps of noise, and a net that learns to take it off (DDPM). A bound.",
     Diffusion_text, 2e-3, true, false, false, "every step adds noise of its own"},
};

/// The flow of that name; std::invalid_argument where there is none.
inline const FlowText& flow_text(const std::string& name) {
  for (const FlowText& f : flow_texts) {
    if (f.name == name) return f;
  }
  rheo::detail::fail("no flow is called \"" + name + "\"");
}

struct TargetText {
  const char *name, *title;
  targets::Target (*make)();
};

inline constexpr TargetText target_texts[] = {
    {"moons", "Two moons", targets::target<targets::Moons>},
    {"eight_gaussians", "Eight Gaussians", targets::target<targets::EightGaussians>},
    {"checkerboard", "Checkerboard", targets::target<targets::Checkerboard>},
    {"two_spirals", "Two spirals", targets::target<targets::TwoSpirals>},
    {"pinwheel", "Pinwheel", targets::target<targets::Pinwheel>},
    {"swiss_roll", "Swiss roll", targets::target<targets::SwissRoll>},
    {"four_circles", "Four circles", targets::target<targets::FourCircles>},
    {"rings", "Rings", targets::target<targets::Rings>},
    {"two_uniforms", "Two uniform squares", targets::target<targets::TwoUniforms>},
    {"annulus", "Annulus", targets::target<targets::Annulus>},
};

/// The target of that name; std::invalid_argument where there is none.
inline targets::Target make_target(const std::string& name) {
  for (const TargetText& t : target_texts) {
    if (t.name == name) return t.make();
  }
  rheo::detail::fail("no target is called \"" + name + "\"");
}

/// body(flow, text, objective) for the flow of that name; one that wants an energy takes the target's.
template <class Body> auto with_flow(const std::string& name, const targets::Target& target, Body body) {
  const FlowText& text = flow_text(name);
  if (name == "spline") return body(SplineFlow{}, text, MaximumLikelihood{});
  if (name == "affine") return body(AffineFlow{}, text, MaximumLikelihood{});
  if (name == "abs") return body(AbsFlow{}, text, MaximumLikelihood{});
  if (name == "cif") return body(IndexedFlow{}, text, MaximumLikelihood{});
  if (name == "snf") return body(stochastic_flow(target), text, MaximumLikelihood{});
  return body(Diffusion{}, text, VelocityDenoising{});
}

/// How a program reads a downloaded model: the line that the page shows.
inline std::string load_text(const FlowText& flow, const std::string& target) {
  const std::string text = flow.name;
  if (text != "snf")
    return "auto model = io::load<Model<" + std::string(flow.type) + ", float>>(\"" + text + ".safetensors\");";
  return "using Block = " + std::string(StochasticBlock_text) + ";\n" +
         "using Flow = presets::Snf<3, Block, targets::GridEnergy, moves::Metropolis<10>>;\n" +
         "targets::GridEnergy energy(targets::find(\"" + target + "\"), 12);\n" +
         "auto model = io::load<Model<Flow, float>>(\"snf.safetensors\",\n" +
         "                                          presets::snf<3, Block>(energy, moves::Metropolis<10>{0.25}));";
}

}  // namespace playground
