#!/usr/bin/env python3
"""Compares the network of a checkpoint with the same network written in Python.

    check_checkpoint.py CHECKPOINT REACTIONS

CHECKPOINT is a run's `last.safetensors`, read with the reference implementation of the format.
REACTIONS is JSON: `observations` [n, features], `actions` [n] (the previous ones) and `logits`
[n, choices], the log-probabilities that rlplay computed for them.

The network is the default one: the observation next to the embedded previous action, linear layers
with ReLU between them, log-softmax. check_network.py checks all others. NumPy computes it in double
precision from the same single-precision parameters. PyTorch does the same if it can be imported, with
modules that load the file by the names of its tensors. Exit code 0 if all agree, otherwise 1.

The tolerance is the bound of single-precision rounding: a sum of n products has an error of at most
n u / (1 - n u) times the sum of the magnitudes in any order of the terms (u = 2^-24; Higham,
"Accuracy and stability of numerical algorithms", section 3.1). Here n is the number of terms of all
sums on a path through the network. The magnitudes are those of the same network with every weight,
bias and input made positive. Subtracting the logarithm of a sum of exponentials at most doubles the
error. 8 units in the last place are for exp and log themselves.
"""

import json
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

UNIT = 2.0 ** -24


# The default network's settings apart from sizes.
SEED = {
    "inputs": ["obs", "act"], "integers": "embedding", "torso": "mlp", "activation": "relu",
    "recurrent": "none",
}


def settings_of(metadata):
    """Returns the network policy's settings from a checkpoint's metadata."""
    kind, _, settings = metadata["policy"].partition(" ")
    if kind != "network":
        raise SystemExit(f"the checkpoint's policy is '{kind}': only network is supported")
    return json.loads(settings)


def layer_names(settings):
    """Returns the names of the linear layers, first to last, from the policy's settings."""
    for name, value in SEED.items():
        if settings[name] != value:
            raise SystemExit(
                f"the network's {name} is {settings[name]}, the default is {value}: "
                "check_network.py checks other networks")
    count = len(settings["hidden"])
    hidden = ["hidden"] if count == 1 else [f"hidden.{index}" for index in range(count)]
    return hidden + ["logits"]


def numpy_log_probabilities(parameters, layers, observations, actions):
    """Returns the log-probabilities in double precision and the error bounds of single precision."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in parameters.items()}
    x = np.concatenate([observations, tensors["act.weight"][actions]], axis=-1)
    magnitude = np.abs(x)
    terms = 0
    for name in layers:
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        x = x @ weight.T + bias
        magnitude = magnitude @ np.abs(weight).T + np.abs(bias)
        terms += weight.shape[1] + 1
        if name != "logits":
            x = np.maximum(x, 0)
    largest = x.max(axis=-1, keepdims=True)
    total = np.log(np.exp(x - largest).sum(axis=-1, keepdims=True))
    result = x - largest - total
    rounding = terms * UNIT / (1 - terms * UNIT)
    bound = 2 * rounding * magnitude.max(axis=-1, keepdims=True) + 8 * UNIT * (1 + np.abs(result))
    return result, bound


def torch_log_probabilities(path, settings, observations, actions, choices):
    """Returns the log-probabilities by PyTorch's modules, or None if it cannot be imported."""
    try:
        import torch
        from safetensors.torch import load_file as load_tensors
        from torch_network import Network
    except ImportError:
        return None
    leaves = [
        {"path": "obs", "kind": "box", "type": "float32", "shape": observations.shape[1:],
         "counts": []},
        {"path": "act", "kind": "discrete", "shape": [], "counts": [choices]},
    ]
    network = Network(settings, leaves)
    network.load_state_dict(load_tensors(path))
    # One row with an environment for each observation.
    rows = {"obs": observations, "act": actions, "fin": np.zeros(len(actions))}
    with torch.no_grad():
        results = network.double().run({
            name: torch.from_numpy(row)[None] for name, row in rows.items()})
    return results["logits"][0].numpy()


def compare(name, observed, expected, bound):
    """Prints the largest difference; returns True if all differences are within the bound."""
    difference = np.abs(observed - expected)
    # Written so that a NaN on either side fails.
    agrees = bool((difference <= bound).all())
    row, column = np.unravel_index(np.argmax(difference / bound), difference.shape)
    print(
        f"{name}: {observed.size} log-probabilities, "
        f"largest difference {difference.max():.2e}, "
        f"at most {(difference / bound).max():.3f} of its bound: "
        + ("agrees" if agrees else f"DIFFERS, at [{row}, {column}] "
           f"{observed[row, column]!r} where {expected[row, column]!r} was expected"))
    return agrees


def main(checkpoint, reactions):
    with safe_open(checkpoint, "np") as file:
        settings = settings_of(file.metadata())
    parameters = load_file(checkpoint)
    with open(reactions, encoding="utf-8") as file:
        recorded = json.load(file)
    # Rounding to single precision restores the original numbers from their decimals.
    observations = np.array(recorded["observations"], np.float32).astype(np.float64)
    actions = np.array(recorded["actions"], np.int64)
    observed = np.array(recorded["logits"], np.float32).astype(np.float64)

    expected, bound = numpy_log_probabilities(
        parameters, layer_names(settings), observations, actions)
    if observed.shape != expected.shape or observed.size == 0:
        raise SystemExit(f"logits of shape {observed.shape} where {expected.shape} was expected")
    agrees = compare("NumPy", observed, expected, bound)
    torch_result = torch_log_probabilities(
        checkpoint, settings, observations, actions, observed.shape[1])
    if torch_result is None:
        print("PyTorch: cannot be imported, skipped")
    else:
        agrees = compare("PyTorch", observed, torch_result, bound) and agrees
    return 0 if agrees else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    raise SystemExit(main(*sys.argv[1:]))
