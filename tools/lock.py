"""Writes constraints.txt: the newest versions that pyproject.toml allows, for every platform.

python tools/lock.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What makes the environment and builds the package is pinned like everything else.
BUILD_TOOLS = "hatchling\nuv\n"
OPTIONS = (
    "--universal",
    "--upgrade",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--python-version=3.11",
    "--all-extras",
    "--group=test",
    "--group=lint",
    "--group=bench",
    "--group=browser",
)


def main() -> int:
    uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", *OPTIONS]
    done = subprocess.run(
        [*uv, "pyproject.toml", "-", "--output-file=constraints.txt"],
        cwd=ROOT,
        input=BUILD_TOOLS,
        text=True,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
