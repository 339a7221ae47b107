#!/usr/bin/env python3
"""Compares a linear layer's forward and backward pass with PyTorch's, in one thread each.

    compare_linear.py [--rlplay PATH] [--turns N] [--seconds S]

It needs PyTorch and a release build of rlplay (by default `.build/release/rlplay`). Each turn measures
every shape first with `rlplay bench --only linear_backward_...`, then in PyTorch, so changes of the
machine's speed affect both. Both sides repeat the work in loops of about 2 ms. The quickest loop of a
turn counts, and the table has the medians over the turns. Exit code 0 if rlplay is on every shape at
least as fast as the quickest of PyTorch's ways, otherwise 1.

Both compute y = x W' + b for x [rows, inputs], and from a given gradient of y the gradients of W, b and
x. rlplay's time includes the other costs of one update: transposing the changed weight, and clearing the
gradients, to which its kernels add. PyTorch's time includes neither: `grad` is set to None, and gradients
are stored instead of added.

PyTorch's time is that of the quickest of

    backward    torch.nn.functional.linear, then y.backward(gradient), which fills `grad`
    autograd    the same with torch.autograd.grad, which returns the gradients
    oneDNN      the same with x and the gradient in oneDNN's layout (`to_mkldnn`), which switches PyTorch
                from MKL to oneDNN: on AMD's processors MKL leaves half of AVX-512 unused
    products    no autograd: addmm, two mm and a sum into existing tensors

Nobody trains with `products`; it shows the speed of the underlying libraries. All are float32, without
compilation and without rounding to fewer bits.
"""

import argparse
import statistics
import sys
import time

import torch
from torch.nn.functional import linear

import measuring

SHAPES = [(400, 8, 32), (512, 64, 64), (2048, 256, 256)]
LOOP_SECONDS = 0.002


def line_name(shape):
    return "linear_backward_" + "x".join(map(str, shape))


def rlplay_microseconds(path, seconds):
    """Returns the time of each shape in microseconds, measured by `rlplay bench`."""
    result = measuring.bench(path, [line_name(shape) for shape in SHAPES], seconds)
    return {shape: result[f"{line_name(shape)}_microseconds"] for shape in SHAPES}


def torch_ways(rows, inputs, outputs):
    """Returns PyTorch's ways to compute the three gradients, by name."""
    x = torch.randn(rows, inputs, requires_grad=True)
    weight = torch.randn(outputs, inputs, requires_grad=True)
    bias = torch.randn(outputs, requires_grad=True)
    gradient = torch.randn(rows, outputs)

    def backward():
        x.grad = weight.grad = bias.grad = None
        linear(x, weight, bias).backward(gradient)

    def autograd():
        return torch.autograd.grad(linear(x, weight, bias), (x, weight, bias), gradient)

    ways = {"backward": backward, "autograd": autograd}

    if torch.backends.mkldnn.is_available():
        onednn_x = x.detach().to_mkldnn().requires_grad_()
        onednn_gradient = gradient.to_mkldnn()

        def onednn():
            y = linear(onednn_x, weight, bias)
            return torch.autograd.grad(y, (onednn_x, weight, bias), onednn_gradient)

        ways["oneDNN"] = onednn

    plain_x, plain_weight, plain_bias = x.detach(), weight.detach(), bias.detach()
    y, x_gradient = torch.empty(rows, outputs), torch.empty(rows, inputs)
    weight_gradient, bias_gradient = torch.empty(outputs, inputs), torch.empty(outputs)

    def products():
        torch.addmm(plain_bias, plain_x, plain_weight.t(), out=y)
        torch.mm(gradient, plain_weight, out=x_gradient)
        torch.mm(gradient.t(), plain_x, out=weight_gradient)
        torch.sum(gradient, 0, out=bias_gradient)

    ways["products"] = products
    return ways


def check_agreement(ways):
    """Raises an error if the ways compute different gradients."""
    expected = ways["autograd"]()
    for gradient, other in zip(expected, ways["oneDNN"]() if "oneDNN" in ways else expected):
        other = other.to_dense() if other.is_mkldnn else other
        # Sums of at most 2048 products in single precision, in another order.
        torch.testing.assert_close(other, gradient, rtol=1e-3, atol=1e-3)


def quickest_microseconds(work, seconds):
    """Returns the microseconds of a call in the quickest of the loops that fit into `seconds`."""
    count = 1
    while True:
        began = time.perf_counter()
        for _ in range(count):
            work()
        elapsed = time.perf_counter() - began
        if elapsed >= LOOP_SECONDS:
            break
        count = max(count + 1, int(count * min(10, 1.2 * LOOP_SECONDS / elapsed)))
    best = elapsed / count
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(count):
            work()
        best = min(best, (time.perf_counter() - began) / count)
    return best * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rlplay", default=measuring.RELEASE)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="for each figure in each turn")
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(1)
    ways = {shape: torch_ways(*shape) for shape in SHAPES}
    for shape in SHAPES:
        check_agreement(ways[shape])
    samples = {(shape, way): [] for shape in SHAPES for way in ["rlplay", *ways[shape]]}
    for _ in range(options.turns):
        for shape, value in rlplay_microseconds(options.rlplay, options.seconds).items():
            samples[shape, "rlplay"].append(value)
        for shape in SHAPES:
            for way, work in ways[shape].items():
                samples[shape, way].append(quickest_microseconds(work, options.seconds))

    medians = {key: statistics.median(values) for key, values in samples.items()}
    columns = ["rlplay", *ways[SHAPES[0]]]
    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, one thread; "
          f"microseconds, medians of {options.turns} turns")
    print(f"{'rows x inputs x outputs':<24}" + "".join(f"{name:>11}" for name in columns)
          + f"{'best / rlplay':>15}")
    is_slower = False
    for shape in SHAPES:
        ratio = min(medians[shape, way] for way in ways[shape]) / medians[shape, "rlplay"]
        is_slower |= ratio < 1
        print(f"{' x '.join(map(str, shape)):<24}"
              + "".join(f"{medians[shape, name]:>11.1f}" for name in columns) + f"{ratio:>15.2f}")
    print("rlplay is slower on a shape" if is_slower else "rlplay is no slower on any shape")
    return 1 if is_slower else 0


if __name__ == "__main__":
    sys.exit(main())
