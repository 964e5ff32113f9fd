"""Microseconds that running a program to its end takes, by a parent with 5 and 512 MiB: `/bin/true`, which is linked
dynamically, and one that is linked statically and does nothing, either.

C is `vfork`, `execve` and `waitpid`, or `posix_spawn` and `waitpid`, in a loop. The relation is that of the medians to
C with vfork, for the same program and the same memory."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import SPREAD, spread, table

COUNT = 100
ROUNDS = 10


def measure(bench: Bench) -> None:
    programs = bench.programs
    ways = {
        "C, vfork": [programs.run_rate, "vfork"],
        "C, posix_spawn": [programs.run_rate, "posix_spawn"],
        "Roost, run": [programs.swift("RunRate")],
        "swift-subprocess, run": [programs.swift("RunRateSwiftSubprocess")],
        "Foundation, Process": [programs.swift("RunRateFoundation")],
        "Python, subprocess.run": [sys.executable, programs.run_rate_python],
    }
    for what, program in (("dynamic", "/bin/true"), ("static", str(programs.nothing))):
        print(f"{what}:\n")
        samples: dict[tuple[int, str], list[float]] = {(ballast, way): [] for ballast in (5, 512) for way in ways}
        for _ in range(2 if bench.quick else ROUNDS):
            for ballast, way in random.sample(list(samples), len(samples)):
                command = [*ways[way], str(COUNT), str(ballast), program]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                samples[ballast, way] += [int(line) / 1e3 for line in output.split()]
        table(["µs", *SPREAD, "runs/s", "× C"], (
            [f"{way}, {ballast} MiB", *spread(values, ",.0f"), f"{1e6 / statistics.median(values):,.0f}",
             f"{statistics.median(values) / statistics.median(samples[ballast, 'C, vfork']):.2f}"]
            for (ballast, way), values in samples.items()))
