#!/usr/bin/env python3
"""Compares a network policy with PyTorch modules of the same names on rows of random inputs.

    check_network.py CHECKPOINT REACTIONS [DRAWN] [-- CHECKPOINT REACTIONS [DRAWN]] ...

Several comparisons in one call save the time of importing PyTorch. CHECKPOINT holds the parameters and the policy's description. REACTIONS is a safetensors file with

* each input as in the fragment [T, B, ...] under its path (`obs.camera`, `act`, `rew`, `fin`, `stepno`);
* the `logits` and `value` that rlplay computed for them;
* the recurrent state before the first row (`hx.h.0`, ... [B, size]) and after the last one
  (`next.h.0`, ...);
* metadata: `leaves` has the `path`, `kind`, `shape`, `counts` of choices, bounds and `type` of each
  leaf of observation and action.

The modules are built from the description alone and read the file with `load_state_dict`. They run
in double precision with the same single-precision parameters, row by row. Exit code 0 if every
number of all comparisons agrees, otherwise 1. DRAWN, if given, is written: a checkpoint with the same description and
weights initialized by PyTorch, for the opposite direction.

The tolerance is TOLERANCE for numbers up to 1, and proportional to larger ones. Single precision
rounds by 2^-24 = 6e-8. Rounding errors have either sign. A sum of n terms of size 1/sqrt(n), the
size of initial weights, is therefore off by a few roundings for any n, and so are the results of
further layers and rows. The largest observed error is 1.6e-7; 32 roundings are allowed. Exchanged
gates, axes or positions change numbers by 1e-3 and more.
"""

import json
import sys

import torch
from check_checkpoint import settings_of
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch_network import Network

TOLERANCE = 32 * 2.0 ** -24


def agrees(name, observed, expected):
    """Prints the largest difference; returns True if all are within the tolerance."""
    if observed.shape != expected.shape or observed.numel() == 0:
        raise SystemExit(f"{name} of {tuple(observed.shape)}, expected {tuple(expected.shape)}")
    difference = (observed.double() - expected).abs() / expected.abs().clamp(min=1)
    # Written so that a NaN on either side fails.
    result = bool((difference <= TOLERANCE).all())
    print(
        f"PyTorch: {name}: {observed.numel()} numbers, largest difference {difference.max():.2e}: "
        + ("agrees" if result else f"DIFFERS, {TOLERANCE:.1e} is allowed"))
    return result


def check(checkpoint, reactions, drawn=None):
    """Prints the differences of one comparison; returns True if there are none."""
    with safe_open(checkpoint, "pt") as file:
        metadata = file.metadata()
    with safe_open(reactions, "pt") as file:
        leaves = json.loads(file.metadata()["leaves"])
    settings = settings_of(metadata)
    recorded = load_file(reactions)
    said = {
        name: recorded.pop(name) for name in list(recorded)
        if name in ("logits", "value") or name.startswith("next.")}

    network = Network(settings, leaves)
    network.load_state_dict(load_file(checkpoint), strict=True)
    with torch.no_grad():
        expected = network.double().run(recorded)
    if said.keys() != expected.keys():
        raise SystemExit(f"rlplay outputs {sorted(said)}, PyTorch {sorted(expected)}")
    results = [agrees(name, said[name], expected[name]) for name in sorted(said)]
    if drawn:
        torch.manual_seed(1)
        # It covers the tensors that were read, and rlplay reads a checkpoint without one.
        metadata.pop("checksum", None)
        save_file(Network(settings, leaves).state_dict(), drawn, metadata)
    return all(results)


def main(arguments):
    comparisons = [[]]
    for argument in arguments:
        if argument == "--":
            comparisons.append([])
        else:
            comparisons[-1].append(argument)
    if any(len(files) not in (2, 3) for files in comparisons):
        raise SystemExit(__doc__)
    failed = []
    for files in comparisons:
        print(files[0])
        if not check(*files):
            failed.append(files[0])
    return f"PyTorch differs from {', '.join(failed)}" if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
