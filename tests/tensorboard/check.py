#!/usr/bin/env python3
"""Reads a folder of event files with TensorBoard's own reader and compares its scalars.

    tests/tensorboard/check.py FOLDER EXPECTED

EXPECTED is JSON: {name: [[step, value], ...]}. Status: 0 all agree, 1 they differ, 77 TensorBoard
is not installed (skipped).
"""
import json
import struct
import sys

SKIPPED = 77


def as_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def read_scalars(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    return {name: [[e.step, e.value] for e in events.Scalars(name)] for name in events.Tags()["scalars"]}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        print("tensorboard is not installed: skipped")
        sys.exit(SKIPPED)
    with open(sys.argv[2]) as file:
        expected = {name: [[step, as_float32(value)] for step, value in points]
                    for name, points in json.load(file).items()}
    actual = read_scalars(sys.argv[1])
    if actual != expected:
        sys.exit(f"expected {expected}\ngot {actual}")
    print(f"{sum(map(len, actual.values()))} values of {len(actual)} scalars agree")


if __name__ == "__main__":
    main()
