"""Milliseconds from the SIGKILL of a worker until the main of its replacement runs.

A worker lived for more than 1.5 s before its kill. Those that restart at once have eight workers each, and take turns
in shuffled order, one kill at a time. Then come those that wait by design, in eight copies with one worker each, killed
together: a copy does not notice the others, while a second exit in the same daemon would wake it early."""

import os
import random
import signal
import statistics
import threading
import time

from .bench import Bench, Fifo, Running
from .figures import SPREAD, spread, table
from .supervisors import Supervisor, Workload

WORKERS = 8
ROUNDS = 25
ALIVE_SECONDS = 1.6


class Victim:
    """One worker, killed again and again."""

    def __init__(self, fifo: Fifo, samples: list[float]):
        self.fifo = fifo
        self.samples = samples
        self.pidfd = -1

    def await_first(self, bench: Bench, running: Running) -> None:
        self._take(bench.await_workers(running, self.fifo, 1))

    def kill(self) -> None:
        before = time.monotonic_ns()
        signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        records = self.fifo.records(1, seconds=60)
        if not records:
            raise RuntimeError(f"no replacement came within a minute: {self.fifo.path}")
        self.samples.append((records[0][0] - before) / 1e6)
        self._take(records)

    def _take(self, records: list[tuple[int, int]]) -> None:
        """Holds on to the run by descriptor: its pid may be another's by the time of the kill."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
        self.pidfd = os.pidfd_open(records[-1][1])


def measure(bench: Bench) -> None:
    samples: dict[Supervisor, list[float]] = {supervisor: [] for supervisor in bench.supervisors()}
    for together in (False, True):
        group = [supervisor for supervisor in samples if supervisor.waits_before_restart == together]
        victims = [victim for supervisor in group for victim in _start(bench, supervisor, samples[supervisor])]
        for _ in range(3 if bench.quick else ROUNDS):
            time.sleep(ALIVE_SECONDS)
            random.shuffle(victims)
            if together:
                _kill_together(victims)
            else:
                _kill_in_turn(victims)
        bench.stop_all()

    limit = statistics.median(next(values for owner, values in samples.items() if owner.name == "C loop"))
    table(["ms", *SPREAD, "× C loop"], (
        [supervisor.name, *spread(values), f"{statistics.median(values) / limit:,.2f}"]
        for supervisor, values in samples.items()))


def _start(bench: Bench, supervisor: Supervisor, samples: list[float]) -> list[Victim]:
    directory = bench.directory()
    copies = WORKERS if supervisor.waits_before_restart else 1
    victims = []
    for copy in range(copies):
        workload = Workload((str(bench.programs.worker), f"{directory}/{copy}.{{index}}"), WORKERS // copies)
        fifos = [Fifo(directory / f"{copy}.{index}") for index in range(workload.count)]
        running = bench.start(supervisor, workload)
        for fifo in fifos:
            victims.append(Victim(fifo, samples))
            victims[-1].await_first(bench, running)
    return victims


def _kill_in_turn(victims: list[Victim]) -> None:
    for victim in victims:
        victim.kill()
        # Lets the supervisor write its logs, and everybody sleep again, before the next.
        time.sleep(random.uniform(0.01, 0.03))


def _kill_together(victims: list[Victim]) -> None:
    threads = [threading.Thread(target=victim.kill) for victim in victims]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()
