#!/usr/bin/env python3
"""Measures how the speed of training grows with its sizes; draws five curves and prints their tables.

    measure_growth.py [--rlplay PROGRAM] [--rounds N] [--seconds S] [--svg FILE] [--json FILE] [CURVE ...]
    measure_growth.py --draw JSON [--svg FILE]

A curve changes one option of `rlplay train`, whose other options are the defaults: CartPole-v1, REINFORCE with
a learned value, 16 workers of 8 environments, fragments of 25 steps, 2 fragments per update, 32 units. With
more workers there are 1.5 times as many buffers as workers. A point is the median of N rounds of S seconds,
all points once in each round; the start of a run does not count.

For networks the tables have the share of the peak: multiply-adds of the layers per second, divided by
`rlplay bench --only multiply_add` on all cores. A step takes a forward pass in its worker and a forward and a
backward pass in the learner, four multiply-adds for each weight.

A point is marked as a cliff if it has less than 70 % of the best before it: of the steps per second where
workers, environments and steps grow, and of the share of the peak where networks do. --draw draws and prints
a file of --json again.
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import statistics
import struct
import sys

import measuring
from measuring import MeasurementError

CLIFF = 0.7


def powers(first, last):
    return [2**power for power in range(int(math.log2(first)), int(math.log2(last)) + 1)]


# Title, values, and the options of a value.
CURVES = {
    "workers": ("workers", powers(1, 256), lambda n: ["--actors", n, "--buffers", max(24, n * 3 // 2)]),
    "environments": ("environments per worker", powers(1, 512), lambda n: ["--envs-per-actor", n]),
    "steps": ("steps per fragment", powers(1, 512), lambda n: ["--fragment-steps", n]),
    "networks": (
        "units of the hidden layers", ["32", "64", "64,64", "128,128", "256,256", "512,512", "1024,1024"],
        lambda units: ["--hidden", units]),
    "lstm": ("units of an LSTM", powers(16, 512), lambda n: ["--recurrent", "lstm", "--recurrent-size", n]),
}
WITH_SHARE = {"networks", "lstm"}


def weight_count(run):
    """Returns the number of weights in a run's matrices; 16 of them are the tables of embedded actions."""
    with open(run / "checkpoints" / "last.safetensors", "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    return sum(
        math.prod(tensor["shape"]) for name, tensor in header.items()
        if name != "__metadata__" and len(tensor["shape"]) > 1)


def measure(program, names, rounds, seconds):
    """Returns the curves: for each value the rates of all rounds, and the weights of the network."""
    curves = {
        name: [{"value": str(value), "rates": [], "weights": None, "failure": None} for value in CURVES[name][1]]
        for name in names}
    for turn in range(rounds):
        for name in names:
            _, values, options = CURVES[name]
            for value, point in zip(values, curves[name]):
                if point["failure"]:
                    continue
                print(f"round {turn + 1} of {rounds}: {name} {value}", file=sys.stderr, flush=True)

                def inspect(run, point=point):
                    point["weights"] = weight_count(run)

                try:
                    point["rates"].append(measuring.training_rate(program, options(value), seconds, inspect))
                except MeasurementError as error:
                    point["failure"] = str(error)
    return curves


def figures(result, name):
    """Returns (value, steps per second, share of the peak or None) for each measured point of a curve."""
    peak = result["peak_gflops"] * 1e9 / 2 * result["cores"]
    measured = [point for point in result["curves"][name] if point["rates"]]
    rates = [statistics.median(point["rates"]) for point in measured]
    return [
        (point["value"], rate, 4 * point["weights"] * rate / peak if name in WITH_SHARE else None)
        for point, rate in zip(measured, rates)]


def cliffs(points):
    """Returns the values of the points that are cliffs."""
    found, best = [], 0
    for value, rate, share in points:
        height = rate if share is None else share
        if height < CLIFF * best:
            found.append(value)
        best = max(best, height)
    return found


def tables(result):
    """Yields a Markdown table for each curve, and a line about its cliffs and failures."""
    for name, points in result["curves"].items():
        found = figures(result, name)
        rows = [["steps/s", *(measuring.short(rate) for _, rate, _ in found)]]
        if name in WITH_SHARE:
            rows.append(["share of the peak", *(f"{100 * share:.2g} %" for _, _, share in found)])
        yield measuring.markdown([CURVES[name][0], *(value.replace(",", ", ") for value, _, _ in found)], rows)
        lines = [f"Cliffs: {', '.join(cliffs(found)) or 'none'}."]
        lines += [f"Not measured: {point['value']}: {point['failure']}." for point in points if point["failure"]]
        yield "\n".join(lines) + "\n"


def panel(title, points, left, top, width, height):
    """Returns the SVG of a curve: steps per second, both axes logarithmic, labels below the points."""
    rates = [rate for _, rate, _ in points]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    high = max(high, low + 1)

    def x(index):
        return round(left + width * (index + 0.5) / len(points), 1)

    def y(rate):
        return round(top + height * (high - math.log10(rate)) / (high - low), 1)

    parts = [f'<text x="{left}" y="{top - 10}" class="title">{title}</text>']
    for power in range(low, high + 1):
        parts.append(
            f'<path class="grid" d="M{left} {y(10**power)}h{width}"/>'
            f'<text x="{left - 6}" y="{y(10**power) + 4}" text-anchor="end">{measuring.short(10**power)}</text>')
    line = " ".join(f"{x(index)},{y(rate)}" for index, rate in enumerate(rates))
    parts.append(f'<polyline points="{line}"/>')
    marked = cliffs(points)
    for index, (value, rate, _) in enumerate(points):
        kind = ' class="cliff"' if value in marked else ""
        parts.append(
            f'<circle cx="{x(index)}" cy="{y(rate)}" r="3.5"{kind}><title>{value}: {measuring.short(rate)}</title>'
            f'</circle><text x="{x(index)}" y="{top + height + 16}" text-anchor="middle">{value}</text>')
    return "\n".join(parts)


def draw(result):
    """Returns a picture of all curves, two beside each other."""
    width, height, left, top, gap_x, gap_y = 400, 150, 60, 40, 80, 70
    panels = []
    for name in result["curves"]:
        points = figures(result, name)
        if points:
            column, row = len(panels) % 2, len(panels) // 2
            panels.append(panel(
                f"steps/s by {CURVES[name][0]}", points, left + column * (width + gap_x), top + row * (height + gap_y),
                width, height))
    whole_width, whole_height = left + 2 * width + gap_x + 20, top + (len(panels) + 1) // 2 * (height + gap_y) - 20
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole_width} {whole_height}" role="img">
<title>Steps per second of training by sizes</title>
<style>
text {{ font: 11px sans-serif; fill: #444 }} .title {{ font-size: 13px; fill: #111 }}
.grid {{ stroke: #ddd }} polyline {{ fill: none; stroke: #2563eb; stroke-width: 2 }}
circle {{ fill: #2563eb }} .cliff {{ fill: #dc2626 }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
{chr(10).join(panels)}
</svg>
"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rlplay", metavar="PROGRAM", type=pathlib.Path, default=measuring.RELEASE)
    parser.add_argument("--rounds", metavar="N", type=int, default=2, help="rounds of all points (default: 2)")
    parser.add_argument(
        "--seconds", metavar="S", type=float, default=1.5, help="seconds for each point (default: 1.5)")
    parser.add_argument("--svg", metavar="FILE", help="draw the curves into this file")
    parser.add_argument("--json", metavar="FILE", help="write the values into this file")
    parser.add_argument("--draw", metavar="JSON", help="measure nothing and use a file of --json")
    parser.add_argument(
        "curves", nargs="*", metavar="CURVE", help=f"{', '.join(CURVES)} (default: all)")
    options = parser.parse_args()
    unknown = set(options.curves) - set(CURVES)
    if unknown:
        parser.error(f"no curve {', '.join(sorted(unknown))}: there are {', '.join(CURVES)}")

    if options.draw:
        result = json.loads(pathlib.Path(options.draw).read_text())
    else:
        program = options.rlplay.resolve()
        if not program.exists():
            parser.error(f"{program} does not exist: build it with 'swift build -c release'")
        load = os.getloadavg()[0]
        peak = measuring.bench(program, ["multiply_add"], options.seconds)
        result = {
            "date": str(datetime.date.today()), "machine": measuring.describe(program), "load": load,
            "rounds": options.rounds, "seconds": options.seconds, "cores": peak["machine"]["cores"],
            "peak_gflops": peak["multiply_add_gflops"],
            "curves": measure(program, options.curves or list(CURVES), options.rounds, options.seconds)}
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    if options.svg:
        pathlib.Path(options.svg).write_text(draw(result))
    print(f"{result['date']}; {result['machine']}; load at the start {result['load']:.1f}; medians of "
          f"{result['rounds']} rounds of {result['seconds']:g} s; peak {result['peak_gflops']:.0f} GFLOP/s a core.\n")
    print("\n".join(tables(result)))


if __name__ == "__main__":
    main()
