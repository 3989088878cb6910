// SPDX-License-Identifier: MIT
// One cell of the image study: training by example, draws, divergence.
#pragma once

#include "../snf_blocks.hpp"
#include "picture.hpp"

namespace snf {

template <class F>
Row run(const F& flow, const Picture& picture, const Batch<float>& data, Noise noise, const Settings& s) {
  auto model = make_model<float>(flow, noise.fork(0));
  const Trained t =
      train(model, data, MaximumLikelihood{}, s.steps, s.batch, noise.fork(1), [&](int) { return s.rate; });
  const auto begin = std::chrono::steady_clock::now();
  const double divergence = picture.divergence(model.sample(s.samples, noise.fork(2)));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {divergence, -model.elbo(data.topRows(std::min<Index>(10'000, data.rows())).eval(), noise.fork(3)).mean(),
          t.acceptance, t.seconds, seconds};
}

/// The number of blocks at run time.
template <class Block>
Row by_blocks(int blocks, bool moves, const Block& block, const Picture& picture, const Batch<float>& data, Noise noise,
              const Settings& s) {
  Row row{};
  auto with = [&]<int n>(std::integral_constant<int, n>) {
    if (n != blocks) return;
    if (moves)
      row = run(presets::snf<n, Block>(PictureEnergy(picture), rheo::moves::Metropolis<10>{0.1}, block), picture, data,
                noise, s);
    else row = run(Flow<Repeat<n, Block>, StandardNormal<2>>(Repeat<n, Block>(block), {}), picture, data, noise, s);
  };
  with(std::integral_constant<int, 1>{});
  with(std::integral_constant<int, 2>{});
  with(std::integral_constant<int, 3>{});
  with(std::integral_constant<int, 4>{});
  with(std::integral_constant<int, 6>{});
  with(std::integral_constant<int, 8>{});
  return row;
}

}  // namespace snf
