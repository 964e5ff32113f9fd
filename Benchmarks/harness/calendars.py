"""Nanoseconds that finding the next time of a schedule takes, walking from answer to answer.

The same expressions in the same zone for all; crontabs beside croniter and cronsim, calendars beside systemd's own
library, which is loaded from the machine. Least of all rounds. In brackets: nanoseconds for reading the expression.
`!` marks another time after the same number of steps: systemd loses some where a step does not divide its field."""

import os
import subprocess
from pathlib import Path

from .bench import Bench
from .figures import table
from .peers import python_with

ZONES = ("UTC", "Europe/Berlin")
CRON = ("*/5 * * * *", "0 3 * * *", "30 9 * * 1-5", "0 0 1 * *", "0 12 L * *", "0 0 * * 1#1", "0 0 29 2 *")
CALENDARS = ("*:0/5", "*-*-* 03:00", "Mon..Fri 09:30", "*-*-01", "*-*~01 12:00", "Mon *-*-01..07", "*-02-29",
             "*:*:*", "Mon *-02-29", "*-02-30")


def measure(bench: Bench) -> None:
    program = bench.programs.swift("CalendarRate")
    scale = 10 if bench.quick else 1
    steps = 300 // scale
    for zone in ZONES:
        ways: dict[str, list] = {"Roost": [program, "cron", zone, str(steps)]}
        script = Path(__file__).parent.parent / "programs" / "calendars.py"
        for library in ("croniter", "cronsim"):
            ways[library] = [python_with(library), script, library, zone, str(steps)]
        _compare(f"cron, {zone}", CRON, ways, zone)
        ways = {"Roost": [program, "calendar", zone, str(steps)]}
        libraries = sorted(Path("/usr/lib").glob("*/systemd/libsystemd-shared-*.so"))
        if libraries:
            ways["systemd"] = [bench.programs.calendar_systemd, libraries[-1], str(steps)]
        _compare(f"calendar, {zone}", CALENDARS, ways, zone)


def _compare(head: str, expressions: tuple[str, ...], ways: dict[str, list], zone: str) -> None:
    found: dict[str, list[tuple[float, float, str]]] = {}
    for name, command in ways.items():
        output = subprocess.run(
            command, input="\n".join(expressions) + "\n", check=True, capture_output=True, text=True,
            env={**os.environ, "TZ": f":{zone}"}).stdout
        found[name] = [(float(a), float(b), last) for a, b, last in (line.split() for line in output.splitlines())]
    table([head, *ways], (
        [f"`{expression}`", *(_cell(found[name][row], found["Roost"][row]) for name in ways)]
        for row, expression in enumerate(expressions)))


def _cell(figures: tuple[float, float, str], own: tuple[float, float, str]) -> str:
    search, reading, last = figures
    text = f"{search:,.0f}" + (f" ({reading:,.0f})" if reading else "")
    return text if last == own[2] else f"{text} !"
