"""The operating-system account that an embedded PostgreSQL runs under.

PostgreSQL refuses to run as root. When we are root its programs therefore run as somebody else,
through the launcher at the bottom of this file. That is started as a program of its own, needs
nothing of pgflow, and changes accounts where no other thread can be caught half-way.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

FALLBACK_ACCOUNTS = ("postgres", "nobody")

# From linux/prctl.h, linux/securebits.h and linux/capability.h
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may run PostgreSQL."""

    name: str
    uid: int
    gid: int

    def command(self, *command: str, reaching: tuple[Path, ...] = ()) -> tuple[str, ...]:
        """The command to run a command as this account, able to get to the files in `reaching`."""
        launcher = (sys.executable, "-I", "-S", __file__)
        mode = "plain" if all(map(self._may_reach, reaching)) else "search"
        return (*launcher, str(self.uid), str(self.gid), mode, *command)

    def _may_reach(self, path: Path) -> bool:
        return all(self._may_search(parent.stat()) for parent in path.resolve().parents)

    def _may_search(self, directory: os.stat_result) -> bool:
        if directory.st_uid == self.uid:
            return bool(directory.st_mode & stat.S_IXUSR)
        if directory.st_gid == self.gid:
            return bool(directory.st_mode & stat.S_IXGRP)
        return bool(directory.st_mode & stat.S_IXOTH)


def server_account(home: Path) -> Account | None:
    """Who runs the server whose files are in `home`; None means: we do, because we are not root.

    The owner of the directory when that is a person (`sudo make demo` in somebody's checkout), so
    that the files stay theirs; otherwise an account that exists on every system.
    """
    if os.geteuid() != 0:
        return None
    owner = _account_of(home.stat().st_uid)
    return owner if owner is not None and owner.uid != 0 else _fallback_account()


def _account_of(uid: int) -> Account | None:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _fallback_account() -> Account | None:
    for name in FALLBACK_ACCOUNTS:
        try:
            return _account_of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    return None


def launch(uid: int, gid: int, mode: str, command: list[str]) -> None:
    """Becomes the account, and then the command."""
    libc = ctypes.CDLL(None, use_errno=True)
    keeps_capability = mode == "search" and sys.platform == "linux"
    if keeps_capability:
        # Capabilities outlast the change of account, and access(2) counts them, by which PostgreSQL
        # looks for its own programs.
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keeps_capability:
        _keep_search_capability(libc)
    os.chdir("/")
    os.execv(command[0], command)  # noqa: S606  the command is our own, and no shell is wanted


def _keep_search_capability(libc: ctypes.CDLL) -> None:
    """Lets the account pass through directories that are closed to it, such as /root.

    The alternative would be to open those directories to everybody. Containers rarely grant the
    first, weaker capability; the second is taken where it must be. Without either the command
    fails by itself, and says which file it cannot reach.
    """
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if _raise_capability(libc, capability):
            return


def _raise_capability(libc: ctypes.CDLL, capability: int) -> bool:
    mask = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, effective_permitted_inheritable) != 0:
        return False
    return libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0


if __name__ == "__main__":
    launch(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
