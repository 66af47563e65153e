"""`pgflow init`: a project that runs and whose test passes, untouched."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.commands import CommandLine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")

ROOT = Path(__file__).parents[2]
FILES = [
    ".gitignore",
    "README.md",
    "flows/greet_user.py",
    "pyproject.toml",
    "tests/test_greet_user.py",
]


def files(directory: str) -> list[str]:
    found = (path for path in Path(directory).rglob("*") if path.is_file())
    return sorted(str(path.relative_to(directory)) for path in found)


def test_a_project_is_made_and_the_next_step_is_named(bare_cli: CommandLine) -> None:
    answer = bare_cli("init", "my_project")

    assert files("my_project") == FILES
    assert "✓ Created: my_project/flows/greet_user.py\n" in answer.output
    assert answer.output.endswith(
        "\nRun it:   cd my_project && pgflow dev\nTest it:  cd my_project && pytest\n"
    )


def test_the_current_directory_can_become_a_project(bare_cli: CommandLine) -> None:
    answer = bare_cli("init")

    assert files(".") == FILES
    assert answer.output.endswith("\nRun it:   pgflow dev\nTest it:  pytest\n")


@pytest.mark.parametrize(
    ("directory", "name"), [("My Shop 2", "my-shop-2"), ("größe", "gr-e"), ("__", "flows")]
)
def test_the_project_is_named_after_its_directory(
    bare_cli: CommandLine, directory: str, name: str
) -> None:
    bare_cli("init", directory)

    document = tomllib.loads(Path(directory, "pyproject.toml").read_text())
    assert document["project"]["name"] == name
    assert Path(directory, "README.md").read_text().startswith(f"# {name}\n")


def test_nothing_is_overwritten(bare_cli: CommandLine) -> None:
    Path("README.md").write_text("mine")

    said = bare_cli.refused("init")

    assert said == (
        "Error: README.md is there already. Choose another directory: pgflow init my_project\n"
    )
    assert files(".") == ["README.md"]


def test_a_place_that_cannot_be_written_is_told(bare_cli: CommandLine) -> None:
    Path("file").write_text("")

    said = bare_cli.refused("init", "file/project")

    assert said == (
        "Error: file/project cannot be written: not a directory. Choose another directory\n"
    )


def test_the_flows_of_the_project_are_known_without_naming_them(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("init", "my_project")
    monkeypatch.chdir("my_project")

    assert cli("deploy").output == "✓ Flow 'greet_user' created\n"
    assert cli("insight").output.startswith("greet_user  2 steps\n")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory whose programs any account may run; that of pytest is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@pytest.mark.slow
def test_a_project_in_a_fresh_environment_passes_its_test(open_directory: Path) -> None:
    environment = Environment.create(open_directory)

    environment.run("pgflow", "init", "my_project")

    project = open_directory / "my_project"
    assert "2 passed" in environment.run("pytest", "-q", cwd=project)
    assert "greet_user  2 steps" in environment.run("pgflow", "insight", cwd=project)


class Environment:
    """A Python environment with nothing but the built wheel and pytest."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._programs = directory / "venv" / "bin"

    @classmethod
    def create(cls, directory: Path) -> Environment:
        environment = cls(directory)
        environment.uv("build", "--quiet", "--wheel", "--out-dir", str(directory), str(ROOT))
        environment.uv("venv", "--quiet", "--python", sys.executable, str(directory / "venv"))
        (wheel,) = directory.glob("*.whl")
        python = str(environment._programs / "python")
        environment.uv("pip", "install", "--quiet", "--python", python, f"{wheel}[dev]", "pytest")
        return environment

    def uv(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "uv", *arguments]
        subprocess.run(command, check=True, env=outside(), cwd=self._directory)

    def run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        """What a program of the environment prints, which must end well."""
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(
            command,
            cwd=cwd or self._directory,
            env=outside(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def outside() -> Mapping[str, str]:
    """The environment variables without those that belong to this test run."""
    own = ("PYTEST_", "COVERAGE_", "VIRTUAL_ENV", "PYTHON", "PGFLOW_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}
