"""How each supervisor is told to run the same workers."""

import json
from dataclasses import dataclass
from pathlib import Path

from .build import Programs
from .peers import Peer


@dataclass(frozen=True)
class Workload:
    """`count` workers that run `command`."""

    command: tuple[str, ...]
    """`{index}` stands for the number of the worker, from 0; not with `pooled`."""
    count: int
    pooled: bool = False
    """One definition with many instances, where the supervisor has such a thing; otherwise one for each."""

    def commands(self) -> list[list[str]]:
        """The command of each worker."""
        return [[word.replace("{index}", str(index)) for word in self.command] for index in range(self.count)]


class Supervisor:
    """One way to keep workers alive."""

    name: str
    waits_before_restart = False
    """A second or more pass between the end of a worker and its next start, by design."""
    has_pools = False

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        """Writes the configuration into an empty directory and returns the command that runs the supervisor."""
        raise NotImplementedError


class Limit(Supervisor):
    """The C loop."""

    name = "C loop"

    def __init__(self, programs: Programs):
        self.programs = programs

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        words = [word for command in workload.commands() for word in ["--", *command]]
        return [str(self.programs.limit), *words[1:]]


class Roost(Supervisor):
    """roostd, with a log file for each worker or without any."""

    has_pools = True

    def __init__(self, programs: Programs, logs: bool = True):
        self.programs = programs
        self.logs = logs
        self.name = "roostd" if logs else "roostd, log = false"

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        lines = [
            "[daemon]",
            f'socket = "{directory}/control.sock"',
            f'log_directory = "{directory}/log"',
            f'state_directory = "{directory}/state"',
            f'runtime_directory = "{directory}/run"',
        ]
        workers = [list(workload.command)] if workload.pooled else workload.commands()
        for index, command in enumerate(workers):
            lines += [
                f"[worker.w{index}]",
                f"command = {json.dumps(command)}",
                'restart = { delay = "0s", give_up = false }',
            ]
            lines += [f"instances = {workload.count}"] if workload.pooled else []
            lines += ["log = { rotate_size = 0 }" if self.logs else "log = false"]
        path = directory / "roost.toml"
        path.write_text("\n".join(lines) + "\n")
        return [str(self.programs.roostd), "--config", str(path)]


class Supervisord(Supervisor):
    """supervisord, with one log file for each worker, as Roost has it."""

    name = "supervisord"
    waits_before_restart = True
    has_pools = True

    def __init__(self, peer: Peer):
        self.peer = peer

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        lines = [
            "[supervisord]",
            "nodaemon = true",
            f"logfile = {directory}/supervisord.log",
            f"pidfile = {directory}/supervisord.pid",
            f"childlogdir = {directory}",
            "minfds = 10000",
            "[unix_http_server]",
            f"file = {directory}/control.sock",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        workers = [list(workload.command)] if workload.pooled else workload.commands()
        for index, command in enumerate(workers):
            lines += [
                f"[program:w{index}]",
                f"command = {' '.join(command)}",
                "autorestart = true",
                "redirect_stderr = true",
                "stdout_logfile_maxbytes = 0",
            ]
            if workload.pooled:
                lines += [f"numprocs = {workload.count}", "process_name = %(program_name)s_%(process_num)d"]
        path = directory / "supervisord.conf"
        path.write_text("\n".join(lines) + "\n")
        return [str(self.peer.directory / "supervisord"), "-c", str(path)]


class Circus(Supervisor):
    """circusd; its workers inherit their output."""

    name = "circus"
    waits_before_restart = True
    has_pools = True

    def __init__(self, peer: Peer):
        self.peer = peer

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        lines = ["[circus]", f"endpoint = ipc://{directory}/endpoint", f"pubsub_endpoint = ipc://{directory}/pubsub"]
        workers = [list(workload.command)] if workload.pooled else workload.commands()
        for index, command in enumerate(workers):
            lines += [f"[watcher:w{index}]", f"cmd = {' '.join(command)}", "max_retry = -1"]
            lines += [f"numprocesses = {workload.count}"] if workload.pooled else []
        path = directory / "circus.ini"
        path.write_text("\n".join(lines) + "\n")
        return [str(self.peer.directory / "circusd"), str(path)]


class ServiceDirectories(Supervisor):
    """A directory with a `run` script for each worker, and a supervising process for each; output is inherited."""

    def write_services(self, directory: Path, workload: Workload) -> Path:
        for index, command in enumerate(workload.commands()):
            service = directory / "services" / f"w{index}"
            service.mkdir(parents=True)
            script = service / "run"
            script.write_text(f"#!/bin/sh\nexec {' '.join(command)}\n")
            script.chmod(0o755)
        return directory / "services"


class Runit(ServiceDirectories):
    """runsvdir and its runsv processes."""

    name = "runit"

    def __init__(self, peer: Peer):
        self.peer = peer

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        return [str(self.peer.directory / "runsvdir"), "-P", str(self.write_services(directory, workload))]


class S6(ServiceDirectories):
    """s6-svscan and its s6-supervise processes."""

    name = "s6"
    waits_before_restart = True

    def __init__(self, peer: Peer):
        self.peer = peer

    def prepare(self, directory: Path, workload: Workload) -> list[str]:
        services = self.write_services(directory, workload)
        return [str(self.peer.directory / "s6-svscan"), "-c", "3000", str(services)]


PEERS = {"supervisord": Supervisord, "circus": Circus, "runit": Runit, "s6": S6}
