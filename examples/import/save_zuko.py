# SPDX-License-Identifier: MIT
"""A conditional spline flow of zuko on a ring of given radius: `save_zuko.py ring.safetensors` fits
it briefly and saves its weights.
C++: io::from_zuko<io::zuko::Nsf<2, 1>>("ring.safetensors").  Wants torch, zuko, safetensors."""

import math
import sys

import torch
import zuko
from safetensors.torch import save_file


def save(flow, path):
    """Parameters, orders and masks under their own names."""
    save_file({name: t.detach().cpu().clone().contiguous() for name, t in flow.state_dict().items()}, path)


if __name__ == "__main__":
    torch.manual_seed(0)
    flow = zuko.flows.NSF(features=2, context=1, transforms=3, bins=8, hidden_features=(64, 64))
    adam = torch.optim.Adam(flow.parameters(), lr=2e-3)
    for step in range(300):
        radius, angle = torch.rand(256, 1) + 0.5, 2 * math.pi * torch.rand(256, 1)
        x = radius * torch.cat([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(256, 2)
        loss = -flow(radius).log_prob(x).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
    save(flow, sys.argv[1])
    x, radius = torch.tensor([0.6, 0.8], dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    with torch.no_grad():
        print(f"log p(0.6, 0.8 given 1) = {flow.double()(radius).log_prob(x).item():.12f}")
