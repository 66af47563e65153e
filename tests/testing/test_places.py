from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from pgflow.testing import server
from pgflow.testing.server import quick_place


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is taken for the machine's memory."""
    monkeypatch.setattr(server, "MEMORY", tmp_path)
    monkeypatch.delenv("TMPDIR", raising=False)
    return tmp_path


@pytest.fixture(params=[True, False], ids=["plenty of memory", "little memory"])
def plenty(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    free = server.ENOUGH_MEMORY if request.param else server.ENOUGH_MEMORY - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    return request.param


def test_databases_are_kept_in_memory_where_there_is_plenty(memory: Path, plenty: bool) -> None:
    assert (quick_place() == memory) is plenty


def test_an_explicit_temporary_directory_is_respected(
    memory: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    monkeypatch.setattr("tempfile.tempdir", None)

    assert quick_place() == elsewhere.resolve() != memory
