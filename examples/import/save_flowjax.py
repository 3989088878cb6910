# SPDX-License-Identifier: MIT
"""A coupling flow of FlowJAX on a bent normal: `save_flowjax.py bent.safetensors` fits
it briefly and saves its weights.
C++: io::from_flowjax<io::flowjax::CouplingFlow<2, 0, 4, 32>>("bent.safetensors").  Wants flowjax, safetensors."""

import sys

import equinox as eqx
import jax
import numpy as np
from safetensors.numpy import save_file


def save(flow, path):
    """All arrays under their places in the tree; layers, which FlowJAX stacks into one array, one by one."""
    state = {}
    for place, array in jax.tree_util.tree_flatten_with_path(eqx.filter(flow, eqx.is_array))[0]:
        name, array = jax.tree_util.keystr(place, simple=True, separator="."), np.asarray(array)
        if ".bijection.bijections." not in name:
            state[name] = array
            continue
        outer, inner = name.split(".bijection.bijections.", 1)
        for k, layer in enumerate(array):
            state[f"{outer}.{k}.bijections.{inner}"] = np.ascontiguousarray(layer)
    save_file(state, path)


if __name__ == "__main__":
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow
    from flowjax.train import fit_to_data

    e = jax.random.normal(jax.random.key(1), (4000, 2))
    x = jax.numpy.stack([e[:, 0], 0.5 * e[:, 1] + e[:, 0] ** 2], 1)
    flow = coupling_flow(jax.random.key(0), base_dist=Normal(jax.numpy.zeros(2)), flow_layers=4, nn_width=32)
    flow, _ = fit_to_data(jax.random.key(2), flow, x, max_epochs=5, show_progress=False)
    save(flow, sys.argv[1])
    print(f"log p(1, 1) = {flow.log_prob(jax.numpy.ones(2)).item():.6f}")
