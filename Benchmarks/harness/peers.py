"""The peers: found or installed, and left out loudly where they cannot be."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .build import HERE

PYTHON_PACKAGES = {"supervisord": "supervisor==4.3.0", "circus": "circus"}
PYTHON_LIBRARIES = {"croniter": "croniter==7.0.0", "cronsim": "cronsim==2.8"}
DEBIAN_PACKAGES = {"runit": ("runit", "runsvdir"), "s6": ("s6", "s6-svscan")}


@dataclass(frozen=True)
class Peer:
    """A peer that can be measured."""

    name: str
    version: str
    directory: Path
    """Where its commands lie."""


def install(without: list[str]) -> dict[str, Peer]:
    """Every peer that is there or could be installed, by name."""
    peers = {}
    for name in (*PYTHON_PACKAGES, *DEBIAN_PACKAGES):
        if name in without:
            continue
        try:
            peers[name] = _from_pypi(name) if name in PYTHON_PACKAGES else _from_debian(name)
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"**{name} is left out**: cannot install it: {error}", file=sys.stderr)
    return peers


def _from_pypi(name: str) -> Peer:
    environment = HERE / ".build" / "peers" / name
    package = PYTHON_PACKAGES[name].split("==")[0]
    pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    if not (environment / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([*pip, "install", "--quiet", PYTHON_PACKAGES[name]], check=True)
    shown = subprocess.run([*pip, "show", package], check=True, capture_output=True, text=True).stdout
    version = next(line.split()[1] for line in shown.splitlines() if line.startswith("Version:"))
    python = ".".join(map(str, sys.version_info[:3]))
    return Peer(name, f"{version} (Python {python})", environment / "bin")


def python_with(library: str) -> Path:
    """A Python that has a library of PyPI, which is installed if need be."""
    python = HERE / ".build" / "peers" / "libraries" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    install = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", PYTHON_LIBRARIES[library]]
    subprocess.run(install, check=True)
    return python


def install_debian(package: str, command: str) -> bool:
    """Whether the command of a Debian package is there, or could be installed."""
    if shutil.which(command) is None:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", package]
        subprocess.run(install, check=False, env=environment, stdout=subprocess.DEVNULL)
    return shutil.which(command) is not None


def _from_debian(name: str) -> Peer:
    package, command = DEBIAN_PACKAGES[name]
    install_debian(package, command)
    found = shutil.which(command)
    if found is None:
        raise OSError(f"{package} has no {command}")
    query = ["dpkg-query", "--show", "--showformat=${Version}", package]
    version = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    return Peer(name, version, Path(found).parent)
