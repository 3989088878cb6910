#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""rheo beside compiled graphs: JAX under jit (flows written by hand in the fewest operations, and FlowJAX), PyTorch under
torch.compile (by hand, nflows, zuko), on one core, in turn.

    peers.py run WORKLOADS ROWS.jsonl [--only W1,W2] [--peers raw_jax,zuko] [--seconds 2]
                                  measures what ROWS does not hold yet
    peers.py table ROWS.jsonl [--page README.md] [--note "nothing beside it"]
                                  prints the ratios, and writes them with what they are, and what is to be noted of the
                                  sitting, into a page

WORKLOADS is the program benchmarks/speed/workloads.  Each peer is timed in a process of its own between two runs of
ours on the same core; the ratio is its median over the mean of ours before and after, per row of data.  A peer's figure
is its best form: whole or in chunks of 4096 rows, 50 steps in one compiled call or one, eager or compiled.  A step is
zero-grad, mean negative log-likelihood, gradient, Adam, on a slice of resident data; compiling is not counted.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys

# workload: kind, D, layers, hidden widths, {measure: our row and its rows of data}
WORKLOADS = {
    "W1": (
        "affine",
        2,
        8,
        (64, 64),
        {"train 256": 256, "train 1024": 1024, "log_prob 100 k": 100000, "sample 100 k": 100000, "log_prob 1": 1},
    ),
    "W2": (
        "splines",
        2,
        4,
        (64, 64),
        {"train 256": 256, "train 1024": 1024, "log_prob 100 k": 100000, "sample 100 k": 100000, "log_prob 1": 1},
    ),
    "W3, D = 8": ("splines", 8, 8, (128, 128), {"train 512": 512, "log_prob 20 k": 20000, "sample 20 k": 20000}),
    "W3, D = 64": ("splines", 64, 8, (128, 128), {"train 512": 512, "log_prob 20 k": 20000, "sample 20 k": 20000}),
    "W4 affine": ("masked affine", 8, 5, (128, 128), {"train 512": 512, "log_prob 10 k": 10000, "sample 10 k": 10000}),
    "W4 splines": (
        "masked splines",
        8,
        5,
        (128, 128),
        {"train 512": 512, "log_prob 10 k": 10000, "sample 10 k": 10000},
    ),
    "W5, H = 64": ("residual", 2, 8, (64, 64), {"train 256": 256, "log_prob 10 k": 10000, "sample 10 k": 10000}),
    "W8, eight steps,": (
        "continuous",
        2,
        8,
        (64, 64),
        {"train 256": 256, "log_prob 10 k": 10000, "sample 10 k": 10000},
    ),
    "W9": ("diffusion", 2, 100, (64, 64), {"train 256": 256, "sample 10 k": 10000}),
    "W7": ("metropolis", 2, 10, (), {"Metropolis, 10 moves of 10 k": 10000, "Metropolis, 10 moves of 1 k": 1000}),
}
PAGE = """`cmake --workflow --preset peers` measures and prints this table anew. Flows by hand in the fewest operations
(`raw`), FlowJAX, nflows and zuko, under jit or torch.compile, each in its best form: whole or in chunks of 4096 rows,
50 steps in one compiled call or one, eager or compiled. Each is timed in a process of its own between two runs of ours
on the same core; a step is zero-grad, mean negative log-likelihood (of the diffusion its denoising loss), gradient,
Adam. An empty cell: no such peer was written.

- W1: affine couplings, D = 2, 8 layers of 64-64. W2: spline couplings, D = 2, 4 layers. W3: spline couplings, D = 8 and
  64, 8 layers of 128-128. W4: masked autoregressive, D = 8, 5 layers of 128-128. W5: residual flow, 8 blocks of 64-64,
  exact determinant. W8: continuous flow of 64-64, eight steps of Runge and Kutta's, exact trace. W9: diffusion of 100
  steps, 64-64. W7: ten Metropolis moves on two moons. W5 to W9: D = 2. (W6 is ours alone.)
- Draws are draws alone, without their densities.
"""
JAX, TORCH = ("raw_jax", "flowjax"), ("raw_torch", "nflows", "zuko")


def ours(program, name, measures):
    """seconds a row of each measure, and its share of the core's multiply-add rate, by one run of our workloads"""
    wanted = "|".join(name + " " + m for m in measures)  # no sign of theirs means anything in an expression
    out = subprocess.run(
        [program, "--benchmark_filter=^(%s)$" % wanted], capture_output=True, text=True, check=True
    ).stdout
    unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}
    found = {}
    for line in out.splitlines():
        cells = [c.strip() for c in line.split("|")]
        if len(cells) > 4 and cells[1].startswith(name + " "):
            value, u = cells[2].split()
            measure = cells[1][len(name) + 1 :]
            share = float(cells[5].rstrip("% ")) / 100 if cells[5] else None
            found[measure] = (float(value) * unit[u] / measures[measure], share)
    return found


def run(args):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    done = set()
    if os.path.exists(args.rows):
        done = {(r["workload"], r["peer"]) for r in map(json.loads, open(args.rows))}
    for name, (kind, d, layers, hidden, measures) in WORKLOADS.items():
        for peer in JAX + TORCH:
            if (
                (name, peer) in done
                or (args.only and name.split(",")[0] not in args.only.split(","))
                or (args.peers and peer not in args.peers.split(","))
            ):
                continue
            before = ours(args.program, name, measures)
            env = dict(
                os.environ,
                OMP_NUM_THREADS="1",
                XLA_FLAGS="--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
            )
            child = subprocess.run(
                [sys.executable, __file__, "one", name, peer, str(args.seconds)],
                capture_output=True,
                text=True,
                env=env,
            )
            sys.stderr.write(child.stderr if "Error" in child.stderr else "")
            after = ours(args.program, name, measures)
            result = (
                json.loads(child.stdout.splitlines()[-1]) if child.returncode == 0 else {"best": {}, "failed": True}
            )
            with open(args.rows, "a") as f:
                f.write(
                    json.dumps(
                        dict(
                            workload=name,
                            peer=peer,
                            machine=machine(),
                            date=str(datetime.date.today()),
                            **result,
                            ours={m: (before[m][0] + after[m][0]) / 2 for m in before},
                            share={m: (before[m][1] + after[m][1]) / 2 for m in before if before[m][1]}
                        )
                    )
                    + "\n"
                )
            print(
                name,
                peer,
                {m: "%.2f" % (2 * t / (before[m][0] + after[m][0])) for m, (t, _) in result["best"].items()},
                flush=True,
            )


def one(args):
    kind, d, layers, hidden, measures = WORKLOADS[args.workload]
    from common import Clock

    if args.peer in JAX:
        from jax_peers import measure
    else:
        from torch_peers import measure
    clock = Clock(args.seconds)
    measure(args.peer, kind, d, layers, hidden, measures, clock)
    names = {
        "raw_jax": ["jax"],
        "flowjax": ["flowjax"],
        "raw_torch": ["torch"],
        "nflows": ["nflows"],
        "zuko": ["zuko"],
    }[args.peer]
    print(json.dumps({"best": clock.best, "versions": {n: importlib.metadata.version(n) for n in names}}))


def machine():
    found = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read()) if platform.system() == "Linux" else None
    return found.group(1) if found else platform.processor()


def table(args):
    rows = [json.loads(line) for line in open(args.rows)]
    versions = {k: v for r in rows for k, v in r.get("versions", {}).items()}
    conditions = (
        ", ".join(sorted({r["machine"] for r in rows})),
        ", ".join("%s %s" % v for v in sorted(versions.items())),
        max(r["date"] for r in rows),
    )
    lines = [
        "%s, one core; %s; %s" % conditions + ("; " + args.note if args.note else ""),
        "",
        "A peer's time over rheo's; above 1, rheo is faster. Of peak: the multiply-adds of the dense layers over what this",
        "core can make in the time, where their number is known (not of masked nets, half of which rheo leaves out, nor of",
        "a search for a root). A ratio over that share is the most that any program could reach.",
        "",
        "| workload | rheo | of peak | " + " | ".join(JAX + TORCH) + " |",
        "|---|---|---|" + "---|" * len(JAX + TORCH),
    ]
    for name, (kind, _, _, _, measures) in WORKLOADS.items():
        for m, n in measures.items():
            mine = {r["peer"]: r for r in rows if r["workload"] == name}
            own = sorted(r["ours"][m] for r in mine.values() if m in r["ours"])
            shares = sorted(r["share"][m] for r in mine.values() if m in r["share"])
            if kind.startswith("masked") or (kind == "residual" and m.startswith("sample")):
                shares = []
            if not own:
                continue
            cells = [
                (
                    "%.2f, %s" % (r["best"][m][0] / r["ours"][m], r["best"][m][1])
                    if r and m in r["best"]
                    else "failed" if r and r.get("failed") else ""
                )
                for r in (mine.get(p) for p in JAX + TORCH)
            ]
            t = own[len(own) // 2] * n
            time = "%.1f us" % (t * 1e6) if t < 1e-3 else "%.1f ms" % (t * 1e3)
            share = "%.0f %%" % (100 * shares[len(shares) // 2]) if shares else ""
            lines.append("| %s %s | %s | %s | %s |" % (name, m, time, share, " | ".join(cells)))
    print("\n".join(lines))
    if args.page:
        with open(args.page, "w") as f:
            f.write("# Beside compiled graphs\n\n" + PAGE + "\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(required=True)
    mode = modes.add_parser("run")
    mode.add_argument("program"), mode.add_argument("rows"), mode.add_argument("--only"), mode.add_argument(
        "--peers"
    ), mode.add_argument("--seconds", type=float, default=2.0)
    mode.set_defaults(go=run)
    mode = modes.add_parser("one")
    mode.add_argument("workload"), mode.add_argument("peer"), mode.add_argument("seconds", type=float)
    mode.set_defaults(go=one)
    mode = modes.add_parser("table")
    mode.add_argument("rows"), mode.add_argument("--page"), mode.add_argument("--note")
    mode.set_defaults(go=table)
    args = parser.parse_args()
    args.go(args)
