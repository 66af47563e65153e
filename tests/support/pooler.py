"""pgbouncer in transaction mode, in front of a server of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.support.eventually import eventually

PROGRAM = "pgbouncer"
PORT = "6432"

CONFIGURATION = """
[databases]
* = host={server} port={port}

[pgbouncer]
pool_mode = transaction
listen_addr =
listen_port = {own_port}
unix_socket_dir = {home}
auth_type = trust
auth_file = {home}/users
logfile = {home}/log
ignore_startup_parameters = extra_float_digits
default_pool_size = 8
max_client_conn = 200
server_lifetime = 2
"""


def is_there() -> bool:
    return shutil.which(PROGRAM) is not None


@contextmanager
def pooler_to(url: str, home: Path) -> Generator[str]:
    """The URL of a database through a pooler that lives in the directory `home`."""
    where = conninfo_to_dict(url)
    owner = _owner_of(str(where["host"]))
    _write(home / "users", f'"{where["user"]}" ""\n')
    _write(
        home / "ini",
        CONFIGURATION.format(
            server=where["host"], port=where.get("port") or 5432, own_port=PORT, home=home
        ),
    )
    os.chown(home, owner.st_uid, owner.st_gid)
    # It refuses to run as root, and the socket of the server is open to its owner only.
    process = subprocess.Popen(
        [PROGRAM, str(home / "ini")],
        user=owner.st_uid,
        group=owner.st_gid,
        extra_groups=[],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pooled = make_conninfo(url, host=str(home), port=PORT)
    try:
        eventually(lambda: _answers(pooled))
        yield pooled
    finally:
        # Asked politely, a newer one waits for its clients.
        process.kill()
        process.wait()


def _owner_of(directory: str) -> os.stat_result:
    return Path(directory, ".s.PGSQL.5432").stat()


def _write(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o644)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True
