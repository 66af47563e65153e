from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import page


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page that was built after its sources were written."""
    monkeypatch.setattr(page, "SOURCE", tmp_path / "ui")
    monkeypatch.setattr(page, "BUILT", tmp_path / "static")
    write(tmp_path / "ui" / "package.json", at=1)
    write(tmp_path / "ui" / "src" / "main.tsx", at=2)
    write(tmp_path / "static" / "index.html", at=3)
    return tmp_path


def write(file: Path, *, at: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    os.utime(file, (at, at))


def test_a_page_newer_than_its_sources_is_current(tree: Path):
    assert page.is_current()


@pytest.mark.parametrize("name", ["package.json", "src/main.tsx", "src/app/new.ts"])
def test_a_page_older_than_a_source_is_not(tree: Path, name: str):
    write(tree / "ui" / name, at=4)

    assert not page.is_current()


def test_installed_packages_are_no_sources(tree: Path):
    write(tree / "ui" / "node_modules" / "react" / "index.js", at=4)

    assert page.is_current()


def test_a_page_that_was_never_built_is_not_current(tree: Path):
    (tree / "static" / "index.html").unlink()

    assert not page.is_current()


def test_without_node_it_says_what_to_install(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page, "machine_npm", lambda: None)
    monkeypatch.setattr(page, "packaged_npm", lambda: None)

    with pytest.raises(SystemExit, match=r"no Node\.js was found\. Install it, or the PyPI"):
        page.npm("ci")
