"""Nanoseconds to pass one message from one process to another through a queue, or there and back (echo), by its size.

Ratios are how many times as long CPython takes as Roost."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import table

ROUNDS = 11
SIZES = {64: 200_000, 4096: 100_000, 1 << 20: 2_000}
ECHO_SHARE = 10
# Rounds of CPython would take most of the time, and it is steady.
PYTHON_SHARE = 8


def measure(bench: Bench) -> None:
    calls = {
        "Roost": [bench.programs.swift("ProcessQueueRate")],
        "CPython": [sys.executable, bench.programs.process_queues_python],
    }
    samples: dict[tuple[str, int, str], list[float]] = {
        (kind, size, way): [] for kind in ("queue", "simple", "echo") for size in SIZES for way in calls}
    for _ in range(2 if bench.quick else ROUNDS):
        for kind, size, way in random.sample(list(samples), len(samples)):
            count = SIZES[size] // (ECHO_SHARE if kind == "echo" else 1)
            count //= PYTHON_SHARE if way == "CPython" else 1
            command = [*calls[way], kind, str(size), str(count)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[kind, size, way].append(int(output) / count)
    medians = {key: statistics.median(values) for key, values in samples.items()}
    rows = []
    for kind in ("queue", "simple", "echo"):
        for size in SIZES:
            own, other = medians[kind, size, "Roost"], medians[kind, size, "CPython"]
            rows.append([f"{kind}, {size:,} bytes", f"{own:,.0f}", f"{other:,.0f}", f"{other / own:.1f}"])
    table(["ns a message", *calls, "CPython ÷ Roost"], rows)
