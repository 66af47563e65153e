"""Type checkers, run over the flows of this directory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Finding:
    """An error that a checker sees: where, and in its words."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of a file between empty ones. `mistake` is what its `# error:` comment says."""

    lines: range
    mistake: str | None


def blocks(source: Path) -> Iterator[Block]:
    """The blocks of a file, in order."""
    first, mistake = 1, None
    for number, line in enumerate([*source.read_text().splitlines(), ""], start=1):
        if line.startswith("# error: "):
            mistake = line.removeprefix("# error: ")
        if not line:
            yield Block(range(first, number), mistake)
            first, mistake = number + 1, None


def pyright(*sources: Path) -> set[Finding]:
    """What pyright finds in its strict mode.

    It sees copies, in a project of their own: that of the repository leaves out mistakes.
    """
    with TemporaryDirectory() as directory:
        Path(directory, "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
        for source in sources:
            shutil.copy(source, directory)
        answer = run("pyright", "--outputjson", f"--pythonpath={sys.executable}", "-p", directory)
    report = json.loads(answer)
    assert report["summary"]["filesAnalyzed"] == len(sources)
    return {
        Finding(Path(each["file"]).name, each["range"]["start"]["line"] + 1, each["message"])
        for each in report["generalDiagnostics"]
    }


def mypy(*sources: Path) -> set[Finding]:
    """What mypy finds in its strict mode."""
    report = map(json.loads, run("mypy", "--strict", "--output=json", *sources).splitlines())
    return {
        Finding(Path(each["file"]).name, each["line"], each["message"])
        for each in report
        if each["severity"] == "error"
    }


def run(checker: str, *arguments: str | Path) -> str:
    """What the checker prints. Its exit code says only whether it found something."""
    answer = subprocess.run(
        [sys.executable, "-m", checker, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parents[1],
    )
    assert answer.returncode in (0, 1), answer.stderr
    return answer.stdout


CHECKERS: list[Callable[..., set[Finding]]] = [pyright, mypy]
