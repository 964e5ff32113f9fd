"""Tasks that a queue takes in a second, and tasks that it runs in a second.

Taking: each client submits `true` to a queue that is paused, and has one submission on the way at any time. A durable
queue answers once the task is on the disk (SQLite, synchronous = FULL); the row "fsync" is what the disk allows one
program that appends 300 bytes and calls fdatasync each time.

Running: 2,000 tasks of /bin/true, two at a time, from the first submission (64 clients) until the last has ended,
beside `xargs -P 2` and GNU parallel, which read 2,000 lines from a file and keep nothing."""

import json
import os
import random
import socket
import subprocess
import time
from pathlib import Path

from .bench import Bench
from .figures import SPREAD, spread, table
from .peers import install_debian

CLIENTS = (1, 64)
ROUNDS = 3
TASKS = 2000
CONFIGURATION = """
[daemon]
socket = "{directory}/control.sock"
log_directory = "{directory}/log"
state_directory = "{directory}/state"
log_level = "error"
cgroup = "none"

[queue.durable]
slots = 2
capacity = 1000000
keep = 100000

[queue.memory]
slots = 2
capacity = 1000000
keep = 100000
durable = false

[queue.silent]
slots = 2
capacity = 1000000
keep = 100000
durable = false
log = false
"""


class Roostd:
    """A roostd with queues."""

    def __init__(self, bench: Bench):
        self.directory = bench.directory()
        self.socket = self.directory / "control.sock"
        configuration = self.directory / "roost.toml"
        configuration.write_text(CONFIGURATION.format(directory=self.directory))
        with open(self.directory / "roostd.out", "wb") as output:
            subprocess.Popen([bench.programs.roostd, "--config", configuration], stdin=subprocess.DEVNULL,
                             stdout=output, stderr=output, start_new_session=True)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.call("version")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def call(self, method: str, **parameters: object) -> dict:
        """One request on a connection of its own."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.connect(str(self.socket))
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
            channel.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(channel.makefile().readline())
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]


def measure(bench: Bench) -> None:
    _measure_taking(bench)
    _measure_running(bench)


def _measure_taking(bench: Bench) -> None:
    roostd = Roostd(bench)
    roostd.call("pause", names=["all"])
    cases = [(queue, clients) for queue in ("durable", "memory") for clients in CLIENTS]
    samples: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
    elapsed = dict.fromkeys(cases, 0.0)
    disk: list[float] = []
    for _ in range(1 if bench.quick else ROUNDS):
        for case in random.sample(cases, len(cases)):
            times = _submit(bench, roostd, case[0], case[1], 500 if bench.quick else 5000)
            elapsed[case] += times[0]
            samples[case] += times[1:]
        disk += _fsync(bench.directory() / "file", 200 if bench.quick else 1000)
    rows = [[f"{'durable' if queue == 'durable' else 'in memory'}, {clients} client{'s' if clients > 1 else ''}",
             *spread(samples[queue, clients], ",.0f"),
             f"{len(samples[queue, clients]) * 1e6 / elapsed[queue, clients]:,.0f}"] for queue, clients in cases]
    table(["µs", *SPREAD, "submissions/s"],
          [*rows, ["fsync, 1 client", *spread(disk, ",.0f"), f"{len(disk) * 1e6 / sum(disk):,.0f}"]])
    bench.stop_all()


def _submit(bench: Bench, roostd: Roostd, queue: str, clients: int, count: int) -> list[float]:
    """Microseconds of the whole, and of each submission."""
    request = roostd.directory / "request"
    parameters = {"queue": queue, "command": ["/bin/true"]}
    request.write_text(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "submit", "params": parameters}) + "\n")
    command = [bench.programs.clients, roostd.socket, "line", str(clients), str(count), request]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(line) / 1e3 for line in output.split()]


def _fsync(path: Path, count: int) -> list[float]:
    """Microseconds of each append that reaches the disk."""
    times = []
    with open(path, "ab", buffering=0) as file:
        for _ in range(count):
            began = time.perf_counter_ns()
            file.write(b"x" * 300)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter_ns() - began) / 1e3)
    return times


def _measure_running(bench: Bench) -> None:
    count = 200 if bench.quick else TASKS
    ways = {
        "xargs -P 2": lambda: _feed(bench, ["xargs", "-P", "2", "-n", "1", "/bin/true"], count),
        "roostd, durable": lambda: _run(bench, "durable", count),
        "roostd, in memory": lambda: _run(bench, "memory", count),
        "roostd, in memory, log = false": lambda: _run(bench, "silent", count),
    }
    if install_debian("parallel", "parallel"):
        ways["parallel -j 2"] = lambda: _feed(bench, ["parallel", "-j", "2"], count)
    samples: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(1 if bench.quick else ROUNDS):
        for way in random.sample(list(ways), len(ways)):
            samples[way].append(ways[way]())
            bench.stop_all()
    table(["tasks/s", "best", "worst", "n"], (
        [way, f"{count / min(times):,.0f}", f"{count / max(times):,.0f}", str(len(times))]
        for way, times in samples.items()))


def _feed(bench: Bench, command: list[str], count: int) -> float:
    """Seconds that a program takes which reads the commands from its standard input."""
    commands = bench.directory() / "commands"
    commands.write_text("/bin/true\n" * count)
    with open(commands, "rb") as source:
        began = time.monotonic()
        subprocess.run(command, stdin=source, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - began


def _run(bench: Bench, queue: str, count: int) -> float:
    """Seconds from the first submission until the last task has ended."""
    roostd = Roostd(bench)
    began = time.monotonic()
    _submit(bench, roostd, queue, 64, count)
    tasks = [task["id"] for task in roostd.call("tasks", names=[queue], limit=5000)["tasks"]]
    for first in range(0, len(tasks), 1000):
        roostd.call("wait", tasks=tasks[first:first + 1000])
    return time.monotonic() - began
