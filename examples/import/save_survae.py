# SPDX-License-Identifier: MIT
"""Weights of a flow of SurVAE's library, which is not on PyPI: github.com/didriknielsen/survae_flows.
C++: namespace s = io::survae;
     io::from_survae<Flow<s::SimpleAbsSurjection<2>, s::SoftplusInverse<2>, s::AffineCouplingBijection<2, 50>,
                          s::Reverse<2>, s::AffineCouplingBijection<2, 50>, StandardNormal<2>>>("abs.safetensors")"""

from safetensors.torch import save_file


def save(flow, path):
    """Parameters, permutations and flags under their own names."""
    save_file({name: t.detach().cpu().clone().contiguous() for name, t in flow.state_dict().items()}, path)
