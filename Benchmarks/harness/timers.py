"""Nanoseconds of processor time that setting, cancelling and firing a timer takes, and all three together.

N deadlines within an hour: all are set, a random half is cancelled, the rest fires in order, with the exact next
deadline asked for each time. Total is for one timer of the whole. Re-arm cancels and sets anew one of N timeouts. Warm
structures have grown in passes before and go on with what those left; new ones grow from nothing. The C library keeps
freed memory meanwhile: what the kernel takes to give it anew depends on how a program happens to cut it up, and says
nothing about timers. Median / least of all passes."""

import math
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from .bench import Bench
from .figures import table

SIZES = (10_000, 1_000_000)
ROUNDS = 5


def measure(bench: Bench) -> None:
    ways = _ways(bench)
    for state in ("warm", "new"):
        for size in SIZES:
            samples: dict[str, list[list[float]]] = {name: [] for name, (_, largest) in ways.items() if size <= largest}
            for _ in range(1 if bench.quick else ROUNDS):
                for name, passes in samples.items():
                    passes += _run([*ways[name][0], str(size), str(_passes(name, size, bench.quick)), state])
            head = [f"ns, {size:,} timers, {state}", "set", "cancel", "fire", "re-arm", "total"]
            table(head, ([name, *_row(passes)] for name, passes in samples.items()))
    _measure_events(bench)


def _ways(bench: Bench) -> dict[str, tuple[list, int]]:
    """For each structure its command and the largest size that it is measured with."""
    everything, small = SIZES[-1], SIZES[0]
    swift, programs = bench.programs.timer_rate, bench.programs.timers
    python = [sys.executable, Path(__file__).parent.parent / "programs" / "timers" / "python_timers.py"]
    ways = {
        "Swift, TimerWheel": ([swift, "wheel"], everything),
        "C, wheel of lists": ([programs / "wheel-linked"], everything),
        "C, wheel of arrays": ([programs / "wheel-contiguous"], everything),
        "C, binary heap, indexed": ([programs / "heap-binary"], everything),
        "C, 4-ary heap, indexed": ([programs / "heap-quaternary"], everything),
        "C++, std::priority_queue, lazy": ([programs / "priority-queue"], everything),
        "C++, std::multimap": ([programs / "multimap"], everything),
        "Swift, Heap of swift-collections, lazy": ([swift, "heap"], everything),
        "Swift, DispatchSource timer": ([swift, "dispatch"], small),
        "Python, heapq, lazy": ([*python, "heapq"], everything),
        "Python, sched": ([*python, "sched"], small),
    }
    if (programs / "binary_heap").exists():
        ways["Rust, BinaryHeap, lazy"] = ([programs / "binary_heap"], everything)
    elif not shutil.which("rustc"):
        print("Without Rust: there is no rustc.\n")
    return ways


def _passes(name: str, size: int, quick: bool) -> int:
    """Large or slow ones have fewer passes a round."""
    if name.startswith("Python") or "Dispatch" in name or size > SIZES[0] or quick:
        return 1
    return 30


def _run(command: list) -> list[list[float]]:
    keeps = {"MALLOC_TRIM_THRESHOLD_": str(1 << 30), "MALLOC_MMAP_THRESHOLD_": str(1 << 30)}
    output = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **keeps}).stdout
    return [[float(word) for word in line.split()] for line in output.splitlines()]


def _row(passes: list[list[float]]) -> list[str]:
    totals = [insert + cancel / 2 + expire / 2 for insert, cancel, expire, _ in passes]
    return [_figure(column) for column in (*zip(*passes, strict=True), totals)]


def _figure(samples: list[float] | tuple[float, ...]) -> str:
    if any(math.isnan(sample) for sample in samples):
        return "-"
    return f"{statistics.median(samples):,.1f} / {min(samples):,.1f}"


def _measure_events(bench: Bench) -> None:
    """Events that are due at once: entered, taken out, carried out."""
    count = "100000"
    python = [sys.executable, Path(__file__).parent.parent / "programs" / "timers" / "python_timers.py"]
    ways = {
        "Swift, Scheduler, real clock, for many threads": [bench.programs.timer_rate, "events", count, "1", "new"],
        "Python, sched.scheduler()": [*python, "events", count],
        "Python, sched.scheduler with a delayfunc that does nothing": [*python, "events-without-delay", count],
    }
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(2 if bench.quick else ROUNDS):
        for name, command in ways.items():
            samples[name] += [line[0] for line in _run(command)]
    table(["ns an event of a scheduler", "median / least", "events/s"], (
        [name, _figure(values), f"{1e9 / statistics.median(values):,.0f}"] for name, values in samples.items()))
