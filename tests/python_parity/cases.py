# SPDX-License-Identifier: MIT
"""Real models with random weights and what they make of random numbers: `cases.py <folder> <library>...` writes
<case>.safetensors, by the scripts of examples/import, and <case>.case.safetensors with x, context, noise, log_prob, z
and sample, all in float64.  python_parity.cpp imports and compares."""

import os
import sys

import numpy as np
from safetensors.numpy import save_file

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "import"))
ROWS = 200


class Cases:
    def __init__(self, folder):
        self.folder, self.random = folder, np.random.default_rng(7)

    def numbers(self, columns, scale=1.0):
        return scale * self.random.standard_normal((ROWS, columns))

    def write(self, name, save, model, D, C, evaluate):
        x, noise = self.numbers(D, 1.5), self.numbers(D)
        context = self.numbers(C) if C else None
        log_prob, z, sample = (np.asarray(a, dtype=np.float64) for a in evaluate(x, noise, context))
        for what in (log_prob, z, sample):
            assert np.isfinite(what).all(), name
        save(model, os.path.join(self.folder, name + ".safetensors"))
        case = {"x": x, "noise": noise, "log_prob": log_prob, "z": z, "sample": sample}
        if C:
            case["context"] = context
        save_file(
            {k: np.ascontiguousarray(v) for k, v in case.items()}, os.path.join(self.folder, name + ".case.safetensors")
        )
        print(f"{name}: log p from {log_prob.min():.2f} to {log_prob.max():.2f}", flush=True)

    def torch(self, name, save, model, D, C, evaluate, scale=0.3):
        """Every parameter drawn anew."""
        import torch

        model = model.double().eval()
        with torch.no_grad():
            for p in model.parameters():
                p.copy_(torch.from_numpy(scale * self.random.standard_normal(tuple(p.shape))))

            def of_arrays(*arrays):
                return [
                    t.numpy() for t in evaluate(model, *(None if a is None else torch.from_numpy(a) for a in arrays))
                ]

            self.write(name, save, model, D, C, of_arrays)


def zuko(cases):
    import torch
    from save_zuko import save
    import zuko
    from zuko.distributions import DiagNormal
    from zuko.flows import MAF, NICE, NSF, GeneralCouplingTransform, MaskedAutoregressiveTransform
    from zuko.lazy import Flow, UnconditionalDistribution

    def evaluate(flow, x, noise, context):
        t = flow(context)
        return t.log_prob(x), t.transform(x), t.transform.inv(noise)

    def case(name, flow, D, C):
        cases.torch("zuko_" + name, save, flow, D, C, evaluate, 0.15)

    case("maf", MAF(5), 5, 0)
    case("maf_context", MAF(4, 3, transforms=2, hidden_features=(37, 50)), 4, 3)
    case("maf_uneven", MAF(6, transforms=5, hidden_features=(13,)), 6, 0)
    case("nsf", NSF(3), 3, 0)
    case("nsf_context", NSF(2, 5, bins=5, hidden_features=(20, 30, 40)), 2, 5)
    case("nsf_one", NSF(1, 2, transforms=2), 1, 2)
    case("nice", NICE(4, transforms=4), 4, 0)
    case("nice_context", NICE(5, 2, hidden_features=(24,)), 5, 2)
    own = [
        MaskedAutoregressiveTransform(
            4, order=torch.tensor([2, 0, 3, 1]), hidden_features=(30, 31), activation=torch.nn.Tanh
        ),
        GeneralCouplingTransform(
            4,
            mask=[True, False, False, True],
            hidden_features=(16, 16),
            univariate=zuko.transforms.MonotonicRQSTransform,
            shapes=[(6,), (6,), (5,)],
        ),
    ]
    case(
        "own",
        Flow(own, UnconditionalDistribution(DiagNormal, loc=torch.zeros(4), scale=torch.ones(4), buffer=True)),
        4,
        0,
    )


def nflows(cases):
    import torch
    from save_nflows import save
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow, MaskedAutoregressiveFlow, SimpleRealNVP
    from nflows.nn.nets import ResidualNet
    from nflows.transforms import (
        CompositeTransform,
        LULinear,
        MaskedAffineAutoregressiveTransform,
        PiecewiseRationalQuadraticCouplingTransform,
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
        RandomPermutation,
        ReversePermutation,
    )

    def evaluate(flow, x, noise, context):
        return (
            flow.log_prob(x, context),
            flow.transform_to_noise(x, context),
            flow._transform.inverse(noise, context)[0],
        )

    def case(name, flow, D, C=0):
        cases.torch("nflows_" + name, save, flow, D, C, evaluate, 0.2)

    def spline(mask, hidden, context, bins, bound):
        return PiecewiseRationalQuadraticCouplingTransform(
            mask,
            lambda a, b: ResidualNet(a, b, hidden_features=hidden, context_features=context, num_blocks=2),
            num_bins=bins,
            tails="linear",
            tail_bound=bound,
        )

    torch.manual_seed(3)
    case("maf", MaskedAutoregressiveFlow(4, 20, 3, 2), 4)
    case(
        "maf_feedforward",
        MaskedAutoregressiveFlow(5, 18, 2, 2, use_residual_blocks=False, use_random_permutations=True),
        5,
    )
    case("real_nvp", SimpleRealNVP(5, 16, 4, 1), 5)
    case("additive", SimpleRealNVP(4, 16, 3, 2, use_volume_preserving=True), 4)
    case(
        "spline_coupling",
        Flow(
            CompositeTransform(
                [spline([-1, 1, 1], 24, None, 8, 3.0), LULinear(3), spline([1, -1, 1], 24, None, 8, 3.0), LULinear(3)]
            ),
            StandardNormal([3]),
        ),
        3,
    )
    nested = [
        CompositeTransform(
            [MaskedAffineAutoregressiveTransform(3, 17, context_features=2, num_blocks=2), RandomPermutation(3)]
        ),
        CompositeTransform(
            [
                MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
                    3, 14, context_features=2, num_bins=6, tails="linear", tail_bound=4.0, num_blocks=1
                ),
                ReversePermutation(3),
            ]
        ),
        spline([1, -1, 1], 12, 2, 5, 2.5),
    ]
    case("context", Flow(CompositeTransform(nested), StandardNormal([3])), 3, 2)


def normflows(cases):
    import torch
    from save_normflows import save
    import normflows as nf

    def evaluate(model, x, noise, _):
        return model.log_prob(x), model.inverse(x), model.forward(noise)

    def case(name, layers, D):
        model = nf.NormalizingFlow(nf.distributions.DiagGaussian(D), layers)
        for flow in layers:
            if isinstance(flow, nf.flows.ActNorm):
                flow.data_dep_init_done.fill_(1.0)
        cases.torch("normflows_" + name, save, model, D, 0, evaluate, 0.2)

    torch.manual_seed(4)
    block = lambda D: nf.flows.AffineCouplingBlock(nf.nets.MLP([(D + 1) // 2, 24, 16, 2 * (D // 2)]))
    case(
        "real_nvp", [f for _ in range(4) for f in (block(5), nf.flows.Permute(5, mode="swap"), nf.flows.ActNorm(5))], 5
    )
    case("shuffle", [f for _ in range(3) for f in (block(4), nf.flows.Permute(4, mode="shuffle"))], 4)
    masked = lambda D, b: nf.flows.MaskedAffineFlow(b, nf.nets.MLP([D, 12, 10, D]), nf.nets.MLP([D, 12, 10, D]))
    b = torch.tensor([1.0, 0.0, 1.0])
    case("masked_affine", [masked(3, b), nf.flows.ActNorm(3), masked(3, 1 - b), nf.flows.ActNorm(3)], 3)


def flowjax(cases):
    import jax

    jax.config.update("jax_enable_x64", True)
    import equinox as eqx
    import jax.numpy as jnp
    from flowjax.distributions import Normal, StandardNormal
    from flowjax.flows import coupling_flow, masked_autoregressive_flow
    from paramax import unwrap
    from save_flowjax import save

    def case(name, make, D, C, base, **arguments):
        flow = make(jax.random.key(5), base_dist=base, cond_dim=C or None, **arguments)
        drawn, rest = eqx.partition(flow, eqx.is_inexact_array)
        flow = eqx.combine(
            jax.tree_util.tree_map(lambda a: jnp.asarray(0.3 * cases.random.standard_normal(a.shape)), drawn), rest
        )

        def evaluate(x, noise, context):
            bijection = unwrap(flow).bijection
            rows = (
                (jnp.asarray(x), jnp.asarray(noise))
                if context is None
                else (jnp.asarray(x), jnp.asarray(noise), jnp.asarray(context))
            )
            return (
                flow.log_prob(rows[0], *rows[2:]),
                jax.vmap(bijection.inverse)(rows[0], *rows[2:]),
                jax.vmap(bijection.transform)(rows[1], *rows[2:]),
            )

        cases.write("flowjax_" + name, save, flow, D, C, evaluate)

    case("coupling", coupling_flow, 2, 0, Normal(jnp.zeros(2)))
    case("coupling_context", coupling_flow, 5, 2, StandardNormal((5,)), flow_layers=4, nn_width=20, nn_depth=2)
    case("coupling_forward", coupling_flow, 3, 0, Normal(jnp.zeros(3)), flow_layers=3, nn_width=11, invert=False)
    case("maf", masked_autoregressive_flow, 4, 0, Normal(jnp.zeros(4)), flow_layers=3, nn_width=20)
    case("maf_context", masked_autoregressive_flow, 3, 2, StandardNormal((3,)), flow_layers=4, nn_width=17, nn_depth=2)
    case(
        "maf_forward", masked_autoregressive_flow, 3, 0, Normal(jnp.zeros(3)), flow_layers=2, nn_width=16, invert=False
    )


def survae(cases):
    """Not on PyPI: for who has it."""
    import torch
    from torch import nn
    from save_survae import save
    from survae.distributions import StandardNormal
    from survae.flows import Flow
    from survae.nn.layers import ElementwiseParams
    from survae.nn.nets import MLP
    from survae.transforms import ActNormBijection, AffineCouplingBijection, Reverse, Shuffle

    def evaluate(flow, x, noise, _):
        z, v = x, 0
        for t in flow.transforms:
            z, ldj = t(z)
            v = v + ldj
        sample = noise
        for t in reversed(flow.transforms):
            sample = t.inverse(sample)
        return flow.base_dist.log_prob(z) + v, z, sample

    torch.manual_seed(6)
    coupling = lambda: AffineCouplingBijection(nn.Sequential(MLP(3, 4, hidden_units=[20, 12]), ElementwiseParams(2)))
    layers = [coupling(), ActNormBijection(5), Reverse(5), coupling(), Shuffle(5), coupling()]
    cases.torch("survae_affine", save, Flow(StandardNormal((5,)), layers), 5, 0, evaluate, 0.2)


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for library in sys.argv[2:]:
        {"zuko": zuko, "nflows": nflows, "normflows": normflows, "flowjax": flowjax, "survae": survae}[library](
            Cases(sys.argv[1])
        )
