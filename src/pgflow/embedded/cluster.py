"""A PostgreSQL cluster on this machine, run with the server's own programs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from pgflow.embedded.account import Account, server_account
from pgflow.errors import DatabaseUnavailable

SUPERUSER = "postgres"
SHELL = "/bin/sh"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 20
BUILTIN_LOCALE_SINCE = 17

LONGEST_SOCKET_PATH = 103  # macOS; Linux takes four bytes more
SHORT_PLACE = Path("/tmp")  # noqa: S108  made for one owner; TMPDIR may be too long for a socket

# A process that is just becoming another program has no command line for a moment.
LOOKS = 20

# "$0" is the log; pg_ctl would have its own shell read the path of the data again.
IN_BACKGROUND = '"$@" >>"$0" 2>&1 </dev/null & echo $!'

# A server that recovers from a crash, or the children of a killed one, are in the way for a moment.
PASSING_TROUBLES = ('postmaster.pid" already exists', "shared memory block")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data directory and the programs that serve it, reachable over a Unix socket only.

    `provider` finds the directory of PostgreSQL's programs, and is asked only when they are needed.
    `settings` are server settings that hold from the next start on.
    """

    data: Path
    provider: Callable[[], Path]
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def exists(self) -> bool:
        """Whether the cluster has been created, be it by somebody who closed it to us."""
        try:
            return (self.data / "PG_VERSION").exists()
        except PermissionError:
            return True

    @property
    def is_running(self) -> bool:
        """Whether its server accepts connections."""
        postmaster = Postmaster.of(self.data)
        return postmaster is not None and postmaster.is_ready and postmaster.is_alive(self.data)

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.data / "server.log"

    def url(self, database: str = "postgres") -> str:
        """Where the server is reached, running or not."""
        directory = quote(str(self._socket_directory()), safe="/")
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={directory}"

    def create(self) -> None:
        """Creates the data directory, completely or not at all."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        account = self._account()
        if account:
            os.chown(unfinished, account.uid, account.gid)
        self._run(self._program("initdb"), "-D", str(unfinished), *self._initdb_options())
        unfinished.rename(self.data)

    def start(self) -> None:
        """Starts the server and waits until it accepts connections."""
        self._check_owner()
        self._check_version()
        self._forget_stranger()
        self._prepare_socket_directory()
        deadline = time.monotonic() + START_TIMEOUT
        while not (self.is_running or self._try_start(deadline)):
            time.sleep(0.2)

    def stop(self) -> None:
        """Stops the server, breaking off what is connected; harmless when it does not run."""
        if not self.is_running:
            return
        try:
            self._stop("fast")
        except DatabaseUnavailable:
            self._stop("immediate")
        if self._socket_directory() != self.data:
            shutil.rmtree(self._socket_directory(), ignore_errors=True)

    def remove(self) -> None:
        """Stops the server and deletes everything that it stored."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def _check_version(self) -> None:
        stored = (self.data / "PG_VERSION").read_text().strip()
        installed = str(self._server_version())
        if stored != installed:
            raise DatabaseUnavailable(
                f"the database in {self.data} is of PostgreSQL {stored}, but the installed server "
                f"is {installed}. Dump it with the old version, or delete it and start anew"
            )

    def _check_owner(self) -> None:
        if os.geteuid() not in (0, self.data.stat().st_uid):
            raise DatabaseUnavailable(
                f"the database in {self.data} belongs to another user, because it was created by "
                "root. Start it as root, or let root delete it and start anew"
            )

    def _forget_stranger(self) -> None:
        """Removes the record of a server whose number is somebody else's now, as after a reboot.

        PostgreSQL itself forgets processes that are gone, but takes any living one for its own. Two
        servers on one data directory remain impossible: their shared memory would be the same.
        """
        postmaster = Postmaster.of(self.data)
        if postmaster and not postmaster.is_alive(self.data):
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            (self._socket_directory() / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _try_start(self, deadline: float) -> bool:
        launched = self._run(SHELL, "-c", IN_BACKGROUND, str(self.log), *self._server_command())
        server = Postmaster(int(launched))
        while server.is_alive(self.data) and time.monotonic() < deadline:
            if self.is_running:
                return True
            time.sleep(0.01)
        log = self._end_of_log()
        if any(trouble in log for trouble in PASSING_TROUBLES) and time.monotonic() < deadline:
            return False
        raise DatabaseUnavailable(f"PostgreSQL does not start on {self.data}. Its log says:\n{log}")

    def _stop(self, mode: str) -> None:
        pg_ctl, data = self._program("pg_ctl"), str(self.data)
        self._run(pg_ctl, "stop", "-D", data, "-m", mode, "-w", "-t", str(STOP_TIMEOUT))

    def _initdb_options(self) -> list[str]:
        options = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        if self._server_version() >= BUILTIN_LOCALE_SINCE:
            options += ["--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
        else:
            options += ["--no-locale"]
        return [*options, "--no-sync"] if self.settings.get("fsync") == "off" else options

    def _server_command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_directory()),
            "unix_socket_permissions": "0700",
            **self.settings,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self._program("postgres"), "-D", str(self.data), *options]

    def _socket_directory(self) -> Path:
        socket = self.data / ".s.PGSQL.5432"
        if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH and not set(str(socket)) & set(',"'):
            return self.data
        return SHORT_PLACE / f"pgflow-{sha256(os.fsencode(self.data)).hexdigest()[:16]}"

    def _prepare_socket_directory(self) -> None:
        directory = self._socket_directory()
        if directory == self.data:
            return
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        owner = self.data.stat().st_uid
        if directory.lstat().st_uid not in (owner, os.geteuid()):
            raise DatabaseUnavailable(
                f"the socket directory {directory} belongs to another user. Remove it and try again"
            )
        if os.geteuid() == 0:
            os.chown(directory, owner, -1, follow_symlinks=False)

    def _server_version(self) -> int:
        """The major version, from a banner like `postgres (PostgreSQL) 18.4` or `... 19beta1`."""
        banner = self._run(self._program("postgres"), "--version")
        version = re.search(r"\(PostgreSQL\) (\d+)", banner)
        if version is None:
            raise DatabaseUnavailable(f"{self.provider()} is no PostgreSQL, it says: {banner}")
        return int(version[1])

    def _account(self) -> Account | None:
        return server_account(self.data if self.data.exists() else self.data.parent)

    def _end_of_log(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return "\n".join(lines[-12:])

    def _program(self, name: str) -> str:
        return str(self.provider() / name)

    def _run(self, *command: str) -> str:
        account, program = self._account(), Path(command[0]).name
        if account:
            command = account.command(*command, reaching=(self.provider(), self.data))
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
            text=True,
            errors="replace",
            check=False,
        )
        said = done.stdout.strip()
        if done.returncode < 0:
            said = f"{said}\n{program} was ended by signal {-done.returncode}".lstrip()
        if done.returncode != 0:
            raise DatabaseUnavailable(f"PostgreSQL's programs failed on {self.data}: {said}")
        return said


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The server process as its `postmaster.pid` describes it."""

    pid: int
    is_ready: bool = False

    @classmethod
    def of(cls, data: Path) -> Postmaster | None:
        """The postmaster on record, alive or not."""
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
            return cls(int(lines[0]), is_ready="ready" in (line.strip() for line in lines[7:]))
        except (FileNotFoundError, PermissionError, IndexError, ValueError):
            return None

    def is_alive(self, data: Path) -> bool:
        """Whether the process runs and is the server of this data directory."""
        return f" -D {data} " in f"{_command_line(self.pid)} "


def _command_line(pid: int) -> str:
    """How a process was started; empty when there is none."""
    if Path("/proc/self/cmdline").exists():
        return _command_line_in_proc(pid).replace(b"\0", b" ").decode(errors="surrogateescape")
    ps = shutil.which("ps") or "/bin/ps"
    listed = subprocess.run(
        [ps, "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.rstrip("\n")


def _command_line_in_proc(pid: int) -> bytes:
    line = b""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for _ in range(LOOKS):
            if line := Path(f"/proc/{pid}/cmdline").read_bytes():
                break
            time.sleep(0.001)
    return line
