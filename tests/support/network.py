"""A network of its own for a process, with a cable that can be pulled. Needs root and `ip`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cable:
    """Connects a network namespace with this one: here is `address`, there one number higher."""

    name: str
    address: str
    far_address: str

    @property
    def wrapper(self) -> tuple[str, ...]:
        """What to put in front of a command that is to run at the far end."""
        return ("ip", "netns", "exec", self.name)

    def pull(self) -> None:
        """From now on all packets are lost, in both directions, and nobody is told."""
        _ip("-n", self.name, "link", "set", f"{self.name}f", "down")


@contextmanager
def cable() -> Generator[Cable | None]:
    """A namespace and its cable, gone afterwards; None where we may not make one."""
    number = os.getpid() % 250
    cable = Cable(f"pgflow{number}", f"10.213.{number}.1", f"10.213.{number}.2")
    try:
        yield cable if _lay(cable) else None
    finally:
        with suppress(subprocess.CalledProcessError, FileNotFoundError):
            _ip("netns", "delete", cable.name)


def _lay(cable: Cable) -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    near, far = f"{cable.name}n", f"{cable.name}f"
    try:
        _ip("netns", "add", cable.name)
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", cable.name)
        _ip("address", "add", f"{cable.address}/30", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", cable.name, "address", "add", f"{cable.far_address}/30", "dev", far)
        _ip("-n", cable.name, "link", "set", far, "up")
    except subprocess.CalledProcessError:
        return False
    return True


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
