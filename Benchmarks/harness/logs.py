"""Megabytes a second from a worker's output to its log file, without rotation, in lines of 100 bytes.

"blocks" writes 1 GiB, 64 KiB at a time; "lines" writes 256 MiB, a line at a time. From the first write until the file
is whole; processor time is that of the supervisor or logger alone. circus, runit and s6 leave the output to others."""

import os
import random
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .bench import Bench, Fifo
from .figures import table
from .processes import processor_time
from .supervisors import Roost, Supervisor, Supervisord, Workload

LINE = 100
ROUNDS = 5


@dataclass(frozen=True)
class Case:
    """How much is written, and how much of it with each write."""

    name: str
    lines: int
    lines_at_once: int


@dataclass(frozen=True)
class Logging:
    """A process that moves output into files."""

    pid: int
    files: Callable[[], list[Path]]


def measure(bench: Bench) -> None:
    scale = 16 if bench.quick else 1
    cases = [Case("blocks", (1 << 30) // LINE // scale, 655), Case("lines", (1 << 28) // LINE // scale, 1)]
    loggers = {"cat": ["cat"]}
    if runit := bench.peers.get("runit"):
        loggers["svlogd"] = [str(runit.directory / "svlogd")]
    if s6 := bench.peers.get("s6"):
        loggers["s6-log"] = [str(s6.directory / "s6-log"), "n99", "s268435455"]
    supervisors = [one for one in bench.supervisors() if isinstance(one, Supervisord)] + [Roost(bench.programs)]
    starters: dict[str, Callable[[list[str]], Logging]] = {}
    for name, command in loggers.items():
        starters[name] = lambda writer, name=name, command=command: _start_logger(bench, name, command, writer)
    for supervisor in supervisors:
        starters[supervisor.name] = lambda writer, owner=supervisor: _start_supervisor(bench, owner, writer)

    contestants = [(name, case) for case in cases for name in starters]
    samples: dict[tuple[str, Case], list[tuple[float, float]]] = {contestant: [] for contestant in contestants}
    for _ in range(1 if bench.quick else ROUNDS):
        for name, case in random.sample(contestants, len(contestants)):
            samples[name, case].append(_measure_one(bench, starters[name], case))
            bench.stop_all()
    _print(samples)


def _print(samples: dict[tuple[str, Case], list[tuple[float, float]]]) -> None:
    rows = []
    for (name, case), values in samples.items():
        rate, used = (statistics.median(value[column] for value in values) for column in (0, 1))
        cat = statistics.median(value[0] for value in samples["cat", case])
        rows.append([f"{name}, {case.name}", f"{rate:,.0f}", f"{min(value[0] for value in values):,.0f}",
                     f"{max(value[0] for value in values):,.0f}", f"{rate / cat:.2f}", f"{used:.2f}", str(len(values))])
    table(["", "MB/s, median", "min", "max", "× cat", "processor s/GiB", "rounds"], rows)


def _measure_one(bench: Bench, start: Callable[[list[str]], Logging], case: Case) -> tuple[float, float]:
    """Megabytes a second, and seconds of processor time for each GiB."""
    fifo = Fifo(bench.directory() / "fifo")
    logging = start([str(bench.programs.writer), str(case.lines), str(case.lines_at_once), str(fifo.path)])
    records = fifo.records(1, seconds=60)
    size, written, deadline = case.lines * LINE, 0, time.monotonic() + 60
    while written < size and time.monotonic() < deadline:
        time.sleep(0.002)
        written = sum(path.stat().st_size for path in logging.files() if path.exists())
    ended = time.monotonic_ns()
    used = processor_time(logging.pid)
    fifo.close()
    if not records or written != size:
        raise RuntimeError(f"cannot find all output: {written} of {size} bytes are in {logging.files()}")
    return size * 1e3 / (ended - records[0][0]), used / 1e3 * (1 << 30) / size


def _start_logger(bench: Bench, name: str, command: list[str], writer: list[str]) -> Logging:
    directory = bench.directory()
    if name == "svlogd":
        # No rotation by size.
        (directory / "config").write_text("s0\n")
    reader, end = os.pipe()
    with open(directory / "cat" if name == "cat" else os.devnull, "wb") as output:
        arguments = command if name == "cat" else [*command, str(directory)]
        logger = subprocess.Popen(arguments, stdin=reader, stdout=output, stderr=subprocess.DEVNULL)
        subprocess.Popen(writer, stdin=subprocess.DEVNULL, stdout=end)
    os.close(reader)
    os.close(end)
    return Logging(logger.pid, lambda: [*directory.glob("cat"), *directory.glob("current"), *directory.glob("@*")])


def _start_supervisor(bench: Bench, supervisor: Supervisor, writer: list[str]) -> Logging:
    running = bench.start(supervisor, Workload(tuple(writer), 1))
    pattern = "log/w0*" if isinstance(supervisor, Roost) else "w0-stdout*"
    return Logging(running.process.pid, lambda: list(running.directory.glob(pattern)))
