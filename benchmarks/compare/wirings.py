# SPDX-License-Identifier: MIT
"""Peers of the table of wirings: nflows and zuko on the targets of wirings.cpp, at equal parameters, steps, batch and rate.
python wirings.py OUT.jsonl [seed ...]: a row a line, what OUT has already is left out.
python wirings.py --table FILE.jsonl ...: means over the seeds, a line for each structure and number of coordinates; and
the presets' gaps over their peers'."""

import json
import math
import os
import statistics
import sys
import time

PEER_OF = {
    "RealNvp": "nflows affine coupling",
    "Glow": "nflows affine coupling",
    "Nice": "nflows affine coupling",
    "Nsf": "nflows spline coupling",
    "Maf": "zuko MAF",
    "NsfAutoregressive": "zuko NSF",
}


def table(paths):
    rows = [json.loads(line) for path in paths for line in open(path)]
    models = list(dict.fromkeys(r["model"] for r in rows))
    print("%-9s %3s " % ("target", "D") + " ".join("%14s" % m.replace(" coupling", "")[:14] for m in models))
    for target, D in dict.fromkeys((r["target"], r["D"]) for r in rows):
        cells = []
        for m in models:
            gaps = [r["gap"] for r in rows if (r["model"], r["target"], r["D"]) == (m, target, D)]
            cells.append("%10.3f (%d)" % (sum(gaps) / len(gaps), len(gaps)) if gaps else "%14s" % "")
        print("%-9s %3d " % (target, D) + " ".join(cells))

    def means(model):
        gaps = {}
        for r in rows:
            if r["model"] == model:
                gaps.setdefault((r["target"], r["D"]), []).append(r["gap"])
        return {case: sum(g) / len(g) for case, g in gaps.items()}

    for model, peer in PEER_OF.items():
        own, others = means(model), means(peer)
        over = [own[case] / others[case] for case in own if case in others]
        if over:
            print(
                "%s over %s: median %.2f, least %.2f, greatest %.2f, %d of %d at or below 1"
                % (model, peer, statistics.median(over), min(over), max(over), sum(o <= 1 for o in over), len(over))
            )


if len(sys.argv) > 2 and sys.argv[1] == "--table":
    table(sys.argv[2:])
    sys.exit()

import nflows.transforms as nt  # noqa: E402
import numpy as np
import torch
import zuko
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow

ROWS, EPOCHS, BATCH, RATE, NOISE = 20000, 30, 512, 2e-3, 0.3
STRIDE = {3: 2, 5: 2, 8: 3, 20: 7}


def parent(target, k):
    """Which coordinate number k is made from; None: normal."""
    if k == 0 or (target == "blocks" and k % 2 == 0):
        return None
    return 0 if target == "star" else k - 1


def draw(target, D, n, seed):
    r = np.random.RandomState(seed)
    x = np.zeros((n, D))
    for k in range(D):
        p = parent(target, k)
        x[:, k] = r.randn(n)
        if p is not None:
            y = x[:, p]
            x[:, k] = (0.7 * y * y - 0.7 if k % 2 else np.sin(2 * y)) + NOISE * x[:, k]
    if target == "permuted":
        x = x[:, [(k * STRIDE[D] + 1) % D for k in range(D)]]
    return x.astype(np.float32)


def log_prob(target, D, rows):
    """The true log-densities of rows of draw(target)."""
    x = np.asarray(rows, dtype=np.float64)
    if target == "permuted":
        back = np.empty_like(x)
        back[:, [(k * STRIDE[D] + 1) % D for k in range(D)]] = x
        x = back
    total = np.full(len(x), -0.5 * D * math.log(2 * math.pi))
    for k in range(D):
        p = parent(target, k)
        noise = x[:, k]
        if p is not None:
            y = x[:, p]
            noise = (noise - (0.7 * y * y - 0.7 if k % 2 else np.sin(2 * y))) / NOISE
            total -= math.log(NOISE)
        total -= 0.5 * noise * noise
    return total


class Net(torch.nn.Sequential):
    """The plain net of two hidden layers that rheo's presets have, in nflows' interface."""

    def __init__(self, i, o):
        super().__init__(
            torch.nn.Linear(i, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, o)
        )
        self.hidden_features = 64

    def forward(self, x, context=None):
        return super().forward(x)


def nflows_couplings(D, layers, coupling):
    """Alternating masks with a learned LU map behind each: nflows' own form for tables; without the maps it is far worse here."""
    steps = []
    for i in range(layers):
        steps.append(coupling(torch.tensor([1 if (j + i) % 2 else -1 for j in range(D)])))
        steps.append(nt.LULinear(D, identity_init=True))
    return Flow(nt.CompositeTransform(steps), StandardNormal([D]))


def spline(mask):
    return nt.PiecewiseRationalQuadraticCouplingTransform(mask, Net, num_bins=8, tails="linear", tail_bound=5.0)


def affine(mask):
    return nt.AffineCouplingTransform(mask, Net)


PEERS = {
    "nflows affine coupling": lambda D: nflows_couplings(D, 8, affine),
    "nflows spline coupling": lambda D: nflows_couplings(D, 4, spline),
    "zuko MAF": lambda D: zuko.flows.MAF(features=D, transforms=5, hidden_features=(64, 64)),
    "zuko NSF": lambda D: zuko.flows.NSF(features=D, transforms=3, hidden_features=(64, 64), bins=8),
}


def run(peer, target, D, seed):
    torch.manual_seed(seed)
    data, fresh = draw(target, D, ROWS, 10 * seed + 1), draw(target, D, ROWS, 10 * seed + 2)
    split = ROWS * 9 // 10
    mean, deviation = data[:split].mean(0), data[:split].std(0)
    train, held, test = (torch.tensor((a - mean) / deviation) for a in (data[:split], data[split:], fresh))
    model = PEERS[peer](D)
    log_prob_of = (lambda x: model().log_prob(x)) if peer.startswith("zuko") else model.log_prob
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    best, state, start = math.inf, None, time.time()
    for _ in range(EPOCHS):
        order = torch.randperm(split)
        for i in range(0, split, BATCH):
            optimizer.zero_grad()
            loss = -log_prob_of(train[order[i : i + BATCH]]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        with torch.no_grad():
            now = -log_prob_of(held).mean().item()
        if now < best:
            best, state = now, {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(state)
    with torch.no_grad():
        model_log_prob = log_prob_of(test).double().numpy() - float(np.log(deviation).sum())
    gap = float(
        (log_prob(target, D, fresh) - model_log_prob).mean()
    )  # row by row: the sample's own entropy is not in it
    return {
        "model": peer,
        "target": target,
        "D": D,
        "seed": seed,
        "gap": round(gap, 4),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(time.time() - start, 1),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    out = sys.argv[1]
    done = set()
    if os.path.exists(out):
        done = {(r["model"], r["target"], r["D"], r["seed"]) for r in map(json.loads, open(out))}
    for seed in [int(s) for s in sys.argv[2:]] or [1, 2, 3]:
        for D in STRIDE:
            for target in ("chain", "permuted", "star", "blocks"):
                for peer in PEERS:
                    if (peer, target, D, seed) not in done:
                        row = run(peer, target, D, seed)
                        with open(out, "a") as f:
                            f.write(json.dumps(row) + "\n")
                        print(row, flush=True)
