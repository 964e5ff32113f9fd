"""Round trips a second through a pool of two processes, and microseconds of each, from 1 and from 64 callers.

A task is a small JSON object, and the worker answers with it. Each caller of Roost is a connection of its own with one
call on the way at any time; the callers of CPython are threads of one program, with a `multiprocessing.Pool` (apply)
or a `ProcessPoolExecutor` (submit and result), whose tasks are pickled."""

import json
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

from .bench import Bench
from .figures import SPREAD, spread, table

PROCESSES = 2
ROUNDS = 3
TASK = {"numbers": [1, 2, 3]}


def measure(bench: Bench) -> None:
    programs = bench.programs
    workers = {"C": [str(programs.echo)], "Python": [sys.executable, str(programs.echo_python)]}
    directory = bench.directory()
    roostd = _start(programs.roostd, directory, workers)
    try:
        _measure(bench, directory, workers)
    finally:
        roostd.terminate()
        roostd.wait()


def _measure(bench: Bench, directory: Path, workers: dict[str, list[str]]) -> None:
    cases = [(way, callers) for callers in (1, 64)
             for way in (*(f"roostd, {worker} worker" for worker in workers), "Pool.apply", "ProcessPoolExecutor")]
    samples: dict[tuple[str, int], list[float]] = {}
    elapsed: dict[tuple[str, int], float] = {}
    for _ in range(1 if bench.quick else ROUNDS):
        for way, callers in random.sample(cases, len(cases)):
            times = _call(bench, directory, way, callers)
            elapsed[way, callers] = elapsed.get((way, callers), 0) + times[0]
            samples.setdefault((way, callers), []).extend(times[1:])
    table(["µs", *SPREAD, "calls/s"], (
        [f"{way}, {callers} caller{'s' if callers > 1 else ''}", *spread(samples[way, callers], ",.0f"),
         f"{len(samples[way, callers]) * 1e6 / elapsed[way, callers]:,.0f}"]
        for way, callers in cases))


def _call(bench: Bench, directory: Path, way: str, callers: int) -> list[float]:
    """Microseconds of the whole, and of each call."""
    programs = bench.programs
    if way.startswith("roostd"):
        count = 2000 if bench.quick else 64000 if callers > 1 else 20000
        request = bench.directory() / "request"
        pool = way.split()[1]
        request.write_bytes(json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "call", "params": {"pool": pool, "task": TASK}}).encode() + b"\n")
        command = [programs.clients, directory / "control.sock", "line", str(callers), str(count), request]
    else:
        count = 2000 if bench.quick else 20000
        kind = "pool" if way == "Pool.apply" else "executor"
        command = [sys.executable, programs.calls_python, kind, str(callers), str(PROCESSES), str(count)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(line) / 1e3 for line in output.split()]


def _start(roostd: Path, directory: Path, workers: dict[str, list[str]]) -> subprocess.Popen:
    lines = [
        "[daemon]",
        f'socket = "{directory}/control.sock"',
        f'log_directory = "{directory}/log"',
        f'state_directory = "{directory}/state"',
    ]
    for name, command in workers.items():
        lines += [f"[pool.{name}]", f"command = {json.dumps(command)}", f"slots = {PROCESSES}"]
    (directory / "roost.toml").write_text("\n".join(lines) + "\n")
    with open(directory / "roostd.out", "wb") as output:
        process = subprocess.Popen(
            [roostd, "--config", directory / "roost.toml"], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(directory / "control.sock")) == 0:
                return process
        time.sleep(0.01)
    process.kill()
    raise RuntimeError(f"roostd does not come up:\n{(directory / 'roostd.out').read_text(errors='replace')[-1500:]}")
