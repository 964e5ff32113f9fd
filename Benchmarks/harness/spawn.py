"""Microseconds that starting a process takes: until the new program is executed, by a parent with 5 and 500 MiB.

C is `clone` with CLONE_VM, CLONE_VFORK and CLONE_PIDFD; Python is `subprocess.Popen`, which uses vfork, too."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import SPREAD, spread, table

COUNT = 200
ROUNDS = 10


def measure(bench: Bench) -> None:
    programs = bench.programs
    ways = {
        "C": [programs.spawn_rate],
        "Swift, Subprocesses.spawn": [programs.spawn_rate_swift],
        "Python, subprocess.Popen": [sys.executable, programs.spawn_rate_python],
    }
    samples: dict[tuple[str, int], list[float]] = {(way, ballast): [] for ballast in (5, 500) for way in ways}
    for _ in range(2 if bench.quick else ROUNDS):
        for way, ballast in random.sample(list(samples), len(samples)):
            command = [*ways[way], str(COUNT), str(ballast), bench.programs.worker]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[way, ballast] += [int(line) / 1e3 for line in output.split()]
    table(["µs", *SPREAD, "starts/s"], (
        [f"{way}, {ballast} MiB", *spread(values, ",.1f"), f"{1e6 / statistics.mean(values):,.0f}"]
        for (way, ballast), values in samples.items()))
