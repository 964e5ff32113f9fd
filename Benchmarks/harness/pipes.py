"""Messages between two processes, processes from start to end, and the coder: Roost beside CPython's multiprocessing.

A message is bytes (send_bytes) or a value (send), through a duplex Pipe; a round is there and back. CPython passes
messages to a forked process, which is its fastest. A value of the coder is encoded and decoded as often. Ratios are how
many times as long CPython takes."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import table

ROUNDS = 11
MEBIBYTE = str(1 << 20)
# What, the arguments of both programs, and how many times each does it.
MEASURES = [
    ("a message of 64 bytes", ["bytes", "64"], 100_000),
    ("a value of 64 bytes", ["values", "64"], 100_000),
    ("64 bytes there and back", ["round", "64"], 20_000),
    ("a message of 1 MiB", ["bytes", MEBIBYTE], 300),
    ("a value of 1 MiB", ["values", MEBIBYTE], 300),
    ("a process by spawn", ["spawn"], 20),
    ("a process by forkserver", ["forkserver"], 100),
    ("encode an integer, decode it", ["code", "int"], 200_000),
    ("encode a structure of 3 fields, decode it", ["code", "struct"], 100_000),
    ("encode 10 such in a structure, decode it", ["code", "nested"], 20_000),
    ("encode 1 MiB of bytes, decode it", ["code", "bytes"], 100),
]


def measure(bench: Bench) -> None:
    calls = {
        "Roost": [bench.programs.pipes_swift],
        "CPython": [sys.executable, bench.programs.pipes_python],
    }
    samples: dict[tuple[int, str], list[list[float]]] = {
        (index, way): [] for index in range(len(MEASURES)) for way in calls}
    for _ in range(2 if bench.quick else ROUNDS):
        for index, way in random.sample(list(samples), len(samples)):
            _, arguments, count = MEASURES[index]
            command = [*calls[way], *arguments, str(count)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            samples[index, way].append([int(line) / count for line in output.split()])

    def medians(index: int, way: str) -> list[float]:
        return [statistics.median(values) for values in zip(*samples[index, way])]

    rows = []
    for index, (what, _, _) in enumerate(MEASURES):
        found = {way: medians(index, way) for way in calls}
        rows.append([
            what,
            *(", ".join(f"{value / 1000:,.2f}" for value in values) for values in found.values()),
            ", ".join(f"{other / own:.1f}" for own, other in zip(found["Roost"], found["CPython"]))])
    table(["µs", *calls, "CPython ÷ Roost"], rows)
