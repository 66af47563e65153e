"""Migration files: their names, what is written again and what is not, places that are no good."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pgflow.deployment.files import MigrationFile, MigrationsDirectory, write_file
from pgflow.deployment.migration import Migration
from pgflow.errors import DeploymentError
from tests.deployment.flows import grown, plain, tuned

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PLAIN = Migration(plain().shape())
TUNED = Migration(tuned().shape())
GROWN = Migration(grown().shape())


@pytest.fixture
def directory(tmp_path: Path) -> MigrationsDirectory:
    return MigrationsDirectory(tmp_path / "db" / "migrations", now=lambda: NOW)


def names(directory: MigrationsDirectory) -> list[str]:
    return sorted(file.name for file in directory.path.iterdir())


def test_the_name_tells_time_and_flow(directory: MigrationsDirectory) -> None:
    file = directory.add(PLAIN)

    assert file == MigrationFile(directory.path / "20260304050607_create_my_flow.sql", is_new=True)
    assert file.path.read_text() == str(PLAIN)


def test_the_time_is_that_of_greenwich(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    before = datetime.now(UTC).strftime("%Y%m%d%H%M%S")

    file = MigrationsDirectory(tmp_path).add(PLAIN)

    assert before <= file.path.name[:14] <= datetime.now(UTC).strftime("%Y%m%d%H%M%S")


def test_two_flows_never_get_the_same_time(directory: MigrationsDirectory) -> None:
    directory.add(PLAIN)
    directory.add(Migration(plain("other").shape()))

    assert names(directory) == [
        "20260304050607_create_my_flow.sql",
        "20260304050608_create_other.sql",
    ]


def test_an_identical_migration_is_not_written_twice(directory: MigrationsDirectory) -> None:
    first = directory.add(PLAIN)

    second = directory.add(PLAIN)

    assert second == MigrationFile(first.path, is_new=False)
    assert len(names(directory)) == 1


def test_a_differing_migration_is_pointed_out(directory: MigrationsDirectory) -> None:
    first = directory.add(PLAIN)

    second = directory.add(GROWN)

    assert second == MigrationFile(
        directory.path / "20260304050608_create_my_flow.sql", is_new=True, other=first.path
    )


def test_only_the_newest_migration_of_a_flow_counts(directory: MigrationsDirectory) -> None:
    directory.add(PLAIN)
    newer = directory.add(TUNED)

    back = directory.add(PLAIN)

    assert back.is_new
    assert back.other == newer.path


def test_a_replacement_has_a_name_of_its_own(directory: MigrationsDirectory) -> None:
    directory.add(PLAIN)

    file = directory.add(Migration(grown().shape(), replaces=True))

    assert file.path.name == "20260304050608_replace_my_flow.sql"
    assert file.other is None


def test_a_replacement_stands_for_the_creation_too(directory: MigrationsDirectory) -> None:
    replacement = directory.add(Migration(grown().shape(), replaces=True))

    assert directory.add(GROWN) == MigrationFile(replacement.path, is_new=False)


def test_files_of_other_flows_are_not_mistaken(directory: MigrationsDirectory) -> None:
    directory.add(Migration(plain("create_my_flow").shape()))
    (directory.path / "notes_create_my_flow.sql").write_text("mine")

    assert directory.add(PLAIN).other is None


def test_a_file_can_be_named(tmp_path: Path) -> None:
    file = write_file(tmp_path / "sql" / "flows.sql", [PLAIN, GROWN])

    assert file.is_new
    assert file.path.read_text() == f"{PLAIN}\n{GROWN}"


def test_a_named_file_is_not_written_twice(tmp_path: Path) -> None:
    write_file(tmp_path / "flows.sql", [PLAIN])

    assert not write_file(tmp_path / "flows.sql", [PLAIN]).is_new


def test_a_named_file_with_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "flows.sql"
    path.write_text("-- precious")

    with pytest.raises(DeploymentError) as caught:
        write_file(path, [PLAIN])

    assert str(caught.value) == (
        f"{path} holds something else. Remove it, or choose another name with --out"
    )
    assert path.read_text() == "-- precious"


def test_a_directory_that_cannot_be_made_is_told_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("a file")
    path = tmp_path / "db" / "migrations"

    with pytest.raises(DeploymentError) as caught:
        MigrationsDirectory(path).add(PLAIN)

    assert str(caught.value) == (
        f"migrations cannot be written to {path}: not a directory. Name another place with --out, "
        "or as `migrations` in [tool.pgflow]"
    )


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_read_only_directory_is_told_with_a_cure(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(DeploymentError, match=r"permission denied. Name another place with --out"):
        MigrationsDirectory(tmp_path).add(PLAIN)


def test_a_migration_that_is_no_text_is_told(directory: MigrationsDirectory) -> None:
    directory.path.mkdir(parents=True)
    (directory.path / "20200101000000_create_my_flow.sql").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(DeploymentError, match=r"is not text: invalid start byte. Remove it"):
        directory.add(PLAIN)
