"""Nanoseconds to pass one item from producers to consumers through a queue: by threads on each side, and capacity.

C++ is a std::deque with a mutex and two condition variables; Rust is std::sync::mpsc, whose consumers share a lock, as
it has only one; NSCondition is what one would write in Swift with Foundation. Ratios are how many times as long
the other one takes as Roost."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .build import Programs
from .figures import table

THREADS = [1, 2, 4]
CAPACITIES = [1, 64, 0]
ROUNDS = 11
COUNT = {1: 40_000, 64: 400_000, 0: 400_000}
# Rounds of CPython would take most of the time, and it is steady.
PYTHON_SHARE = 8


def ways(programs: Programs) -> dict[str, list]:
    """How to call each of them."""
    python = [sys.executable, programs.queues_python]
    found = {
        "Roost": [programs.queues_swift, "queue"],
        "Roost Simple": [programs.queues_swift, "simple"],
        "CPython": [*python, "queue"],
        "CPython Simple": [*python, "simple"],
        "NSCondition": [programs.queues_swift, "condition"],
        "C++": [programs.queues_cpp, "condition"],
    }
    if programs.queues_rust:
        found["Rust"] = [programs.queues_rust, "mpsc"]
    return found


def measure(bench: Bench) -> None:
    calls = ways(bench.programs)
    samples: dict[tuple[int, int, str], list[float]] = {
        (threads, capacity, way): []
        for threads in THREADS for capacity in CAPACITIES for way in calls
        if capacity == 0 or "Simple" not in way}
    for _ in range(2 if bench.quick else ROUNDS):
        for threads, capacity, way in random.sample(list(samples), len(samples)):
            count = COUNT[capacity] // (PYTHON_SHARE if "CPython" in way else 1)
            command = [*calls[way], *map(str, (threads, threads, capacity, count))]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[threads, capacity, way].append(int(output) / count)
    medians = {key: statistics.median(values) for key, values in samples.items()}
    peers = [way for way in calls if "Roost" not in way and "CPython" not in way]
    rows = []
    for threads in THREADS:
        for capacity in CAPACITIES:
            found = {way: medians.get((threads, capacity, way)) for way in calls}
            best = min(found[peer] for peer in peers)
            rows.append([
                f"{threads}p{threads}c, {f'capacity {capacity}' if capacity else 'unbounded'}",
                *("–" if value is None else f"{value:,.0f}" for value in found.values()),
                f"{found['CPython'] / found['Roost']:.1f}", f"{best / found['Roost']:.1f}"])
    table(["ns an item", *calls, "CPython ÷ Roost", "best peer ÷ Roost"], rows)
