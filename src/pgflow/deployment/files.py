"""The migration files of a project, for any tool that runs SQL files in order of their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pgflow.deployment.migration import Migration, join
from pgflow.errors import DeploymentError

_STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """Where a migration stands. `other` is an older file of the flow with another definition."""

    path: Path
    is_new: bool
    other: Path | None = None


@dataclass(frozen=True, slots=True)
class MigrationsDirectory:
    """A directory of migration files; it need not be there yet."""

    path: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def add(self, migration: Migration) -> MigrationFile:
        """Write the migration, unless the newest one of the flow says the same already."""
        with _troubles(self.path):
            newest = self.newest(migration.slug)
            if newest and migration.is_done_by(newest.read_text("utf-8")):
                return MigrationFile(newest, is_new=False)
            self.path.mkdir(parents=True, exist_ok=True)
            path = self.path / f"{self._free_stamp()}_{migration.verb}_{migration.slug}.sql"
            path.write_text(str(migration), "utf-8")
            return MigrationFile(path, is_new=True, other=None if migration.replaces else newest)

    def newest(self, slug: str) -> Path | None:
        """The newest migration of a flow."""
        pattern = re.compile(rf"\d{{14}}_(create|replace)_{slug}\.sql")
        return max((file for file in self._files() if pattern.fullmatch(file.name)), default=None)

    def _free_stamp(self) -> str:
        # Many tools know a migration by its time alone, so no two files may have the same.
        taken = {file.name[:14] for file in self._files()}
        time = self.now()
        while time.strftime(_STAMP) in taken:
            time += timedelta(seconds=1)
        return time.strftime(_STAMP)

    def _files(self) -> list[Path]:
        return list(self.path.glob("*.sql"))


def write_file(path: Path, migrations: Sequence[Migration]) -> MigrationFile:
    """Write migrations to a file of that name; a file that says something else is left alone."""
    text = join(migrations)
    with _troubles(path):
        if path.exists():
            if path.read_text("utf-8") == text:
                return MigrationFile(path, is_new=False)
            message = f"{path} holds something else. Remove it, or choose another name with --out"
            raise DeploymentError(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return MigrationFile(path, is_new=True)


@contextmanager
def _troubles(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = (
            f"migrations cannot be written to {path}: {reason}. Name another place with --out, "
            "or as `migrations` in [tool.pgflow]"
        )
        raise DeploymentError(message) from error
    except UnicodeDecodeError as error:
        message = f"a file in {path} is not text: {error.reason}. Remove it"
        raise DeploymentError(message) from error
