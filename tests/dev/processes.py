"""`pgflow dev` and `pgflow ui` as processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.eventually import eventually

PATIENCE = 60


@dataclass(slots=True)
class Command:
    """A command that runs; `output` is what it has printed so far."""

    process: subprocess.Popen[str]
    file: Path

    @property
    def output(self) -> str:
        return self.file.read_text()

    def url(self) -> httpx.URL:
        """The address that it prints, token included."""

        def look() -> re.Match[str] | None:
            assert self.process.poll() is None, self.output
            return re.search(r"http://\S+", self.output)

        found = eventually(look, within=PATIENCE)
        assert found is not None
        return httpx.URL(found[0])

    @contextmanager
    def page(self) -> Generator[httpx.Client]:
        """A browser that has opened that address."""
        url = self.url()
        place = f"http://127.0.0.1:{url.port}"
        with httpx.Client(base_url=place, follow_redirects=True) as client:

            def look() -> bool:
                try:
                    return client.get(str(url)).status_code == 200
                except httpx.TransportError:
                    return False

            eventually(look, within=PATIENCE)
            yield client

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def command(
    *arguments: str, directory: Path, variables: Mapping[str, str] | None = None
) -> Generator[Command]:
    """A command of pgflow that runs for the length of a block."""
    file = directory / "output.txt"
    with file.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pgflow", *arguments],
            cwd=directory,
            stdout=output,
            stderr=output,
            text=True,
            env={**os.environ, **(variables or {}), "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield Command(process, file)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
