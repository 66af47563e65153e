"""A server of the system's PostgreSQL with its pg_cron and PL/Python, where they are installed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pgflow import schema
from pgflow.embedded.cluster import Cluster
from pgflow.testing.server import quick_place
from tests.support.engine import Engine
from tests.support.stand_ins import SENDING_PG_NET

SYSTEM = Path("/usr/lib/postgresql")
NEEDED = ("pg_cron", "plpython3u")
SETTINGS = {
    "fsync": "off",
    "shared_preload_libraries": "pg_cron",
    "cron.database_name": "postgres",
    "cron.use_background_workers": "on",
}


def programs() -> Path | None:
    """The newest PostgreSQL of the system that has both extensions."""
    for place in sorted(SYSTEM.glob("*/bin"), reverse=True):
        found = subprocess.run(
            [place / "pg_config", "--sharedir"], capture_output=True, text=True, check=False
        )
        share = Path(found.stdout.strip() or f"/usr/share/postgresql/{place.parent.name}")
        if all((share / "extension" / f"{name}.control").exists() for name in NEEDED):
            return place
    return None


@pytest.fixture(scope="session")
def cron_url() -> Iterator[str]:
    """The URL of a database with the engine, a real pg_cron, and a pg_net that really sends."""
    place = programs()
    if place is None:
        pytest.skip(f"no PostgreSQL in {SYSTEM} has {' and '.join(NEEDED)}")
    with TemporaryDirectory(prefix="cron-", dir=quick_place()) as directory:
        Path(directory).chmod(0o755)
        cluster = Cluster(Path(directory) / "server", lambda: place, SETTINGS)
        cluster.create()
        cluster.start()
        try:
            schema.install(cluster.url())
            yield cluster.url()
        finally:
            cluster.stop()


@pytest.fixture
def engine(cron_url: str) -> Iterator[Engine]:
    engine = Engine.connect(cron_url)
    engine.do("create extension pg_cron")
    engine.do("create extension plpython3u")
    engine.do(SENDING_PG_NET.replace("%", "%%"))
    yield engine
    engine.do("alter database postgres reset pgflow.auth_secret")
    engine.do("select pgflow.delete_flow_and_data(flow_slug) from pgflow.flows")
    engine.do("drop extension pg_cron, plpython3u cascade; drop schema net cascade")
    engine.close()
