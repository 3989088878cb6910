# SPDX-License-Identifier: MIT
"""An nflows MAF on two moons: `save_nflows.py moons.safetensors` fits it briefly and saves its weights.
C++: io::from_nflows<io::nflows::MaskedAutoregressiveFlow<2, 32, 4>>("moons.safetensors").
Wants torch, nflows, safetensors.
"""

import math
import sys

import torch
from nflows.flows import MaskedAutoregressiveFlow
from safetensors.torch import save_file


def save(flow, path):
    """Parameters, permutations, degrees and masks under their own names."""
    save_file({name: t.detach().cpu().clone().contiguous() for name, t in flow.state_dict().items()}, path)


if __name__ == "__main__":
    torch.manual_seed(0)
    flow = MaskedAutoregressiveFlow(features=2, hidden_features=32, num_layers=4, num_blocks_per_layer=2)
    adam = torch.optim.Adam(flow.parameters(), lr=2e-3)
    for step in range(300):
        angle, upper = math.pi * torch.rand(256, 1), torch.randint(2, (256, 1))
        x = (
            torch.cat([angle.cos(), angle.sin()], 1) * (2 * upper - 1)
            + upper * torch.tensor([[0.0, -0.25]])
            + torch.tensor([[0.5, 0.0]]) * (1 - 2 * upper)
        )
        loss = -flow.log_prob(x + 0.1 * torch.randn(256, 2)).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    save(flow.eval(), sys.argv[1])
    with torch.no_grad():
        print(f"log p(0.5, 0.5) = {flow.double().log_prob(torch.tensor([[0.5, 0.5]]).double()).item():.12f}")
