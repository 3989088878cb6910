// SPDX-License-Identifier: MIT
#include "run.hpp"

namespace snf {

Row nsf(int blocks, bool moves, const Picture& picture, const Batch<float>& data, Noise noise, const Settings& s) {
  return by_blocks(blocks, moves, nsf_block<64, 64, 64>(3.5), picture, data, noise, s);
}

}  // namespace snf
