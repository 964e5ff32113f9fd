"""What the figures were taken on."""

import os
import platform
import subprocess
from datetime import datetime, timezone

from .build import ROOT
from .peers import Peer


def describe(peers: dict[str, Peer]) -> str:
    """The machine, the moment and the versions, as Markdown."""
    processor = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "?")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    commit = subprocess.run(
        ["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return "\n".join([
        f"- {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, Roost {commit.stdout.strip() or '?'}",
        f"- {os.cpu_count()} × {processor}, {memory} GiB, Linux {platform.release()}, {system}, load before: {load}",
        "- " + ", ".join(f"{peer.name} {peer.version}" for peer in peers.values()),
    ])
