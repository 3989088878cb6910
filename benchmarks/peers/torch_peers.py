# SPDX-License-Identifier: MIT
"""The workloads in PyTorch: affine couplings by hand, nflows, zuko; eager and under torch.compile."""

import math
from functools import partial

from common import BINS, BOUND, CHUNK, data

import torch
from torch import nn


def model(peer, kind, d, layers, hidden):
    """(module, log_prob, sample), or None where the peer has no such flow"""

    class Net(nn.Sequential):
        def __init__(self, i, o):
            sizes = (i,) + tuple(hidden)
            super().__init__(
                *[part for a, b in zip(sizes[:-1], sizes[1:]) for part in (nn.Linear(a, b), nn.ReLU())],
                nn.Linear(sizes[-1], o)
            )
            self.hidden_features = hidden[-1]  # nflows asks for it

        def forward(self, x, context=None):
            return super().forward(x)

    class Raw(nn.Module):
        """affine couplings in the fewest operations"""

        def __init__(self):
            super().__init__()
            self.m = d // 2
            self.nets = nn.ModuleList(Net(self.m, 2 * self.m) for _ in range(layers))

        def forward(self, x):
            a, b, v = x[:, : self.m], x[:, self.m :], 0
            for net in self.nets:
                s, t = net(a).chunk(2, 1)
                s = torch.tanh(s)
                a, b, v = b * torch.exp(s) + t, a, v + s.sum(1)
            return v - 0.5 * (a * a + b * b).sum(1) - self.m * math.log(2 * math.pi)

        def inverse(self, n):
            z = torch.randn(n, d)
            a, b = z[:, : self.m], z[:, self.m :]
            for net in reversed(self.nets):
                s, t = net(b).chunk(2, 1)
                a, b = b, (a - t) * torch.exp(-torch.tanh(s))
            return torch.cat([a, b], 1)

    if peer == "raw_torch":
        m = Raw() if kind == "affine" else None
        return m and (m, m, m.inverse)
    if peer == "nflows":
        import nflows.transforms as T
        from nflows.distributions.normal import StandardNormal
        from nflows.flows.base import Flow

        parts = []
        for i in range(layers):
            mask = torch.tensor([1 if (j + i) % 2 else -1 for j in range(d)])
            splines, made = dict(num_bins=BINS, tails="linear", tail_bound=BOUND), dict(
                features=d, hidden_features=hidden[0], num_blocks=1, use_residual_blocks=False
            )
            parts.append(
                {
                    "affine": lambda: T.AffineCouplingTransform(mask, Net),
                    "splines": lambda: T.PiecewiseRationalQuadraticCouplingTransform(mask, Net, **splines),
                    "masked affine": lambda: T.MaskedAffineAutoregressiveTransform(**made),
                    "masked splines": lambda: T.MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
                        **splines, **made
                    ),
                }[kind]()
            )
            if kind.startswith("masked"):
                parts.append(T.ReversePermutation(d))
        m = Flow(T.CompositeTransform(parts), StandardNormal([d]))
        return m, m.log_prob, m.sample
    import zuko
    from zuko.transforms import MonotonicRQSTransform

    common = dict(features=d, transforms=layers, hidden_features=tuple(hidden))
    m = {
        "affine": lambda: zuko.flows.coupling.NICE(**common),
        "splines": lambda: zuko.flows.coupling.NICE(
            univariate=partial(MonotonicRQSTransform, bound=BOUND), shapes=[(BINS,), (BINS,), (BINS - 1,)], **common
        ),
        "masked affine": lambda: zuko.flows.MAF(**common),
        "masked splines": lambda: zuko.flows.NSF(bins=BINS, **common),
    }[kind]()
    return m, (lambda x: m().log_prob(x)), (lambda n: m().sample((n,)))


def measure(peer, kind, d, layers, hidden, measures, clock):
    if kind in ("residual", "metropolis", "continuous", "diffusion") or model(peer, kind, d, layers, hidden) is None:
        return
    torch.set_num_threads(1)
    x = torch.tensor(data(d, 100000 if d == 2 else 20000))
    for form in ("eager", "compiled"):
        torch._dynamo.reset()
        compiled = torch.compile if form == "compiled" else (lambda f: f)
        for measure, n in measures.items():
            m, log_prob, sample = model(peer, kind, d, layers, hidden)
            if measure.startswith("train"):
                adam, loss, at = (
                    torch.optim.Adam(m.parameters(), lr=1e-3, foreach=True),
                    compiled(lambda rows: -log_prob(rows).mean()),
                    [0],
                )

                def step():
                    at[0] = (at[0] + n) % (x.shape[0] - n)
                    adam.zero_grad(set_to_none=True)
                    loss(x[at[0] : at[0] + n]).backward()
                    adam.step()

                clock(measure, form, n, step)
                continue
            with torch.no_grad():
                count = n // CHUNK * CHUNK if n > CHUNK else n
                f = compiled(log_prob if measure.startswith("log_prob") else sample)
                parts = (
                    [rows.contiguous() for rows in x[:count].split(CHUNK)]
                    if measure.startswith("log_prob")
                    else [CHUNK] * (count // CHUNK)
                )
                clock(measure, form, count, lambda: [f(part) for part in parts])
