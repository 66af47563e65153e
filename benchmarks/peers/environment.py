"""The environment of the peers, and the peers as contenders."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path
from typing import LiteralString

from benchmarks.contender import Contender

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parent.parent / ".venv-peers"
REQUIREMENTS = HERE / "requirements.txt"
READY = ENVIRONMENT / ".ready"


def create() -> None:
    """Make the environment anew unless it is there with these requirements."""
    if is_ready():
        return
    uv = (sys.executable, "-m", "uv")
    subprocess.run([*uv, "venv", "--quiet", "--clear", str(ENVIRONMENT)], check=True)
    python = str(ENVIRONMENT / "bin/python")
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--python", python, "-r", str(REQUIREMENTS)], check=True
    )
    READY.write_text(REQUIREMENTS.read_text())


def is_ready() -> bool:
    return READY.exists() and READY.read_text() == REQUIREMENTS.read_text()


def peers() -> tuple[Contender, ...]:
    """The peers that are installed: all or none."""
    return _PEERS if is_ready() else ()


def versions() -> dict[str, str]:
    """What is installed, by name."""
    site = sorted((ENVIRONMENT / "lib").glob("python*/site-packages"))
    found = [Distribution.at(path) for place in site for path in place.glob("*.dist-info")]
    wanted = {line.partition("==")[0] for line in REQUIREMENTS.read_text().splitlines()}
    return {each.name: each.version for each in found if each.name in wanted}


def _peer(
    name: str, program: str, finished: LiteralString, *, share: float, starts_in_bulk: bool = True
) -> Contender:
    command = (str(ENVIRONMENT / "bin/python"), "-m", f"benchmarks.peers.{program}")
    return Contender(name, command, finished, share, starts_in_bulk)


_PEERS = (
    _peer(
        "DBOS",
        "peer_dbos",
        "select count(*), max(updated_at) / 1000.0 from dbos.workflow_status "
        "where status = 'SUCCESS'",
        share=0.1,
        starts_in_bulk=False,
    ),
    _peer(
        "Absurd",
        "peer_absurd",
        "select count(*), extract(epoch from max(completed_at)) from absurd.r_bench "
        "where state = 'completed'",
        share=0.2,
        starts_in_bulk=False,
    ),
    _peer(
        "Procrastinate",
        "peer_procrastinate",
        "select count(*), extract(epoch from max(e.at)) from procrastinate_events e "
        "join procrastinate_jobs j on j.id = e.job_id "
        "where e.type = 'succeeded' and j.task_name in ('greeting', 'save')",
        share=0.2,
    ),
    _peer(
        "PgQueuer",
        "peer_pgqueuer",
        "select count(*), extract(epoch from max(created)) from pgqueuer_log "
        "where status = 'successful' and entrypoint in ('greeting', 'save')",
        share=0.5,
    ),
)
