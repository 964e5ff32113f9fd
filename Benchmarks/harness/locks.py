"""Nanoseconds for one turn with a lock, a condition or a semaphore.

A turn with a lock is to acquire it, to add to a number and to release it, in 1, 2 and 4 threads; with a condition or a
semaphore two threads hand over to each other. Ratios are how many times as long the other one takes as Roost."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .build import Programs
from .figures import table

ROUNDS = 11
COUNT = {"lock": 2_000_000, "condition": 40_000, "semaphore": 40_000}
PYTHON_SHARE = 8


def ways(programs: Programs) -> dict[str, dict[str, list]]:
    """How to call each of them, by primitive."""
    swift = programs.locks_swift
    found = {
        "lock": {
            "Roost": [swift, "lock", "roost"],
            "Mutex": [swift, "lock", "mutex"],
            "NSLock": [swift, "lock", "nslock"],
            "C": [programs.locks, "lock", "pthread"],
            "C++": [programs.locks_cpp, "lock", "std"],
        },
        "condition": {
            "Roost": [swift, "condition", "roost"],
            "NSCondition": [swift, "condition", "nscondition"],
            "C": [programs.locks, "condition", "pthread"],
        },
        "semaphore": {
            "Roost": [swift, "semaphore", "roost"],
            "DispatchSemaphore": [swift, "semaphore", "dispatch"],
            "C": [programs.locks, "semaphore", "sem_t"],
        },
    }
    for primitive, calls in found.items():
        if programs.locks_rust and primitive != "semaphore":
            calls["Rust"] = [programs.locks_rust, primitive, "std"]
        calls["CPython"] = [sys.executable, programs.locks_python, primitive, "threading"]
    return found


def measure(bench: Bench) -> None:
    calls = ways(bench.programs)
    samples: dict[tuple[str, int, str], list[float]] = {
        (primitive, threads, way): []
        for primitive in calls for threads in ([1, 2, 4] if primitive == "lock" else [2]) for way in calls[primitive]}
    for _ in range(2 if bench.quick else ROUNDS):
        for primitive, threads, way in random.sample(list(samples), len(samples)):
            count = COUNT[primitive] // (PYTHON_SHARE if way == "CPython" else 1)
            command = [*calls[primitive][way], str(threads), str(count)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[primitive, threads, way].append(int(output) / count)
    medians = {key: statistics.median(values) for key, values in samples.items()}

    def row(primitive: str, threads: int, way: str) -> list[str]:
        value = medians[primitive, threads, way]
        own = medians[primitive, threads, "Roost"]
        return [f"{primitive}, {threads} threads: {way}", f"{value:,.1f}", f"{value / own:.1f}"]

    table(["ns a turn", "median", "÷ Roost"], (row(*key) for key in samples))
