#!/usr/bin/env python3
"""Compares the metrics of a run in all their forms.

    check_records.py RUN

`metrics.jsonl` is compared with `metrics.csv`, and with the event files as TensorBoard's own reader and tbparse
read them: every record with its checksums, every scalar, every histogram and every text. The tags are those of the
table in docs/records.md. Exit code 0 if all agree, otherwise 1.
"""

import csv
import json
import math
import pathlib
import re
import struct
import sys

import tbparse
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub import errors, pywrap_tensorflow

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/records.md").read_text(encoding="utf-8")
TAGS = dict(re.findall(r"^\| `(\w+)` \| `([\w/]+)`", PAGE, re.MULTILINE))


def tag(key):
    if key in TAGS:
        return TAGS[key]
    return "eval/" + key[5:] if key.startswith("eval_") else "train/" + key


def single(number):
    """The number as a float of 32 bits."""
    return struct.unpack("f", struct.pack("f", math.nan if number is None else number))[0]


def same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


def raw_events(path):
    """Yields the events of a file; an error of a checksum ends the script."""
    reader = pywrap_tensorflow.PyRecordReader_New(str(path), 0, b"", None)
    while True:
        try:
            reader.GetNext()
        except errors.OutOfRangeError:
            return
        yield Event.FromString(reader.record())


def check(condition, message):
    if not condition:
        sys.exit(f"check_records.py: {message}")


def scalars_of(lines):
    """Returns the expected scalars: the steps and numbers by tag."""
    expected = {}
    for line in lines:
        for key, value in line.items():
            if not isinstance(value, dict):
                number = -value if key == "entropy" and value is not None else value
                expected.setdefault(tag(key), []).append((line["env_steps"], single(number)))
    return expected


def compare(found, expected, reader):
    check(set(found) == set(expected), f"{reader} has other tags: {sorted(set(found) ^ set(expected))}")
    for name, numbers in expected.items():
        # tbparse sorts by step and not by time.
        pairs = zip(sorted(found[name], key=lambda pair: pair[0]), sorted(numbers, key=lambda pair: pair[0]))
        check(len(found[name]) == len(numbers), f"{reader} has {len(found[name])} of {len(numbers)} numbers of {name}")
        for one, other in pairs:
            check(one[0] == other[0] and same(one[1], other[1]), f"{reader} has {one} for {other} of {name}")


def check_events(run, lines):
    files = sorted(run.glob("events.out.tfevents.*"))
    check(files, "there is no event file")
    for path in files:
        events = list(raw_events(path))
        check(events[0].file_version == "brain.Event:2", f"{path} begins with {events[0]}")
    expected = scalars_of(lines)

    accumulator = EventAccumulator(str(run), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    accumulator.Reload()
    found = {
        name: [(event.step, event.value) for event in accumulator.Scalars(name)]
        for name in accumulator.Tags()["scalars"]
    }
    compare(found, expected, "TensorBoard")

    for key, name in ((key, name) for key, name in TAGS.items() if key.endswith("_histogram")):
        counts = [sum(line[key].values()) for line in lines if line.get(key)]
        values = [event.histogram_value for event in accumulator.Histograms(name)] if counts else []
        check([value.num for value in values] == counts, f"TensorBoard has other counts of {name}")
        bins = [[count for count in line[key].values()] for line in lines if line.get(key)]
        check(
            [[count for count in value.bucket if count] for value in values] == bins,
            f"TensorBoard has other bins of {name}",
        )
        for value in values:
            limits = [value.min, *value.bucket_limit]
            check(limits == sorted(set(limits)) and limits[-1] == value.max, f"{name} has the limits {limits}")

    texts = {name: accumulator.Tensors(name) for name in accumulator.Tags()["tensors"]}
    check(set(texts) == {"configuration/text_summary", "network/text_summary"}, f"there are the texts {set(texts)}")
    text = texts["configuration/text_summary"][-1].tensor_proto.string_val[0].decode()
    options = json.loads(text.removeprefix("```json\n").removesuffix("```"))
    check(options == json.loads((run / "config.json").read_text()), "the text is not config.json")

    frame = tbparse.SummaryReader(str(run)).scalars
    found = {}
    for step, name, value in zip(frame["step"], frame["tag"], frame["value"]):
        found.setdefault(name, []).append((step, single(value)))
    compare(found, expected, "tbparse")
    return sum(map(len, expected.values()))


def check_csv(run, lines):
    with open(run / "metrics.csv", newline="") as file:
        header, *rows = list(csv.reader(file))
    check(len(rows) == len(lines), f"metrics.csv has {len(rows)} lines for {len(lines)}")
    for row, line in zip(rows, lines):
        check(len(row) == len(header), f"a line has {len(row)} of {len(header)} cells")
        found = {key: float(cell) for key, cell in zip(header, row) if cell}
        expected = {key: value for key, value in line.items() if not isinstance(value, dict) and value is not None}
        check(found == expected, f"metrics.csv has {found} for {expected}")


def main():
    run = pathlib.Path(sys.argv[1])
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    check_csv(run, lines)
    count = check_events(run, lines)
    print(f"{len(lines)} records with {count} numbers agree")


main()
