"""Nanoseconds for one task that does nothing, in a pool of 1, 2 and 8 threads.

submit is to submit all tasks and then to wait for all; a trip is to submit one and to get its result, again and again;
map goes over numbers by chunks of 1 and of 100. CPython is its ThreadPoolExecutor, which knows no chunks."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import table

MEASURES = ["submit", "trip", "map-1", "map-100"]
WORKERS = [1, 2, 8]
ROUNDS = 11
COUNT = {"submit": 200_000, "trip": 50_000, "map-1": 100_000, "map-100": 100_000}
# Rounds of CPython would take most of the time, and it is steady.
PYTHON_SHARE = 8


def measure(bench: Bench) -> None:
    calls = {
        "Roost": [bench.programs.swift("FutureRate")],
        "CPython": [sys.executable, bench.programs.futures_python],
    }
    samples: dict[tuple[str, int, str], list[float]] = {
        (measure, workers, way): [] for measure in MEASURES for workers in WORKERS for way in calls}
    for _ in range(2 if bench.quick else ROUNDS):
        for measure, workers, way in random.sample(list(samples), len(samples)):
            count = COUNT[measure] // (PYTHON_SHARE if way == "CPython" else 1)
            command = [*calls[way], measure, str(workers), str(count)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[measure, workers, way].append(int(output) / count)
    medians = {key: statistics.median(values) for key, values in samples.items()}

    def row(measure: str, workers: int) -> list[str]:
        own, other = (medians[measure, workers, way] for way in calls)
        return [f"{measure}, {workers} workers", f"{own:,.0f}", f"{other:,.0f}", f"{other / own:.1f}",
                f"{1e9 / own:,.0f}"]

    table(["ns a task", *calls, "CPython ÷ Roost", "tasks/s"], (row(*key) for key in (
        (measure, workers) for measure in MEASURES for workers in WORKERS)))
