"""What /proc says about processes, and the end of those that we started."""

import ctypes
import os
import signal
import time
from collections import defaultdict

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Makes every descendant whose parent dies our child, so that none can be lost sight of."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become the reaper of orphans")


def descendants(root: int) -> list[int]:
    """All processes below `root`, parents before their children."""
    children = defaultdict(list)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children[parent].append(int(entry))
    found, rest = [], list(children[root])
    while rest:
        pid = rest.pop(0)
        found.append(pid)
        rest += children[pid]
    return found


def kill_descendants() -> None:
    """Kills and reaps everything below this process. Nothing else can be hit: our children's pids wait for us."""
    while below := descendants(os.getpid()):
        for pid in below:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # Without waiting for all: one may have been born after the list was made, and is in the next.
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.01)


def executable(pid: int) -> str:
    """What it runs, or "" if it is gone or a zombie."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def memory(pid: int) -> dict[str, int]:
    """RSS, PSS and private memory in KiB."""
    fields = {}
    with open(f"/proc/{pid}/smaps_rollup") as file:
        next(file)
        for line in file:
            name, value = line.split(":")
            fields[name] = int(value.split()[0])
    return {"rss": fields["Rss"], "pss": fields["Pss"], "private": fields["Private_Clean"] + fields["Private_Dirty"]}


def context_switches(pid: int) -> int:
    """How often its threads have been switched to, willingly or not, since they began."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status") as file:
            total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return total


def processor_time(pid: int) -> float:
    """Milliseconds of processor time used so far, to the kernel's tick of 10 ms."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
