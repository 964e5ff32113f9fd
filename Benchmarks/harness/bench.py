"""What every benchmark needs: the programs, a place to work in, and supervisors that are surely gone afterwards."""

import os
import select
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .build import Programs
from .peers import Peer
from .processes import adopt_orphans, descendants, executable, kill_descendants
from .supervisors import PEERS, Limit, Roost, Supervisor, Workload

RECORD = struct.Struct("=qq")


class Fifo:
    """Where workers say when their main began, and as whom."""

    def __init__(self, path: Path):
        self.path = path
        os.mkfifo(path)
        # Our own write end keeps the fifo from ending between two workers.
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def records(self, count: int, seconds: float) -> list[tuple[int, int]]:
        """The next records: nanoseconds of the monotonic clock, and pid. Fewer, if they do not come in time."""
        deadline = time.monotonic() + seconds
        found: list[tuple[int, int]] = []
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        while len(found) < count and (left := deadline - time.monotonic()) > 0:
            if poll.poll(left * 1000):
                found += RECORD.iter_unpack(os.read(self.fd, RECORD.size * 256))
        return found

    def close(self) -> None:
        os.close(self.fd)
        self.path.unlink()


class Running:
    """A supervisor at work."""

    def __init__(self, supervisor: Supervisor, directory: Path, workload: Workload):
        self.supervisor = supervisor
        self.directory = directory
        command = supervisor.prepare(directory, workload)
        with open(directory / "supervisor.out", "wb") as output:
            self.began = time.monotonic_ns()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def pids(self, worker: Path) -> list[int]:
        """The processes of the supervisor itself: all that are not workers."""
        return [pid for pid in [self.process.pid, *descendants(self.process.pid)] if executable(pid) != str(worker)]

    def complaint(self) -> str:
        """The last that it said, for an error message."""
        return (self.directory / "supervisor.out").read_text(errors="replace")[-1500:]


class Bench:
    """The programs and the peers, and a temporary directory at a time."""

    def __init__(self, programs: Programs, peers: dict[str, Peer], quick: bool):
        self.programs = programs
        self.peers = peers
        self.quick = quick
        self.place = Path()
        adopt_orphans()

    def supervisors(self) -> list[Supervisor]:
        """All that can be measured, the limit first."""
        peers = [PEERS[name](peer) for name, peer in self.peers.items()]
        return [Limit(self.programs), Roost(self.programs), Roost(self.programs, logs=False), *peers]

    @contextmanager
    def workplace(self) -> Iterator[None]:
        """A directory and processes that exist only within."""
        self.place = Path(tempfile.mkdtemp(prefix="roost-bench-"))
        try:
            yield
        finally:
            kill_descendants()
            shutil.rmtree(self.place, ignore_errors=True)

    def directory(self) -> Path:
        """A new empty directory."""
        return Path(tempfile.mkdtemp(dir=self.place))

    def start(self, supervisor: Supervisor, workload: Workload) -> Running:
        """Starts it, and returns at once."""
        return Running(supervisor, self.directory(), workload)

    def start_quiet_workers(self, supervisor: Supervisor, count: int) -> Running:
        """Starts it and returns when `count` workers, of one pool if it has pools, are up and quiet."""
        fifo = Fifo(self.directory() / "fifo")
        workload = Workload((str(self.programs.worker), str(fifo.path)), count, pooled=supervisor.has_pools)
        running = self.start(supervisor, workload)
        self.await_workers(running, fifo, count)
        fifo.close()
        return running

    def await_workers(self, running: Running, fifo: Fifo, count: int) -> list[tuple[int, int]]:
        """The records of `count` workers. Without all of them there is nothing to measure."""
        records = fifo.records(count, seconds=120)
        if len(records) < count:
            raise RuntimeError(
                f"{running.supervisor.name} started only {len(records)} of {count} workers:\n{running.complaint()}")
        return records

    def stop_all(self) -> None:
        """Ends every supervisor and every worker, the hard way, and removes what they wrote."""
        kill_descendants()
        for entry in self.place.iterdir():
            shutil.rmtree(entry)
