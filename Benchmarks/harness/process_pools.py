"""Nanoseconds for one task that does next to nothing, in a pool of 2 processes.

submit is to submit all tasks and then to wait for all; a trip is to submit one and to get its result, again and again;
map squares numbers by chunks. CPython has two pools, and starts their workers by fork or by spawn; Roost's workers are
spawned. Ratios are how many times as long CPython takes: its ProcessPoolExecutor, and the fastest of its pools."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import table

MEASURES = {"submit": 100_000, "trip": 20_000, "map-1": 100_000, "map-100": 100_000, "map-1000": 100_000}
WORKERS = 2
ROUNDS = 11
# Single tasks of CPython take long, and are steady.
PYTHON_SHARE = {"submit": 10, "trip": 10, "map-1": 10}


def measure(bench: Bench) -> None:
    python = [sys.executable, bench.programs.pools_python]
    calls = {
        "Roost": [bench.programs.swift("PoolRate")],
        **{f"{name} {context}": [*python, kind, context]
           for kind, name in (("executor", "ProcessPoolExecutor"), ("pool", "Pool"))
           for context in ("spawn", "fork")},
    }
    samples: dict[tuple[str, str], list[float]] = {(measure, way): [] for measure in MEASURES for way in calls}
    for _ in range(2 if bench.quick else ROUNDS):
        for measure, way in random.sample(list(samples), len(samples)):
            count = MEASURES[measure] // (1 if way == "Roost" else PYTHON_SHARE.get(measure, 1))
            command = [*calls[way], measure, str(WORKERS), str(count)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[measure, way].append(int(output) / count)
    rows = []
    for measure in MEASURES:
        found = {way: statistics.median(samples[measure, way]) for way in calls}
        own = found.pop("Roost")
        executor = min(value for way, value in found.items() if way.startswith("ProcessPoolExecutor"))
        rows.append([
            measure, f"{own:,.0f}", *(f"{value:,.0f}" for value in found.values()),
            f"{executor / own:.1f}", f"{min(found.values()) / own:.1f}"])
    table(["ns a task", *calls, "ProcessPoolExecutor ÷ Roost", "fastest ÷ Roost"], rows)
