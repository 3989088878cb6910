// SPDX-License-Identifier: MIT
#include "run.hpp"

namespace snf {

Row real_nvp(int blocks, bool moves, const Picture& picture, const Batch<float>& data, Noise noise, const Settings& s) {
  return by_blocks(blocks, moves, RealNvpBlock<64, 64, 64>{}, picture, data, noise, s);
}

}  // namespace snf
