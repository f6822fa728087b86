"""
JAX on the CPU: jit, with one call for each step, or (--loop) with all steps of a slice in one call.

    jax_peer.py NAME [--threads N] [--loop]
"""

import argparse
import os

arguments = argparse.ArgumentParser()
arguments.add_argument("name")
arguments.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
arguments.add_argument("--loop", action="store_true")
options = arguments.parse_args()

# Both are read when JAX is imported.
os.environ["NPROC"] = str(options.threads)
os.environ["JAX_PLATFORMS"] = "cpu"

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.flatten_util import ravel_pytree
from protocol import Ready, Unsupported, each, layers_of, pace_of, serve, summary, timed


def gemm(t, sizes):
    transposed = {"nn": (False, False), "tn": (True, False), "nt": (False, True)}[sizes["form"]]

    def product(a, b):
        a, b = (x.T if turn else x for x, turn in zip((a, b), transposed))
        return a @ b

    return repeated(product, (t["a"], t["b"]), lambda c: summary(c, [0, -1]))


def elementwise(t, sizes):
    function = {
        "tanh": jnp.tanh,
        "exp": lambda x: jnp.exp(-x),
        "chain": lambda x: jnp.minimum(jnp.abs((x * 0.75 + 0.125) * x - 0.25) * 0.5 + 0.25, 1),
    }[sizes["function"]]
    advance = stepping(function, t["x"])
    _, seconds = timed(advance, 1)
    return Ready(summary(advance(9), [0, -1]), seconds, advance)


def proteins(t, sizes):
    x, y = t["x"], t["y"]
    return training(layers_of(t), 1e-3, lambda layers: mse(network(layers, jax.nn.relu, x), y))


def deep(t, sizes):
    x, y = t["x"], t["y"]
    return training(
        layers_of(t), 1e-3, lambda layers: optax.softmax_cross_entropy(network(layers, jax.nn.relu, x), y).mean()
    )


def burgers(t, sizes):
    along_x = jnp.array([1.0, 0.0])

    # Forward over reverse, a point at a time: a little faster here than jvp of jvp, and both than jax.experimental.jet.
    def loss(layers):
        value_and_slope = jax.value_and_grad(lambda at: network(layers, jnp.tanh, at)[0])

        def residual(at):
            (u, du), (_, du_x) = jax.jvp(value_and_slope, (at,), (along_x,))
            return du[1] + u * du[0] - 0.01 / jnp.pi * du_x[0]

        known = network(layers, jnp.tanh, t["points"])
        return jnp.mean(jnp.square(jax.vmap(residual)(t["interior"]))) + mse(known, t["values"])

    layers = layers_of(t)
    check = training(layers, 1e-3, loss).check
    return repeated(jax.value_and_grad(loss), (layers,), lambda _: check)


def jacobian(t, sizes):
    along_x = jnp.array([1.0, 0.0], dtype=jnp.float64)

    def residual(layers, at):
        value_and_slope = jax.value_and_grad(lambda at: network(layers, jnp.tanh, at)[0])
        (u, du), (_, du_x) = jax.jvp(value_and_slope, (at,), (along_x,))
        return du[1] + u * du[0] - 0.01 / jnp.pi * du_x[0]

    def matrix(layers, at):
        rows = jax.vmap(jax.grad(residual), (None, 0))(layers, at)
        return jnp.concatenate([part.reshape(len(at), -1) for part in rows], 1)

    def gradient(layers, at):
        loss = lambda layers: jnp.sum(jnp.square(jax.vmap(residual, (None, 0))(layers, at)))
        return jnp.concatenate([part.ravel() for part in jax.grad(loss)(layers)])

    layers, at = [array.astype(jnp.float64) for array in layers_of(t)], t["at"].astype(jnp.float64)
    function = matrix if sizes["what"] == "matrix" else gradient
    return repeated(function, (layers, at), lambda result: summary(result.ravel(), [0, -1]))


def yeast(t, sizes):
    """By hand with lax.scan and by diffrax: the faster of the two."""
    values, layers = t["values"], layers_of(t)
    ways = {}
    for path in (scanned, diffraxed):
        ready = training(layers, 1e-2, lambda layers: mse(path(layers, values[0], t["times"]), values), flat=True)
        ways[path.__name__] = ready, pace_of(ready.advance)
    (name, (ready, pace)), (other, (_, slower)) = sorted(ways.items(), key=lambda way: way[1][1])
    ready.note = f"{name}, {slower / pace:.1f} x faster than {other}"
    return ready


substeps = 10


def scanned(layers, start, times):
    def rate(n):
        return network(layers, jnp.tanh, n)

    def step(n, h):
        a = rate(n)
        b = rate(n + h / 2 * a)
        c = rate(n + h / 2 * b)
        d = rate(n + h * c)
        n = n + h / 6 * (a + 2 * b + 2 * c + d)
        return n, n

    _, path = lax.scan(step, start, jnp.repeat(jnp.diff(times) / substeps, substeps))
    return jnp.concatenate([start[None], path[substeps - 1 :: substeps]])


class RungeKutta4(diffrax.AbstractERK):
    tableau = diffrax.ButcherTableau(
        c=np.array([1 / 2, 1 / 2, 1]),
        a_lower=(np.array([1 / 2]), np.array([0, 1 / 2]), np.array([0, 0, 1.0])),
        b_sol=np.array([1 / 6, 1 / 3, 1 / 3, 1 / 6]),
        b_error=np.zeros(4),
    )
    interpolation_cls = diffrax.ThirdOrderHermitePolynomialInterpolation.from_k

    def order(self, terms):
        return 4


def diffraxed(layers, start, times):
    steps = substeps * (len(times) - 1)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda _, n, layers: network(layers, jnp.tanh, n)),
        RungeKutta4(),
        t0=times[0],
        t1=times[-1],
        dt0=None,
        y0=start,
        args=layers,
        saveat=diffrax.SaveAt(t0=True, steps=True),
        stepsize_controller=diffrax.StepTo(jnp.linspace(times[0], times[-1], steps + 1)),
        # Every step is kept for the way back: there is room, and none need be computed twice.
        adjoint=diffrax.RecursiveCheckpointAdjoint(checkpoints=steps),
        max_steps=steps,
        throw=False,
    )
    return solution.ys[::substeps]


def diffeq(t, sizes):
    t = {name: array.astype(jnp.float64) for name, array in t.items()}
    return lorenz(t) if sizes["what"] == "lorenz" else neural_ode(t, **sizes)


exact = {"rtol": 1e-6, "atol": 1e-6}


def lorenz(t):
    def rate(_, state, __):
        x, y, z = state
        return 10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z

    def solve(start, until):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(rate),
            diffrax.Tsit5(),
            t0=0.0,
            t1=until,
            dt0=None,
            y0=start,
            stepsize_controller=diffrax.PIDController(**exact),
            throw=False,
        )
        x, y, z = solution.ys
        return jnp.stack((x[0], y[0], z[0])), solution.stats["num_accepted_steps"], solution.stats["num_steps"]

    solve_all = jax.vmap(solve, in_axes=(0, None))

    def check_of(result):
        end, steps, tried = result
        early, _, _ = jax.jit(solve_all)(start, 2.0)
        return [*np.ravel(early[:8]), jnp.square(end).sum(axis=1).mean(), steps.mean(), tried.mean()]

    # Three arrays make the state: more than twice as fast here as one with three columns.
    start = tuple(t["y0"])
    return repeated(lambda *start: solve_all(start, 10.0), start, check_of)


def neural_ode(t, what, checkpoints):
    controller = diffrax.PIDController(**exact)
    seminorm = diffrax.PIDController(**exact, norm=diffrax.adjoint_rms_seminorm)
    adjoint = {
        # Every step is kept for the way back: there is room, and none need be computed twice.
        "gradient": lambda: diffrax.RecursiveCheckpointAdjoint(checkpoints=256),
        "checkpointed": lambda: diffrax.RecursiveCheckpointAdjoint(checkpoints=checkpoints),
        "backsolve": lambda: diffrax.BacksolveAdjoint(stepsize_controller=seminorm),
    }[what]()

    def loss(layers):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _, y, layers: network(layers, jnp.tanh, y)),
            diffrax.Tsit5(),
            t0=0.0,
            t1=t["times"][-1],
            dt0=None,
            y0=t["y0"],
            args=layers,
            saveat=diffrax.SaveAt(ts=t["times"]),
            stepsize_controller=controller,
            adjoint=adjoint,
            max_steps=256,
            throw=False,
        )
        return mse(solution.ys, t["targets"]), solution.stats["num_accepted_steps"]

    def check_of(result):
        (value, steps), gradient = result
        return [float(value), float(steps), *(number for array in gradient for number in summary(array, [0, -1]))]

    return repeated(jax.value_and_grad(loss, has_aux=True), (layers_of(t),), check_of)


def conv(t, sizes):
    x, kernel = t["x"], turned(t["kernel0"])
    convolution = lambda x, kernel: convolved(x, kernel, 1)
    if sizes["what"] == "forward":
        return repeated(convolution, (x, kernel), lambda y: summary(y, [0, -1]))

    if options.loop:
        raise Unsupported("within a loop XLA takes seconds for the gradients, some 50 times as long as outside")

    def gradients(x, kernel, dy):
        _, transposed = jax.vjp(convolution, x, kernel)
        return transposed(dy)

    check = lambda gradient: [*summary(gradient[0], [0, -1]), *summary(gradient[1].transpose(3, 2, 0, 1), [0, -1])]
    return repeated(gradients, (x, kernel, t["dy"]), check)


def cnn(t, sizes):
    x, y = t["x"], t["y"]
    kernels = [turned(t["kernel0"]), t["bias0"], turned(t["kernel1"]), t["bias1"]]

    def pool(x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss(weights):
        kernel0, bias0, kernel1, bias1, *layers = weights
        h = pool(jax.nn.relu(convolved(x, kernel0, 2) + bias0))
        h = pool(jax.nn.relu(convolved(h, kernel1, 0) + bias1))
        return optax.softmax_cross_entropy(network(layers, jax.nn.relu, h.reshape(len(h), -1)), y).mean()

    return training([*kernels, *layers_of(t)], 1e-3, loss)


def turned(kernel):
    """From [outputs, inputs, height, width] to [height, width, inputs, outputs]."""
    return kernel.transpose(2, 3, 1, 0)


def convolved(x, kernel, padding):
    # Channels last: faster here than channels first.
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), 2 * [(padding, padding)], dimension_numbers=layout)


def lstm(t, sizes):
    y, layers = t["y"], [t[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    x = t["x"].swapaxes(0, 1)
    start = 2 * (jnp.zeros((y.shape[0], y.shape[2])),)

    def loss(layers):
        weight_ih, weight_hh, bias_ih, bias_hh = layers
        hh = weight_hh.T

        def step(state, z):
            h, c = state
            enter, forget, cell, leave = jnp.split(z + h @ hh, 4, axis=-1)
            c = jax.nn.sigmoid(forget) * c + jax.nn.sigmoid(enter) * jnp.tanh(cell)
            h = jax.nn.sigmoid(leave) * jnp.tanh(c)
            return (h, c), h

        # The product with the inputs, of all steps at once. Unrolling the scan by 2 to 16 steps gains nothing here.
        _, path = lax.scan(step, start, x @ weight_ih.T + (bias_ih + bias_hh))
        return mse(path.swapaxes(0, 1), y)

    return training(layers, 1e-3, loss)


def inference(t, sizes):
    if options.loop:
        raise Unsupported("each pass begins and ends outside")
    x, layers = np.array(t["x"]), layers_of(t)
    forward = jax.jit(lambda layers, x: network(layers, jax.nn.relu, x))
    step = lambda: np.asarray(forward(layers, x))
    y, seconds = timed(step)
    return Ready(summary(y, [0]), seconds, each(step))


def network(layers, activation, x):
    for w, b in zip(layers[:-2:2], layers[1:-2:2]):
        x = activation(x @ w + b)
    return x @ layers[-2] + layers[-1]


def mse(x, y):
    return jnp.mean(jnp.square(x - y))


def training(layers, rate, loss, flat=False):
    """`flat`: with all weights in one array, which is faster where all of them are small."""
    if flat:
        weights, layers_from = ravel_pytree(layers)
        return training(weights, rate, lambda weights: loss(layers_from(weights)))
    adam = optax.adam(rate)

    def step(state):
        layers, moments, _ = state
        value, gradient = jax.value_and_grad(loss)(layers)
        updates, moments = adam.update(gradient, moments)
        return optax.apply_updates(layers, updates), moments, value

    advance = stepping(step, (layers, adam.init(layers), jnp.zeros(())))
    (_, _, first), seconds = timed(advance, 1)
    check = [float(first), *(float(advance(1)[-1]) for _ in range(9))]
    return Ready(check, seconds, advance)


def stepping(step, state):
    """`step` is from a state to the next. Returns `advance`: from a number of steps to the state after them."""
    state = jax.tree.map(jnp.copy, state)
    call = jax.jit(step, donate_argnums=0)
    loop = jax.jit(lambda state, count: lax.fori_loop(0, count, lambda _, at: step(at), state), donate_argnums=0)

    def advance(count):
        nonlocal state
        if options.loop:
            state = loop(state, count)
        else:
            for _ in range(count):
                state = call(state)
        return jax.block_until_ready(state)

    return advance


def repeated(function, inputs, check_of):
    """The same function of the same inputs again and again."""
    if options.loop:
        # Behind the barrier the inputs look different each time; or else the function would be taken out of the loop.
        def step(state):
            inputs, _ = lax.optimization_barrier(state)
            return inputs, function(*inputs)

        empty = jax.tree.map(lambda like: jnp.zeros(like.shape, like.dtype), jax.eval_shape(function, *inputs))
        advance = stepping(step, (inputs, empty))
        (_, result), seconds = timed(advance, 1)
        return Ready(check_of(result), seconds, advance)
    call = jax.jit(function)
    step = lambda: jax.block_until_ready(call(*inputs))
    result, seconds = timed(step)
    return Ready(check_of(result), seconds, each(step))


cases = {case.__name__: case for case in (gemm, elementwise, proteins, deep, burgers, jacobian, yeast, diffeq, conv, cnn, lstm, inference)}


def prepare(case, tensors, sizes):
    jax.clear_caches()
    jax.config.update("jax_enable_x64", case in ("diffeq", "jacobian"))
    return cases[case]({name: jnp.asarray(array) for name, array in tensors.items()}, sizes)


serve(
    {"name": options.name, "version": jax.__version__, "threads": options.threads, "cases": list(cases)},
    prepare,
)
