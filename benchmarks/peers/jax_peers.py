# SPDX-License-Identifier: MIT
"""The workloads in JAX: flows by hand, in the fewest operations, and FlowJAX's."""

import math

from common import BINS, BOUND, CHUNK, data

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax


def net_of(key, sizes):
    net = []
    for i, o in zip(sizes[:-1], sizes[1:]):
        key, a, b = jr.split(key, 3)
        r = 1 / math.sqrt(i)
        net.append((jr.uniform(a, (i, o), minval=-r, maxval=r), jr.uniform(b, (o,), minval=-r, maxval=r)))
    return net


def spline(x, raw, inverse):
    """Durkan et al. 2019 with identity tails; x: n x m, raw: n x m x (3 bins - 1)"""
    least = 1e-3
    sizes = lambda t: least + (1 - least * BINS) * jax.nn.softmax(t, -1)
    slopes = least + jax.nn.softplus(raw[..., 2 * BINS :])
    ends = [(0, 0)] * (slopes.ndim - 1)
    slopes = jnp.pad(slopes, ends + [(1, 1)], constant_values=1.0)
    knots = lambda t: 2 * BOUND * jnp.pad(jnp.cumsum(sizes(t), -1), ends + [(1, 0)]) - BOUND
    xs, ys = knots(raw[..., :BINS]), knots(raw[..., BINS : 2 * BINS])
    inside, xc = (x > -BOUND) & (x < BOUND), jnp.clip(x, -BOUND, BOUND)
    k = jnp.clip(jnp.sum(xc[..., None] >= (ys if inverse else xs)[..., 1:-1], -1), 0, BINS - 1)
    one = jax.nn.one_hot(k, BINS, dtype=x.dtype)
    left, right = (lambda t: jnp.sum(t[..., :BINS] * one, -1)), (lambda t: jnp.sum(t[..., 1:] * one, -1))
    x0, y0, d0, d1 = left(xs), left(ys), left(slopes), right(slopes)
    w, h = right(xs) - x0, right(ys) - y0
    s = h / w
    if inverse:
        e = xc - y0
        bend = e * (d1 + d0 - 2 * s)
        a, b, c = h * (s - d0) + bend, h * d0 - bend, -s * e
        return jnp.where(inside, 2 * c / (-b - jnp.sqrt(jnp.maximum(b * b - 4 * a * c, 0))) * w + x0, x), None
    t = (xc - x0) / w
    below = s + (d1 + d0 - 2 * s) * t * (1 - t)
    y = y0 + h * (s * t * t + d0 * t * (1 - t)) / below
    log_slope = 2 * jnp.log(s) + jnp.log(d1 * t * t + 2 * s * t * (1 - t) + d0 * (1 - t) ** 2) - 2 * jnp.log(below)
    return jnp.where(inside, y, x), jnp.where(inside, log_slope, 0.0)


def transform(kind, x, raw, inverse):
    if "splines" in kind:
        return spline(x, raw, inverse)
    s, t = jnp.tanh(raw[..., 0]), raw[..., 1]
    return ((x - t) * jnp.exp(-s), None) if inverse else (x * jnp.exp(s) + t, s)


def raw_jax(kind, d, layers, hidden):
    """(parameters, log_prob(parameters, x), sample(parameters, key, n) or None)"""
    if kind in ("continuous", "diffusion"):
        return (continuous if kind == "continuous" else diffusion)(d, layers, hidden)
    keys, P = jr.split(jr.PRNGKey(0), layers), 3 * BINS - 1 if "splines" in kind else 2
    normal = lambda x: -0.5 * (x * x).sum(-1) - 0.5 * d * math.log(2 * math.pi)

    def mlp(net, h, masks=None):
        for i, (W, b) in enumerate(net):
            h = h @ (W if masks is None else W * masks[i]) + b
            if i + 1 < len(net):
                h = jax.nn.relu(h)
        return h

    if kind in ("affine", "splines"):
        m = d // 2
        params = [net_of(k, (m,) + hidden + (m * P,)) for k in keys]

        def log_prob(params, x):
            a, b, v = x[:, :m], x[:, m:], 0.0
            for net in params:
                y, l = transform(kind, b, mlp(net, a).reshape(-1, m, P), False)
                a, b, v = y, a, v + l.sum(-1)
            return v + normal(jnp.concatenate([a, b], 1))

        def sample(params, key, n):
            z = jr.normal(key, (n, d))
            a, b = z[:, :m], z[:, m:]
            for net in params[::-1]:
                y, _ = transform(kind, a, mlp(net, b).reshape(-1, m, P), True)
                a, b = b, y
            return jnp.concatenate([a, b], 1)

        return params, log_prob, sample

    if kind.startswith("masked"):
        degrees = [np.arange(1, d + 1)] + [np.arange(h) % (d - 1) + 1 for h in hidden]
        masks = [(a[:, None] <= b[None, :]).astype(np.float32) for a, b in zip(degrees[:-1], degrees[1:])]
        masks.append(np.repeat((degrees[-1][:, None] < np.arange(1, d + 1)[None, :]).astype(np.float32), P, axis=1))
        params = [net_of(k, (d,) + hidden + (d * P,)) for k in keys]
        raw = lambda net, x: mlp(net, x, masks).reshape(-1, d, P)

        def log_prob(params, x):
            v = 0.0
            for net in params:
                x, l = transform(kind, x, raw(net, x), False)
                x, v = x[:, ::-1], v + l.sum(-1)
            return v + normal(x)

        def sample(params, key, n):
            z = jr.normal(key, (n, d))
            for net in params[::-1]:
                z = z[:, ::-1]
                column = lambda j, x, net=net, z=z: x.at[:, j].set(transform(kind, z, raw(net, x), True)[0][:, j])
                z = jax.lax.fori_loop(0, d, column, jnp.zeros_like(z))
            return z

        return params, log_prob, sample

    # Residual blocks x + g(x), as rheo's W5: weights scaled to norm 0.97 by power iterations, LipSwish, the determinant
    # of I + g' by two directions; ActNorm between.
    def norm_of(W):
        u = jnp.ones(W.shape[1]) / math.sqrt(W.shape[1])
        for _ in range(5):
            u = W.T @ (W @ u)
            u = u / jnp.linalg.norm(u)
        u = jax.lax.stop_gradient(u)
        return jnp.linalg.norm(W @ u)

    def normed(net):
        return [(W * jnp.minimum(1.0, 0.97 / norm_of(W)), b) for W, b in net]

    def block(net, x):
        for i, (W, b) in enumerate(net):
            x = x @ W + b
            if i + 1 < len(net):
                x = x * jax.nn.sigmoid(x) / 1.1
        return x

    params = [(net_of(k, (d,) + hidden + (d,)), jnp.zeros(d), jnp.zeros(d)) for k in keys]

    def log_prob(params, x):
        v = 0.0
        for net, scale, shift in params:
            x, v, net = x * jnp.exp(scale) + shift, v + scale.sum(), normed(net)
            columns = []
            for e in jnp.eye(d):
                g, dg = jax.jvp(lambda q: block(net, q), (x,), (jnp.broadcast_to(e, x.shape),))
                columns.append(dg + e)
            x = x + g
            v = v + jnp.log(columns[0][:, 0] * columns[1][:, 1] - columns[0][:, 1] * columns[1][:, 0])
        return v + normal(x)

    def worst(r, x, y):
        size = lambda q: jnp.linalg.norm(q, axis=1)
        return jnp.max(size(r) / (1 + size(x) + size(y)))

    def root(net, y):
        """x + g(x) = y to 32 eps, all rows at once"""
        move = lambda s: (y - block(net, s[0]), s[0], s[2] + 1)
        more = lambda s: (worst(s[0] - s[1], s[0], y) > 32 * 1.2e-7) & (s[2] < 200)
        return jax.lax.while_loop(more, move, (y, y + 1.0, 0))[0]

    def sample(params, key, n):
        x = jr.normal(key, (n, d))
        for net, scale, shift in params[::-1]:
            x = (root(normed(net), x) - shift) * jnp.exp(-scale)
        return x

    return params, log_prob, sample


def continuous(d, steps, hidden):
    """dx/dt = f(x, t) from data to noise by steps of Runge and Kutta's, the trace of its Jacobian by d directions"""
    params = net_of(jr.PRNGKey(0), (d + 1,) + hidden + (d,))
    normal = lambda x: -0.5 * (x * x).sum(-1) - 0.5 * d * math.log(2 * math.pi)

    def field(net, x, t):
        h = jnp.concatenate([x, jnp.full((x.shape[0], 1), t)], 1)
        for W, b in net[:-1]:
            h = jnp.tanh(h @ W + b)
        return h @ net[-1][0] + net[-1][1]

    def slopes(net, x, t):
        f, trace = None, 0.0
        for k in range(d):
            f, df = jax.jvp(lambda q: field(net, q, t), (x,), (jnp.broadcast_to(jnp.eye(d)[k], x.shape),))
            trace = trace + df[:, k]
        return f, trace

    def integrate(f, start, h, t):
        """`steps` of Runge and Kutta's from t, of a state that may be a tuple"""
        on = lambda s, c, k: jax.tree_util.tree_map(lambda u, w: u + c * w, s, k)

        def step(s, k):
            now = t + k * h
            f1 = f(s, now)
            f2 = f(on(s, h / 2, f1), now + h / 2)
            f3 = f(on(s, h / 2, f2), now + h / 2)
            f4 = f(on(s, h, f3), now + h)
            return on(s, h / 6, on(on(on(f1, 2, f2), 2, f3), 1, f4)), None

        return jax.lax.scan(step, start, jnp.arange(steps))[0]

    def log_prob(net, x):
        z, v = integrate(lambda s, t: slopes(net, s[0], t), (x, jnp.zeros(x.shape[0])), 1.0 / steps, 0.0)
        return normal(z) + v

    def sample(net, key, n):
        return integrate(lambda x, t: field(net, x, t), jr.normal(key, (n, d)), -1.0 / steps, 1.0)

    return params, log_prob, sample


def diffusion(d, steps, hidden):
    """(parameters, minus the simple loss at one draw of times and noise, ancestral draws)"""
    params = net_of(jr.PRNGKey(0), (d + 8,) + hidden + (d,))
    beta = jnp.linspace(1e-4, 0.2, steps)
    signal = jnp.cumprod(1 - beta)

    def noise_of(net, x, t):
        angles = t[:, None] * (2 * math.pi * 2.0 ** jnp.arange(4))
        h = jnp.concatenate([x, jnp.sin(angles), jnp.cos(angles)], 1)
        for W, b in net[:-1]:
            h = jax.nn.silu(h @ W + b)
        return h @ net[-1][0] + net[-1][1]

    def minus_loss(net, x):
        a, b = jr.split(jr.PRNGKey(jax.lax.bitcast_convert_type(x[0, 0], jnp.int32)))
        k, e = jr.randint(a, (x.shape[0],), 0, steps), jr.normal(b, x.shape)
        at = jnp.sqrt(signal[k])[:, None] * x + jnp.sqrt(1 - signal[k])[:, None] * e
        return -((noise_of(net, at, (k + 1) / steps) - e) ** 2).sum(-1)

    def sample(net, key, n):
        def step(x, s):
            k, key = s
            mean = (x - beta[k] / jnp.sqrt(1 - signal[k]) * noise_of(net, x, jnp.full(n, (k + 1) / steps))) / jnp.sqrt(
                1 - beta[k]
            )
            return mean + jnp.where(k > 0, jnp.sqrt(beta[k]), 0.0) * jr.normal(key, x.shape), None

        a, b = jr.split(key)
        return jax.lax.scan(step, jr.normal(a, (n, d)), (jnp.arange(steps)[::-1], jr.split(b, steps)))[0]

    return params, minus_loss, sample


def flowjax(kind, d, layers, hidden):
    import paramax
    from flowjax.bijections import Affine, RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow, masked_autoregressive_flow

    make = masked_autoregressive_flow if kind.startswith("masked") else coupling_flow
    transformer = RationalQuadraticSpline(knots=BINS, interval=BOUND) if "splines" in kind else Affine()
    flow = make(
        jr.key(0),
        base_dist=Normal(jnp.zeros(d)),
        transformer=transformer,
        flow_layers=layers,
        nn_width=hidden[0],
        nn_depth=len(hidden),
        invert=True,
    )
    params, static = eqx.partition(
        flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
    )
    build = lambda p: paramax.unwrap(eqx.combine(p, static))
    return params, (lambda p, x: build(p).log_prob(x)), (lambda p, key, n: build(p).sample(key, (n,)))


def metropolis(measures, clock):
    """ten moves of W7's energy in one scan; the acceptance's logarithm is kept as the layer keeps it"""

    def energy(x):
        a = jnp.abs(x[:, 0])
        return (
            (jnp.sqrt((x * x).sum(-1)) - 2) ** 2 * 12.5
            + (a - 2) ** 2 * (0.5 / 0.09)
            - jnp.log(1 + jnp.exp(a * (-4 / 0.09)))
        )

    def moves(key, n):
        x = jr.normal(key, (n, 2))

        def move(s, k):
            x, u, v = s
            a, b = jr.split(k)
            y = x + 0.1 * jr.normal(a, x.shape)
            w = energy(y)
            yes = jnp.log(jr.uniform(b, (n,))) < u - w
            return (jnp.where(yes[:, None], y, x), jnp.where(yes, w, u), v + jnp.where(yes, u - w, 0)), None

        return jax.lax.scan(move, (x, energy(x), jnp.zeros(n)), jr.split(key, 10))[0]

    for measure, n in measures.items():
        for form, how in (("scan", {}), ("scan, rbg", {"impl": "rbg"})):
            call = jax.jit(lambda key, n=n: moves(key, n))
            key = jr.key(1, **how)
            clock(measure, form, n, lambda: call(key)[0].block_until_ready())


def measure(peer, kind, d, layers, hidden, measures, clock):
    if kind == "metropolis":
        return metropolis(measures, clock) if peer == "raw_jax" else None
    if peer == "flowjax" and kind in ("residual", "continuous", "diffusion"):
        return
    params, log_prob, sample = (raw_jax if peer == "raw_jax" else flowjax)(kind, d, layers, hidden)
    adam, x = optax.adam(1e-3), jnp.asarray(data(d, 100000 if d == 2 else 20000))

    def step(params, state, first, batch):
        rows = jax.lax.dynamic_slice(x, (first, 0), (batch, d))
        loss, g = jax.value_and_grad(lambda p: -log_prob(p, rows).mean())(params)
        change, state = adam.update(g, state, params)
        return optax.apply_updates(params, change), state, loss

    if kind == "residual":  # as ours: 100 steps, so that there is something to invert
        adam, state = optax.adam(3e-3), optax.adam(3e-3).init(params)
        start = jax.jit(lambda p, s, k: step(p, s, k * 256, 256)[:2])
        for k in range(100):
            params, state = start(params, state, k)

    for measure, n in measures.items():
        if measure.startswith("train"):

            def fifty(params, state, first, n=n):
                (params, state), losses = jax.lax.scan(
                    lambda s, k: (lambda r: (r[:2], r[2]))(step(*s, (first + k * n) % (x.shape[0] - n), n)),
                    (params, state),
                    jnp.arange(50),
                )
                return params, state, losses

            for form, steps, call in (("step", 1, lambda p, s, f, n=n: step(p, s, f, n)), ("50 steps", 50, fifty)):
                run, at = jax.jit(call, donate_argnums=(0, 1)), [jax.tree_util.tree_map(jnp.array, params)]
                at.append(adam.init(at[0]))

                def go():
                    at[0], at[1], loss = run(at[0], at[1], 0)
                    loss.block_until_ready()

                clock(measure, form, n, go, per=steps)
        elif measure.startswith("log_prob"):
            whole, rows = jax.jit(log_prob), x[:n]
            clock(measure, "whole", n, lambda: whole(params, rows).block_until_ready())
            if n > CHUNK:
                chunks = jax.jit(lambda p, z: jax.lax.map(lambda q: log_prob(p, q), z))
                parts = rows[: n // CHUNK * CHUNK].reshape(-1, CHUNK, d)
                clock(measure, "chunks", n // CHUNK * CHUNK, lambda: chunks(params, parts).block_until_ready())
        else:
            draw = jax.jit(sample, static_argnums=2)
            clock(measure, "whole", n, lambda: draw(params, jr.key(1), n).block_until_ready())
            draws = jax.jit(lambda p, keys: jax.lax.map(lambda k: sample(p, k, CHUNK), keys))
            keys = jr.split(jr.key(1), n // CHUNK)
            clock(measure, "chunks", n // CHUNK * CHUNK, lambda: draws(params, keys).block_until_ready())
