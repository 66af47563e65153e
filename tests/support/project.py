"""A project directory as a user of pgflow has one, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pgflow.embedded import EmbeddedDatabase


@dataclass(frozen=True, slots=True)
class Project:
    """A directory and the database in it."""

    directory: Path

    @property
    def database(self) -> EmbeddedDatabase:
        """The project's database, with settings that make it quick."""
        return EmbeddedDatabase(self.directory / ".pgflow", settings={"fsync": "off"})

    def write(self, name: str, text: str) -> Path:
        file = self.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def remove_database(self) -> None:
        self.database.reset()
