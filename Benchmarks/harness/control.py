"""Requests a second over the control socket, and microseconds of each, of a supervisor of 100 workers.

Each client has one request on the way at any time. Roost answers JSON-RPC lines, supervisord XML-RPC over HTTP on a
connection that is kept. "status" is that of one worker (supervisord: getProcessInfo), "version" is the shortest call
that there is (supervisord: getAPIVersion)."""

import json
import random
import subprocess
import xmlrpc.client
from collections.abc import Iterable
from pathlib import Path

from .bench import Bench, Running
from .figures import SPREAD, spread, table
from .supervisors import Roost, Supervisord

WORKERS = 100
ROUNDS = 3


def measure(bench: Bench) -> None:
    contestants = [one for one in bench.supervisors() if isinstance(one, Supervisord)]
    roost = Roost(bench.programs)
    runnings = [bench.start_quiet_workers(one, WORKERS) for one in [roost, *contestants]]
    samples: dict[tuple[Running, str, int], list[float]] = {}
    elapsed: dict[tuple[Running, str, int], float] = {}
    cases = [(running, call, clients) for running in runnings for call in ("status", "version") for clients in (1, 100)]
    for _ in range(1 if bench.quick else ROUNDS):
        for case in random.sample(cases, len(cases)):
            times = _ask(bench, *case)
            elapsed[case] = elapsed.get(case, 0) + times[0]
            samples.setdefault(case, []).extend(times[1:])
    table(["µs", *SPREAD, "requests/s"], (
        [f"{running.supervisor.name}, {call}, {clients} clients", *spread(samples[running, call, clients], ",.0f"),
         f"{len(samples[running, call, clients]) * 1e6 / elapsed[running, call, clients]:,.0f}"]
        for call in ("status", "version") for clients in (1, 100) for running in runnings))


def _ask(bench: Bench, running: Running, call: str, clients: int) -> list[float]:
    """Microseconds of the whole, and of each request."""
    is_roost = isinstance(running.supervisor, Roost)
    request = bench.directory() / "request"
    request.write_bytes(_roost_request(call) if is_roost else _supervisord_request(call))
    count = 1000 if bench.quick else 20000 if is_roost else 2000
    command = [bench.programs.clients, running.directory / "control.sock", "line" if is_roost else "http",
               str(clients), str(count), request]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [int(line) / 1e3 for line in output.split()]


def _roost_request(call: str) -> bytes:
    parameters = {"names": ["w0:0"]} if call == "status" else {}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": call, "params": parameters}).encode() + b"\n"


def _supervisord_request(call: str) -> bytes:
    if call == "status":
        body = xmlrpc.client.dumps(("w0:w0_0",), "supervisor.getProcessInfo").encode()
    else:
        body = xmlrpc.client.dumps((), "supervisor.getAPIVersion").encode()
    head = f"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
