"""Where the figures come from: without it they mean nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks.peers.environment import is_ready, versions
from benchmarks.server import SETTINGS


def circumstances(url: str, command: str, extent: str) -> dict[str, object]:
    """Date, command, machine, versions and settings."""
    with psycopg.connect(url) as connection:
        server = connection.info.parameter_status("server_version")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command,
        "extent": extent,
        "revision": _revision(),
        "processor": f"{os.cpu_count()} x {_processor()}",
        "memory": f"{_memory_gigabytes():.0f} GB",
        "load when it began": f"{os.getloadavg()[0]:.1f} of {os.cpu_count()} processors",
        "niceness": os.nice(0),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "PostgreSQL": str(server),
        "settings": dict(SETTINGS),
        "versions": {
            **{name: version(name) for name in ("pgflow-py", "psycopg", "pgmq")},
            **(versions() if is_ready() else {}),
        },
    }


def _revision() -> str:
    here = Path(__file__).parent
    git = ["git", "-c", f"safe.directory={here.parent}", "describe", "--always", "--dirty"]
    done = subprocess.run(git, cwd=here, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if "model name" in line), "unknown")


def _memory_gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
