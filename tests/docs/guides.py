"""The guides as data: their code blocks, and the commands in these."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

GUIDES = Path(__file__).parent.parent.parent / "docs" / "guides"
NAMES = ("serverless", "pg_cron", "supabase", "systemd", "docker", "kubernetes", "opentelemetry")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:^|[\s\"/])pgflow ([a-z][^\n`|]*)", re.MULTILINE)


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a guide in that language."""
    text = (GUIDES / f"{name}.md").read_text()
    return [block[2] for block in _BLOCK.finditer(text) if block[1] == language]


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each pgflow command in a shell script or a unit file."""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if found := _COMMAND.search(line):
            yield shlex.split(found[1])
