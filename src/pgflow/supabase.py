"""pgflow in a Supabase project: migrations of the engine, settings, a first flow.

Everything is planned before anything is written, and what is in place already is left alone, byte
for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pgflow import schema
from pgflow.environment import SUPABASE_URL_VARIABLE
from pgflow.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    import tomlkit

SETTINGS = (
    ("db.pooler", "enabled", True),
    ("db.pooler", "pool_mode", "transaction"),
    ("edge_runtime", "policy", "per_worker"),
)
# Where the functions of a local Supabase reach its pooler; it has the same password everywhere.
POOLER_URL = "postgresql://postgres.pooler-dev:postgres@pooler:6543/postgres"

_STAMP = "%Y%m%d%H%M%S"
_HEAD = "-- pgflow engine {version}; migrations {numbers}; functions {functions}"
_HEAD_AS_WRITTEN = re.compile(r"-- pgflow engine (\S+); migrations ([\d,]*); functions (\w+)\r?\n")


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to be written; `before` is what stands there now, None where nothing does."""

    path: Path
    what: str
    text: bytes
    before: bytes | None = None

    def __str__(self) -> str:
        return f"{'create' if self.before is None else 'change'} {self.path}: {self.what}"


def _now() -> datetime:
    return datetime.now(UTC)


def plan(project: Path, *, now: Callable[[], datetime] = _now) -> list[Change]:
    """What is to be written into a Supabase project, the directory that holds `config.toml`.

    Empty when everything is in place. Raises `DeploymentError` for what is no such project.
    """
    if not (project / "config.toml").is_file():
        message = (
            f"{project} holds no config.toml, expected the directory of a Supabase project. "
            "Make one with: supabase init"
        )
        raise DeploymentError(message)
    try:
        parts = (_migration(project, now), _config(project), _environment(project), _flow(project))
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(project, error) from error
    return [change for change in parts if change is not None]


def carry_out(changes: Sequence[Change]) -> list[Path]:
    """Write the files; returns the copies that were made of the settings as they were before."""
    backups: list[Path] = []
    for change in changes:
        try:
            if change.before is not None and change.path.name == "config.toml":
                backups.append(_backup(change.path, change.before))
            change.path.parent.mkdir(parents=True, exist_ok=True)
            change.path.write_bytes(change.text)
        except OSError as error:
            raise _unusable(change.path, error) from error
    return backups


def _unusable(place: Path, error: OSError | UnicodeDecodeError) -> DeploymentError:
    what = getattr(error, "filename", None) or place
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return DeploymentError(f"{what} cannot be used: {reason}. Mend it and run this again")


def _migration(project: Path, now: Callable[[], datetime]) -> Change | None:
    """The engine, or what is newer of it than in the migrations that are there."""
    directory = project / "migrations"
    written = sorted(directory.glob("*.sql"))
    engines = list(_engines(written))
    applied = {number for engine in engines for number in engine.numbers}
    pending = [m.number for m in schema.migrations() if m.number not in applied]
    current = (schema.ENGINE_VERSION, schema.functions_sha256())
    if engines and not pending and (engines[-1].version, engines[-1].functions) == current:
        return None
    head = _HEAD.format(
        version=schema.ENGINE_VERSION,
        numbers=",".join(map(str, pending)),
        functions=schema.functions_sha256(),
    )
    pgmq = (files("pgflow") / "sql" / "supabase" / "pgmq.sql").read_text("utf-8")
    sql = "\n".join((head, "begin;", pgmq, schema.compose(sorted(applied)), "commit;", ""))
    name = f"{_stamp(written, now())}_pgflow_{'upgrade' if engines else 'install'}.sql"
    what = f"the engine {schema.ENGINE_VERSION}"
    return Change(directory / name, what, sql.encode())


@dataclass(frozen=True, slots=True)
class _Engine:
    """What a migration file of ours brings."""

    version: str
    numbers: tuple[int, ...]
    functions: str


def _engines(written: Sequence[Path]) -> Iterator[_Engine]:
    for path in written:
        if "_pgflow_" not in path.name:
            continue
        if head := _HEAD_AS_WRITTEN.match(path.read_text("utf-8")):
            numbers = tuple(int(number) for number in head[2].split(",") if number)
            yield _Engine(head[1], numbers, head[3])


def _stamp(written: Sequence[Path], now: datetime) -> str:
    """A time that sorts after the files that are there, even those from the future."""
    stamps = [path.name[:14] for path in written if re.match(r"\d{14}_", path.name)]
    if not stamps or now.strftime(_STAMP) > max(stamps):
        return now.strftime(_STAMP)
    try:
        newest = datetime.strptime(max(stamps), _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return str(int(max(stamps)) + 1)
    return (newest + timedelta(seconds=1)).strftime(_STAMP)


def _config(project: Path) -> Change | None:
    path = project / "config.toml"
    before = path.read_bytes()
    document = _parse(path, before.decode())
    missing = [s for s in SETTINGS if _set(document, *s)]
    if not missing:
        return None
    what = ", ".join(f"{table}.{key}" for table, key, _ in missing)
    return Change(path, what, document.as_string().encode(), before)


def _parse(path: Path, text: str) -> tomlkit.TOMLDocument:
    try:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError
    except ModuleNotFoundError as error:
        message = "tomlkit is not installed. Install it with: pip install 'pgflow-py[supabase]'"
        raise DeploymentError(message) from error
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        message = f"{path} is no valid TOML: {error}. Mend it and run this again"
        raise DeploymentError(message) from error


def _set(document: tomlkit.TOMLDocument, table: str, key: str, value: object) -> bool:
    """Set a key; whether that changed anything."""
    place = _table(document, table.split("."))
    if place.get(key) == value:
        return False
    place[key] = value
    return True


def _table(document: tomlkit.TOMLDocument, names: Sequence[str]) -> MutableMapping[str, Any]:
    import tomlkit

    place: MutableMapping[str, Any] = document
    for depth, name in enumerate(names, start=1):
        if name not in place:
            is_last = depth == len(names)
            place[name] = tomlkit.table(is_super_table=not is_last)
        place = place[name]
    return place


def _environment(project: Path) -> Change | None:
    path = project / "functions" / ".env"
    before = path.read_bytes() if path.exists() else None
    text = (before or b"").decode()
    if re.search(rf"^\s*(export\s+)?{SUPABASE_URL_VARIABLE}\s*=", text, re.MULTILINE):
        return None
    gap = "" if not text or text.endswith("\n") else "\n"
    seeded = f'{text}{gap}{SUPABASE_URL_VARIABLE}="{POOLER_URL}"\n'
    return Change(path, "the URL of the local pooler", seeded.encode(), before)


def _flow(project: Path) -> Change | None:
    """A first flow, beside the Supabase project, where there are no flows yet."""
    directory = project.resolve().parent / "flows"
    if directory.exists():
        return None
    template = files("pgflow") / "templates" / "project" / "flows" / "greet_user.py.template"
    return Change(directory / "greet_user.py", "a sample flow", template.read_bytes())


def _backup(path: Path, before: bytes) -> Path:
    """A copy beside the file; an older copy is not overwritten."""
    names = (f"{path.name}.backup{number or ''}" for number in range(1000))
    place = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    place.write_bytes(before)
    return place
