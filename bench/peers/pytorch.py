"""
PyTorch on the CPU, eager or (--compile) through torch.compile.

    pytorch.py NAME [--threads N] [--compile]
"""

import argparse
import math
import os

import torch
import torch.nn.functional as F
from protocol import Ready, Unsupported, each, layers_of, serve, summary, timed

arguments = argparse.ArgumentParser()
arguments.add_argument("name")
arguments.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
arguments.add_argument("--compile", action="store_true")
options = arguments.parse_args()

torch.set_num_threads(options.threads)
torch.set_flush_denormal(True)
# Lets torch.compile see derivatives taken inside of what it compiles, as for Burgers' equation.
torch._dynamo.config.trace_autograd_ops = True


def compiled(function):
    return torch.compile(function, fullgraph=True, dynamic=False) if options.compile else function


def gemm(t, sizes):
    if options.compile:
        raise Unsupported("a product alone is the library call that eager makes")
    a = t["a"].t() if sizes["form"] == "tn" else t["a"]
    b = t["b"].t() if sizes["form"] == "nt" else t["b"]
    c = torch.empty(sizes["m"], sizes["n"])
    return forward_only(lambda: torch.mm(a, b, out=c), 1, lambda _: summary(c, [0, -1]))


def elementwise(t, sizes):
    x = t["x"]
    if options.compile:
        step = compiled({
            "tanh": lambda x: x.copy_(torch.tanh(x)),
            "exp": lambda x: x.copy_(torch.exp(-x)),
            "chain": lambda x: x.copy_((((x * 0.75 + 0.125) * x - 0.25).abs() * 0.5 + 0.25).clamp_max(1)),
        }[sizes["function"]])
        return forward_only(lambda: step(x), 10, lambda x: summary(x, [0, -1]))

    # Eager passes over memory once for each call: as few calls as there can be, in place.
    between = torch.empty_like(x)
    eighth, minus_quarter, quarter = torch.tensor(0.125), torch.tensor(-0.25), torch.tensor(0.25)

    def chain():
        torch.add(eighth, x, alpha=0.75, out=between)
        torch.addcmul(minus_quarter, between, x, out=between).abs_()
        torch.add(quarter, between, alpha=0.5, out=between)
        return torch.clamp_max(between, 1, out=x)

    step = {"tanh": lambda: x.tanh_(), "exp": lambda: x.neg_().exp_(), "chain": chain}[sizes["function"]]
    return forward_only(step, 10, lambda x: summary(x, [0, -1]))


def proteins(t, sizes):
    x, y = t["x"], t["y"]
    return whole_step(layers_of(t), 1e-3, lambda layers: F.mse_loss(network(layers, torch.relu, x), y))


def deep(t, sizes):
    x, y = t["x"], t["y"]
    return whole_step(layers_of(t), 1e-3, lambda layers: F.cross_entropy(network(layers, torch.relu, x), y))


def burgers(t, sizes):
    interior, points, values = t["interior"].requires_grad_(), t["points"], t["values"]
    ones = torch.ones(len(interior), 1)
    along_x = torch.zeros_like(interior)
    along_x[:, 0] = 1

    # Reverse over reverse: faster here than torch.func's forward over reverse or forward over forward.
    def loss(layers):
        u = network(layers, torch.tanh, interior)
        (du,) = torch.autograd.grad(u, interior, ones, create_graph=True)
        (du_x,) = torch.autograd.grad(du, interior, along_x, create_graph=True)
        residual = du[:, 1:] + u * du[:, :1] - 0.01 / math.pi * du_x[:, :1]
        return residual.square().mean() + F.mse_loss(network(layers, torch.tanh, points), values)

    layers = trainable(layers_of(t))
    gradient = gradient_of(compiled(loss), layers)
    _, seconds = timed(gradient)
    check, _ = ten_losses(adam_step(gradient, layers, 1e-3))
    return Ready(check, seconds, each(gradient))


def jacobian(t, sizes):
    layers, at = [array.double() for array in layers_of(t)], t["at"].double()
    along_x = torch.tensor([1.0, 0.0], dtype=torch.float64)

    def value(layers, at):
        for i in range(0, len(layers) - 2, 2):
            at = torch.tanh(at @ layers[i] + layers[i + 1])
        return (at @ layers[-2] + layers[-1])[0]

    def residual(layers, at):
        slope = torch.func.grad_and_value(value, argnums=1)
        (du, u), (du_x, _) = torch.func.jvp(lambda at: slope(layers, at), (at,), (along_x,))
        return du[1] + u * du[0] - 0.01 / math.pi * du_x[0]

    rows = torch.func.vmap(torch.func.grad(residual), (None, 0))
    residuals = torch.func.vmap(residual, (None, 0))
    slopes = torch.func.grad(lambda layers: residuals(layers, at).square().sum())
    if sizes["what"] == "matrix":
        function = lambda: torch.cat([part.flatten(1) for part in rows(layers, at)], 1)
    else:
        function = lambda: torch.cat([part.flatten() for part in slopes(layers)])
    step = compiled(function)
    result, seconds = timed(step)
    return Ready(summary(result.flatten(), [0, -1]), seconds, each(step))


def yeast(t, sizes):
    times, values = t["times"].tolist(), t["values"]
    # The weights as [out, in], for products of a matrix and a vector.
    layers = trainable([tensor.t().contiguous() for tensor in layers_of(t)])

    def rate(layers, n):
        w0, b0, w1, b1, w2, b2 = layers
        h = torch.tanh(torch.addcmul(b0, w0.view(-1), n))
        h = torch.tanh(torch.addmv(b1, w1, h))
        return torch.addmv(b2, w2, h)

    def substeps(layers, n, h):
        for _ in range(10):
            a = rate(layers, n)
            b = rate(layers, torch.add(n, a, alpha=h / 2))
            c = rate(layers, torch.add(n, b, alpha=h / 2))
            d = rate(layers, torch.add(n, c, alpha=h))
            n = torch.add(n, torch.add(a + d, b + c, alpha=2), alpha=h / 6)
        return n

    # The whole path would take torch.compile many minutes; ten substeps take it half a minute.
    substeps = compiled(substeps)

    def loss(layers):
        path = [values[0]]
        for before, after in zip(times, times[1:]):
            path.append(substeps(layers, path[-1], (after - before) / 10))
        return F.mse_loss(torch.stack(path), values)

    return training(adam_step(gradient_of(loss, layers), layers, 1e-2))


def conv(t, sizes):
    if options.compile:
        raise Unsupported("a convolution alone is the library call that eager makes")
    # Channels last in memory too, for activations and weights: faster here than channels first by a tenth to a half.
    x, w = t["x"].permute(0, 3, 1, 2), t["kernel0"].contiguous(memory_format=torch.channels_last)
    if sizes["what"] == "forward":
        return forward_only(
            lambda: F.conv2d(x, w, padding=1), 1, lambda y: summary(y.permute(0, 2, 3, 1), [0, -1])
        )
    dy, inputs = t["dy"].permute(0, 3, 1, 2), [x.requires_grad_(), w.requires_grad_()]
    y = F.conv2d(*inputs, padding=1)
    step = lambda: torch.autograd.grad(y, inputs, dy, retain_graph=True)
    (dx, dw), seconds = timed(step)
    return Ready([*summary(dx.permute(0, 2, 3, 1), [0, -1]), *summary(dw, [0, -1])], seconds, each(step))


def cnn(t, sizes):
    # Channels first, which is faster here than channels last. There is one channel: x is the same in memory.
    x, y = t["x"].view(-1, 1, 28, 28), t["y"]
    # So an image is flattened channel by channel, and the rows of w0 follow: from height, width, channel.
    w0 = t["w0"].view(5, 5, 16, 120).permute(2, 0, 1, 3).reshape(400, 120)
    kernels = [t[name] for name in ("kernel0", "bias0", "kernel1", "bias1")]

    def loss(layers):
        kernel0, bias0, kernel1, bias1, *rest = layers
        h = F.max_pool2d(torch.relu(F.conv2d(x, kernel0, bias0, padding=2)), 2)
        h = F.max_pool2d(torch.relu(F.conv2d(h, kernel1, bias1)), 2)
        return F.cross_entropy(network(rest, torch.relu, h.flatten(1)), y)

    return whole_step([*kernels, *layers_of({**t, "w0": w0})], 1e-3, loss)


def lstm(t, sizes):
    if options.compile:
        raise Unsupported("it refuses nn.LSTM; steps written out compile for half a minute and are slower")
    x, y = t["x"], t["y"]
    net = torch.nn.LSTM(x.shape[2], y.shape[2], batch_first=True)
    layers = [getattr(net, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    with torch.no_grad():
        for name, layer in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), layers):
            layer.copy_(t[name])
    return training(adam_step(gradient_of(lambda _: F.mse_loss(net(x)[0], y), layers), layers, 1e-3))


def inference(t, sizes):
    x, layers = t["x"].numpy(), layers_of(t)
    forward = compiled(lambda x: network(layers, torch.relu, x))
    return forward_only(lambda: forward(torch.from_numpy(x)).numpy(), 1, lambda y: summary(y, [0]))


def network(layers, activation, x):
    for i in range(0, len(layers) - 2, 2):
        x = activation(torch.addmm(layers[i + 1], x, layers[i]))
    return torch.addmm(layers[-1], x, layers[-2])


def forward_only(step, count, check_of):
    """`count` iterations for the check, which `check_of` makes of the last one's result."""
    with torch.inference_mode():
        result, seconds = timed(step)
        for _ in range(count - 1):
            result = step()
    return Ready(check_of(result), seconds, torch.inference_mode()(each(step)))


def trainable(tensors):
    return [tensor.clone().requires_grad_() for tensor in tensors]


def gradient_of(loss, layers):
    def gradient():
        value = loss(layers)
        return value, torch.autograd.grad(value, layers)

    return gradient


def adam_step(gradient, layers, rate):
    """
    A step with what torch.optim.Adam(fused=True) calls, the fastest of its forms, but without the bookkeeping in Python
    around it, which would take 0.1 ms of each step. The kernel takes gradients to lie in memory as the weights do.
    """
    means, squares = [[torch.zeros_like(w) for w in layers] for _ in range(2)]
    counts = [torch.zeros(()) for _ in layers]
    settings = {"lr": rate, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0}

    def step():
        value, gradients = gradient()
        with torch.no_grad():
            torch._foreach_add_(counts, 1)
            torch._fused_adam_(
                layers, gradients, means, squares, [], counts, amsgrad=False, maximize=False, **settings
            )
        return value

    return step


def whole_step(tensors, rate, loss):
    """Loss, gradient and Adam; with --compile one compiled function, which is faster than the fused kernel after it."""
    if not options.compile:
        layers = trainable(tensors)
        return training(adam_step(gradient_of(loss, layers), layers, rate))
    layers, means, squares = [[like(w) for w in tensors] for like in (torch.clone, torch.zeros_like, torch.zeros_like)]
    count = torch.zeros(())

    # 1 - beta^count, which in float32 would lose five digits by the difference.
    def correction(beta, count):
        return -torch.expm1(count * math.log(beta))

    @compiled
    def step(layers, means, squares, count):
        gradients, value = torch.func.grad_and_value(loss)(layers)
        count += 1
        for w, g, m, v in zip(layers, gradients, means, squares):
            m.lerp_(g, 0.1)
            v.lerp_(g.square(), 0.001)
            w -= rate * (m / correction(0.9, count)) / ((v / correction(0.999, count)).sqrt() + 1e-8)
        return value

    return training(torch.no_grad()(lambda: step(layers, means, squares, count)))


def training(step):
    check, seconds = ten_losses(step)
    return Ready(check, seconds, each(step))


def ten_losses(step):
    first, seconds = timed(step)
    return [first.item(), *(step().item() for _ in range(9))], seconds


cases = {case.__name__: case for case in (gemm, elementwise, proteins, deep, burgers, jacobian, yeast, conv, cnn, lstm, inference)}


def prepare(case, tensors, sizes):
    torch.compiler.reset()
    return cases[case]({name: torch.from_numpy(array) for name, array in tensors.items()}, sizes)


serve(
    {"name": options.name, "version": torch.__version__, "threads": options.threads, "cases": list(cases)},
    prepare,
)
