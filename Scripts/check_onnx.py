#!/usr/bin/env python3
"""Compares exported policies with rlplay's own results, step by step.

    check_onnx.py MODEL STEPS [MODEL STEPS] ...

MODEL is a file of `rlplay export --onnx`. STEPS is a safetensors file with every input and output under its name,
[T, B, ...] in float64. The model is checked against the specification of ONNX. onnxruntime then runs each step, for
all B environments at once and for the first one alone. Exit code 0 if every number agrees, otherwise 1.

The tolerance is TOLERANCE for numbers up to 1, and proportional to larger ones. Whole numbers have to be equal.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

TOLERANCE = 1e-5
OPSET, IR_VERSION = 17, 8
TYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int32)": np.int32, "tensor(int64)": np.int64,
    "tensor(uint8)": np.uint8, "tensor(bool)": np.bool_}


def difference(observed, expected):
    """Returns the largest difference relative to numbers above 1; infinite numbers have to be equal."""
    observed, expected = observed.astype(np.float64), expected.astype(np.float64)
    same = observed == expected
    with np.errstate(invalid="ignore"):
        differences = np.abs(observed - expected) / np.maximum(np.abs(expected), 1)
    return float(np.max(np.where(same, 0, np.where(np.isfinite(differences), differences, np.inf)), initial=0))


def check(path, steps):
    """Prints the largest difference of a model; returns what is wrong with it."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    if [(o.domain, o.version) for o in model.opset_import] != [("", OPSET)] or model.ir_version != IR_VERSION:
        return [f"opset {model.opset_import}, IR version {model.ir_version}"]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [value.name for value in [*session.get_inputs(), *session.get_outputs()]]
    if sorted(names) != sorted(steps):
        return [f"has {sorted(names)}, expected {sorted(steps)}"]
    faults, largest, compared = [], 0.0, 0
    for value in [*session.get_inputs(), *session.get_outputs()]:
        if value.shape != ["batch", *steps[value.name].shape[2:]]:
            faults.append(f"{value.name} of shape {value.shape}, expected {steps[value.name].shape[2:]}")
    count, environments = steps[names[0]].shape[:2]
    for batch in (environments, 1):
        for t in range(count):
            feed = {
                value.name: np.ascontiguousarray(steps[value.name][t, :batch].astype(TYPES[value.type]))
                for value in session.get_inputs()}
            for value, observed in zip(session.get_outputs(), session.run(None, feed)):
                expected = steps[value.name][t, :batch]
                if observed.dtype != TYPES[value.type] or observed.shape != expected.shape:
                    faults.append(f"{value.name} is {observed.dtype} {observed.shape}, expected {expected.shape}")
                    continue
                error = difference(observed, expected)
                bound = TOLERANCE if observed.dtype in (np.float32, np.float64) else 0
                if not error <= bound:
                    faults.append(f"{value.name} at step {t} with batch {batch} differs by {error:.2e}")
                largest, compared = max(largest, error), compared + observed.size
    print(f"onnxruntime: {path}: {compared} numbers, largest difference {largest:.2e}")
    return faults


def main(arguments):
    if not arguments or len(arguments) % 2:
        raise SystemExit(__doc__)
    failed = False
    for path, steps in zip(arguments[::2], arguments[1::2]):
        for fault in check(path, load_file(steps)):
            print(f"{path}: {fault}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
