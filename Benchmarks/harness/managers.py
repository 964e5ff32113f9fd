"""Calls to objects in a server process: Roost's Manager beside CPython's.

1, 2 and 4 client processes at once: setting and getting the value of a key of their own in one dictionary, putting an
item into a queue and getting it back. Ratios are how many times as many calls Roost does."""

import random
import statistics
import subprocess
import sys

from .bench import Bench
from .figures import table

ROUNDS = 7
KINDS = {"dictionary": "set and get in a dictionary", "queue": "put and get in a queue"}
CLIENTS = [1, 2, 4]
COUNT = {"Roost": 40_000, "CPython": 5_000}


def measure(bench: Bench) -> None:
    calls = {
        "Roost": [bench.programs.managers_swift],
        "CPython": [sys.executable, bench.programs.managers_python],
    }
    samples: dict[tuple[str, int, str], list[float]] = {
        (kind, clients, way): [] for kind in KINDS for clients in CLIENTS for way in calls}
    for _ in range(2 if bench.quick else ROUNDS):
        for kind, clients, way in random.sample(list(samples), len(samples)):
            command = [*calls[way], kind, str(clients), str(COUNT[way])]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            # Each round of each client is two calls.
            samples[kind, clients, way].append(2e9 * COUNT[way] * clients / int(output))
    rows = []
    for kind, words in KINDS.items():
        for clients in CLIENTS:
            found = {way: statistics.median(samples[kind, clients, way]) for way in calls}
            rows.append([
                f"{words}, {clients} client{'s' if clients > 1 else ''}",
                *(f"{value:,.0f}" for value in found.values()), f"{found['Roost'] / found['CPython']:.1f}"])
    table(["calls/s", *calls, "Roost ÷ CPython"], rows)
