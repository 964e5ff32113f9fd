"""Builds the daemon as it is shipped, the measures in Swift, and the C programs."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent


@dataclass(frozen=True)
class Programs:
    """Where everything that is measured or measures lies."""

    roostd: Path
    spawn_rate_swift: Path
    spawn_rate_python: Path
    limit: Path
    worker: Path
    spawn_rate: Path
    run_rate: Path
    run_rate_python: Path
    nothing: Path
    lateness: Path
    lateness_python: Path
    farewell: Path
    clients: Path
    echo: Path
    echo_python: Path
    pools_python: Path
    writer: Path
    timer_rate: Path
    timers: Path
    queues_swift: Path
    queues_python: Path
    queues_cpp: Path
    queues_rust: Path | None
    process_queues_python: Path
    pipes_swift: Path
    managers_swift: Path
    managers_python: Path
    pipes_python: Path
    calls_python: Path
    locks: Path
    locks_swift: Path
    locks_python: Path
    futures_python: Path
    locks_cpp: Path
    locks_rust: Path | None
    calendar_systemd: Path

    def swift(self, name: str) -> Path:
        """A measure in Swift."""
        return HERE / ".build" / "release" / name


def build(roostd: str | None) -> Programs:
    """Builds all programs; `roostd` is used as it is, if given."""
    directory = HERE / ".build" / "programs"
    directory.mkdir(parents=True, exist_ok=True)
    sources = HERE / "programs"
    changed = max(source.stat().st_mtime for source in sources.glob("*.[ch]"))
    for source in sources.glob("*.c"):
        program = directory / source.stem
        if not program.exists() or program.stat().st_mtime < changed:
            # Static, so that the time until main is the kernel's and the supervisor's, not the dynamic linker's.
            _run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", "-o", program, source])
    for source in sources.glob("*.cpp"):
        if (program := directory / f"{source.stem}-cpp").exists() and program.stat().st_mtime >= source.stat().st_mtime:
            continue
        _run(["c++", "-std=c++20", "-O2", "-Wall", "-Wextra", "-pthread", "-o", program, source])
    # A peer that few have installed: without it, its column is missing.
    rust = shutil.which("rustc")
    for source in sources.glob("*.rs"):
        if rust:
            _run([rust, "--edition", "2021", "-O", "-o", directory / f"{source.stem}-rust", source])
    _run(["swift", "build", "-c", "release", "--static-swift-stdlib", "--package-path", HERE])
    return Programs(
        roostd=Path(roostd).resolve() if roostd else Path(_run([ROOT / "scripts" / "build-release"])) / "roostd",
        spawn_rate_swift=HERE / ".build" / "release" / "SpawnRate",
        spawn_rate_python=HERE / "programs" / "spawn_rate.py",
        limit=directory / "limit",
        worker=directory / "worker",
        spawn_rate=directory / "spawn-rate",
        run_rate=directory / "run-rate",
        run_rate_python=HERE / "programs" / "run_rate.py",
        nothing=directory / "nothing",
        lateness=directory / "lateness",
        lateness_python=HERE / "programs" / "lateness.py",
        farewell=directory / "farewell",
        clients=directory / "clients",
        echo=directory / "echo",
        echo_python=HERE / "programs" / "echo.py",
        pools_python=HERE / "programs" / "pools.py",
        writer=directory / "writer",
        timer_rate=HERE / ".build" / "release" / "TimerRate",
        timers=_build_timers(directory / "timers"),
        queues_swift=HERE / ".build" / "release" / "QueueRate",
        queues_python=HERE / "programs" / "queues.py",
        queues_cpp=directory / "queues-cpp",
        queues_rust=directory / "queues-rust" if rust else None,
        process_queues_python=HERE / "programs" / "process_queues.py",
        pipes_swift=HERE / ".build" / "release" / "PipeRate",
        managers_swift=HERE / ".build" / "release" / "ManagerRate",
        managers_python=HERE / "programs" / "managers.py",
        pipes_python=HERE / "programs" / "pipes.py",
        calls_python=HERE / "programs" / "calls.py",
        locks=directory / "locks",
        locks_swift=HERE / ".build" / "release" / "LockRate",
        locks_python=HERE / "programs" / "locks.py",
        futures_python=HERE / "programs" / "futures.py",
        locks_cpp=directory / "locks-cpp",
        locks_rust=directory / "locks-rust" if rust else None,
        calendar_systemd=directory / "calendar_systemd-cpp",
    )


def _build_timers(directory: Path) -> Path:
    """Builds the timer structures of other languages; without rustc, all but Rust's."""
    directory.mkdir(exist_ok=True)
    sources = HERE / "programs" / "timers"
    compilers = {".c": ["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra"], ".cpp": ["c++", "-std=c++20", "-O2", "-Wall"]}
    if shutil.which("rustc"):
        compilers[".rs"] = ["rustc", "-C", "opt-level=3"]
    changed = max(source.stat().st_mtime for source in sources.iterdir())
    for source in sources.iterdir():
        program = directory / source.stem
        stale = not program.exists() or program.stat().st_mtime < changed
        if source.suffix in compilers and stale:
            _run([*compilers[source.suffix], "-o", program, source])
    return directory


def _run(command: list) -> str:
    """The last line of its output."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"cannot build with {' '.join(map(str, command))}:\n{result.stdout}")
    return result.stdout.rstrip().rpartition("\n")[2]
