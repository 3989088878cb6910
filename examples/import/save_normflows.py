# SPDX-License-Identifier: MIT
"""A RealNVP of normflows on a bent normal: `save_normflows.py bent.safetensors` fits it briefly and saves its weights.
C++: namespace n = io::normflows;  using Step = Chain<n::AffineCouplingBlock<2, 32, 32>, n::Swap<2>, n::ActNorm<2>>;
     io::from_normflows<n::NormalizingFlow<n::DiagGaussian<2>, Repeat<4, Step>>>("bent.safetensors")"""

import sys

import normflows as nf
import torch
from safetensors.torch import save_file


def save(model, path):
    """Parameters, permutations and flags under their own names; a target density is not the model's."""
    state = {name: t for name, t in model.state_dict().items() if not name.startswith("p.")}
    save_file({name: t.detach().cpu().clone().contiguous() for name, t in state.items()}, path)


if __name__ == "__main__":
    torch.manual_seed(0)
    layers = []
    for _ in range(4):
        layers += [
            nf.flows.AffineCouplingBlock(nf.nets.MLP([1, 32, 32, 2], init_zeros=True)),
            nf.flows.Permute(2, mode="swap"),
            nf.flows.ActNorm(2),
        ]
    model = nf.NormalizingFlow(nf.distributions.DiagGaussian(2), layers)
    adam = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(300):
        e = torch.randn(256, 2)
        loss = model.forward_kld(torch.stack([e[:, 0], 0.5 * e[:, 1] + e[:, 0] ** 2], 1))
        adam.zero_grad()
        loss.backward()
        adam.step()
    save(model, sys.argv[1])
    with torch.no_grad():
        print(f"log p(1, 1) = {model.double().log_prob(torch.ones(1, 2).double()).item():.12f}")
