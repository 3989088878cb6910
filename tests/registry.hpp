// SPDX-License-Identifier: MIT
// Every layer, with the settings in which it must keep the laws.  A new layer is one line here.  Each group becomes a program of its own
// (tests/laws.cpp compiled with RHEO_GROUP), so keep groups small: the compiler works hard on every entry.
#pragma once

#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/inverse.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace rheo_test {
using namespace rheo;
using SmoothNet = MlpOf<Tanh, 9, 8>;
using SmoothCoupling = AffineCoupling<2, SmoothNet>;

// A Standardize whose moments were taken from data, so that it is not the identity.
template <Index D> struct Standardized : Standardize<D> {
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Standardize<D>::init(theta, buffers, noise);
    auto [m, d, done] = Standardize<D>::unpack_buffers(buffers);
    for (Index j = 0; j < D; ++j) m(j) = T(0.5 + static_cast<double>(j)), d(j) = T(2.0 / (1.0 + static_cast<double>(j)));
    done(0) = T(1);
  }
};

#if !defined(RHEO_GROUP) || RHEO_GROUP == 1
#define RHEO_GROUP_1(entry)                                          \
  entry("affine coupling", (SmoothCoupling{}));                      \
  entry("additive coupling", (AdditiveCoupling<3, SmoothNet>{}));    \
  entry("affine coupling, bound 1/2", (SmoothCoupling{Affine<BoundedExp>{{0.5}}}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 2
#define RHEO_GROUP_2(entry)                                                                                \
  entry("affine coupling, exp, split mask, context, ReLU", (AffineCoupling<5, Mlp<8, 8>, 2, Exp, Mask<1, 0, 1, 0, 1>>{})); \
  entry("affine coupling, softplus scale", (AffineCoupling<2, SmoothNet, 0, SoftplusScale, Mask<1, 0>>{}));  \
  entry("affine coupling, sigmoid scale, alternating mask", (AffineCoupling<4, SmoothNet, 0, SigmoidScale, AlternatingMask<4>>{}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 3
#define RHEO_GROUP_3(entry)                         \
  entry("act norm", (ActNorm<2>{}));                \
  entry("standardize", (Standardized<2>{}));        \
  entry("reverse", (Reverse<3>{}));                 \
  entry("permute", (Permute<3>{{{1, 2, 0}}}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 4
#define RHEO_GROUP_4(entry)                          \
  entry("standard normal", (StandardNormal<2>{}));   \
  entry("diagonal normal", (DiagonalNormal<1>{}));   \
  entry("full normal", (FullNormal<2>{}));           \
  entry("full normal, 4 dimensions", (FullNormal<4>{}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 5
#define RHEO_GROUP_5(entry)                                \
  entry("normal mixture", (NormalMixture<2, 3>{}));        \
  entry("normal mixture, 1 dimension", (NormalMixture<1, 4>{})); \
  entry("uniform", (Uniform<2>{}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 6
#define RHEO_GROUP_6(entry)                                                                                       \
  entry("repeat of a chain", (Repeat<3, Chain<SmoothCoupling, Reverse<2>>>{}));                                   \
  entry("inverse", (Inverse<Chain<SmoothCoupling, Permute<2>>>{Chain{SmoothCoupling{}, Permute<2>{{{1, 0}}}}})); \
  entry("flow", (Flow{Standardized<2>{}, ActNorm<2>{}, Repeat<2, Chain<AffineCoupling<2, SmoothNet, 1>, Reverse<2>>>{}, DiagonalNormal<2>{}}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 7
#define RHEO_GROUP_7(entry)                                                      \
  entry("net with SiLU", (AffineCoupling<2, MlpOf<Silu, 7, 6>>{}));              \
  entry("net with GELU", (AffineCoupling<3, MlpOf<Gelu, 7>>{}));                 \
  entry("net with softplus, wide", (AffineCoupling<12, MlpOf<Softplus, 40, 33>>{}))
#endif
#if !defined(RHEO_GROUP) || RHEO_GROUP == 8
#define RHEO_GROUP_8(entry)                                                      \
  entry("net with leaky ReLU", (AffineCoupling<2, MlpOf<LeakyRelu, 7, 6>>{}));   \
  entry("linear net", (AffineCoupling<2, MlpOf<Tanh>, 3>{}));                    \
  entry("elementwise affine", (Elementwise<2, Affine<>>{}));                     \
  entry("conditional affine", (Conditional<2, Affine<>, SmoothNet, 3>{}))
#endif

}  // namespace rheo_test
