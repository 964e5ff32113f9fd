"""What a supervisor of 100 quiet workers does in 60 seconds, all threads and helper processes together.

All run at the same time: whoever is idle disturbs nobody. roostd is then traced for 10 seconds."""

import shutil
import subprocess
import time

from .bench import Bench, Running
from .figures import table
from .processes import context_switches, processor_time
from .supervisors import Roost

WORKERS = 100


def measure(bench: Bench) -> None:
    runnings = [bench.start_quiet_workers(supervisor, WORKERS) for supervisor in bench.supervisors()]
    time.sleep(3 if bench.quick else 15)
    seconds = 5 if bench.quick else 60
    before = [_activity(bench, running) for running in runnings]
    time.sleep(seconds)
    after = [_activity(bench, running) for running in runnings]
    table([f"in {seconds} s", "processes", "context switches", "processor ms"], (
        [running.supervisor.name, str(end[0]), f"{end[1] - begin[1]:,}", f"{end[2] - begin[2]:,.0f}"]
        for running, begin, end in zip(runnings, before, after, strict=True)))
    for running in runnings:
        if isinstance(running.supervisor, Roost):
            print(f"{running.supervisor.name}: {_trace(bench, running)}\n", flush=True)


def _activity(bench: Bench, running: Running) -> tuple[int, int, float]:
    pids = running.pids(bench.programs.worker)
    return len(pids), sum(map(context_switches, pids)), sum(map(processor_time, pids))


def _trace(bench: Bench, running: Running) -> str:
    """How many system calls strace sees in 10 seconds."""
    if shutil.which("strace") is None:
        return "not traced, strace is not installed"
    # Outside of the directories of roostd, which notices what happens beside its control socket.
    summary = bench.directory() / "strace"
    command = ["timeout", "--signal=INT", "10", "strace", "-f", "-c", "-o", summary, "-p", str(running.process.pid)]
    subprocess.run(command, capture_output=True, check=False)
    calls = [line.split() for line in summary.read_text().splitlines() if line and line.split()[-1] != "total"]
    names = [words[-1] for words in calls if words[0][0].isdigit()]
    return f"strace saw {', '.join(names)}" if names else "strace saw no system call in 10 s"
