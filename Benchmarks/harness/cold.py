"""Seconds from the start of the supervisor until the last of 1,000 workers runs its main.

"1 ×" is one definition with 1,000 instances, "1,000 ×" is 1,000 definitions. Rounds are interleaved."""

import random
import statistics

from .bench import Bench, Fifo
from .figures import table
from .supervisors import Roost, Supervisor, Workload

COUNT = 1000
ROUNDS = 3


def measure(bench: Bench) -> None:
    contestants: list[tuple[Supervisor, bool]] = []
    for supervisor in bench.supervisors():
        contestants += [(supervisor, True)] if supervisor.has_pools else []
        # The Python supervisors are slow enough in their better form.
        contestants += [(supervisor, False)] if not supervisor.has_pools or isinstance(supervisor, Roost) else []
    samples: dict[tuple[Supervisor, bool], list[float]] = {contestant: [] for contestant in contestants}
    for _ in range(1 if bench.quick else ROUNDS):
        for contestant in random.sample(contestants, len(contestants)):
            samples[contestant].append(_start_all(bench, *contestant))
    table(["s", "median", "min", "max", "rounds"], (
        [f"{supervisor.name}, {'1 ×' if pooled else '1,000 ×'}", f"{statistics.median(values):.2f}",
         f"{min(values):.2f}", f"{max(values):.2f}", str(len(values))]
        for (supervisor, pooled), values in samples.items()))


def _start_all(bench: Bench, supervisor: Supervisor, pooled: bool) -> float:
    fifo = Fifo(bench.directory() / "fifo")
    workload = Workload((str(bench.programs.worker), str(fifo.path)), COUNT, pooled=pooled)
    running = bench.start(supervisor, workload)
    records = bench.await_workers(running, fifo, COUNT)
    fifo.close()
    bench.stop_all()
    return (max(time for time, _ in records) - running.began) / 1e9
