"""Microseconds from a child's last word until a wait with a timeout of ten seconds returns.

The child lives for 5 to 25 ms, writes the time, and exits. C waits with ppoll on a pidfd."""

import random
import subprocess
import sys

from .bench import Bench
from .figures import SPREAD, spread, table

COUNT = 20
ROUNDS = 10


def measure(bench: Bench) -> None:
    programs = bench.programs
    ways = {
        "C, pidfd": [programs.lateness],
        "Roost, wait(timeout:)": [programs.swift("Lateness")],
        "Python, Popen.wait(timeout)": [sys.executable, programs.lateness_python],
    }
    samples: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(2 if bench.quick else ROUNDS):
        for way in random.sample(list(samples), len(samples)):
            command = [*ways[way], str(COUNT), programs.farewell]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[way] += [int(line) / 1e3 for line in output.split()]
    table(["µs", *SPREAD], ([way, *spread(values, ",.0f")] for way, values in samples.items()))
