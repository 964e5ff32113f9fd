"""Memory of the supervisor and its helper processes, without the workers, in MiB, ten seconds after the last start.

PSS shares each page fairly among all processes that have it; this script is Python itself, which favours those
written in Python a little."""

import time

from .bench import Bench
from .figures import table
from .processes import memory
from .supervisors import Supervisor

COUNTS = (1, 100, 1000)


def measure(bench: Bench) -> None:
    rows = []
    for supervisor in bench.supervisors():
        found = [_measure_one(bench, supervisor, count) for count in COUNTS]
        pss = [sum(one["pss"] for one in processes) for processes in found]
        rss = [sum(one["rss"] for one in processes) for processes in found]
        each = (pss[2] - pss[1]) / (COUNTS[2] - COUNTS[1])
        rows.append([supervisor.name, *(f"{value / 1024:,.1f}" for value in pss), f"{each:,.1f}",
                     *(f"{value / 1024:,.1f}" for value in rss), str(len(found[2]))])
    table(["MiB", *(f"PSS {count:,}" for count in COUNTS), "PSS KiB/worker", *(f"RSS {count:,}" for count in COUNTS),
           "processes at 1,000"], rows)


def _measure_one(bench: Bench, supervisor: Supervisor, count: int) -> list[dict[str, int]]:
    running = bench.start_quiet_workers(supervisor, count)
    time.sleep(10)
    figures = [memory(pid) for pid in running.pids(bench.programs.worker)]
    bench.stop_all()
    return figures
