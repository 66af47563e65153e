"""The project's settings: `[tool.pgflow]` of its pyproject.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pgflow.environment import (
    COMPILATION_VARIABLE,
    REQUIRE_MIGRATIONS_VARIABLE,
    TELEMETRY_VARIABLE,
)
from pgflow.errors import DeploymentError

Compilation = Literal["phase1", "phase2", "off"]

YES = ("true", "1", "yes", "on")
NO = ("false", "0", "no", "off")


@dataclass(frozen=True, slots=True)
class Config:
    """What a project says about itself once, instead of at every command.

    Example:
        [tool.pgflow]
        flows = ["shop.flows"]           # modules or files, where a command names none
        migrations = "db/migrations"     # where `pgflow compile` writes, relative to pyproject.toml
        compilation = "phase2"           # what a worker does about changed flows when it starts
        require_migrations = false       # whether even new flows need a migration
        telemetry = true                 # whether `pgflow worker` writes traces and metrics

    `PGFLOW_COMPILATION`, `PGFLOW_REQUIRE_MIGRATIONS` and `PGFLOW_TELEMETRY` in the environment win
    over the file.
    """

    flows: tuple[str, ...] = ()
    migrations: Path = Path("migrations")
    compilation: Compilation = "phase2"
    require_migrations: bool = False
    telemetry: bool = False

    @classmethod
    def load(
        cls, start: Path | None = None, *, variables: Mapping[str, str] = os.environ
    ) -> Config:
        """The settings of the project that a directory, by default the current one, belongs to."""
        file = _find_pyproject((start or Path.cwd()).resolve())
        said = _read(file) if file else {}
        return cls(**{**said, **_read_variables(variables)})


def _find_pyproject(here: Path) -> Path | None:
    candidates = (directory / "pyproject.toml" for directory in (here, *here.parents))
    return next((file for file in candidates if file.is_file()), None)


def _read(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeploymentError(f"{file} is not valid TOML: {error}") from None
    table = document.get("tool", {}).get("pgflow", {})
    return {key: _value(key, value, file) for key, value in table.items()}


def _value(key: str, value: object, file: Path) -> object:
    match key, value:
        case "flows", str():
            return (value,)
        case "flows", list() if _all_strings(cast("list[object]", value)):
            return tuple(cast("list[str]", value))
        case "migrations", str():
            return file.parent / value
        case "require_migrations" | "telemetry", bool():
            return value
        case "compilation", _ if value in get_args(Compilation):
            return value
        case _:
            raise DeploymentError(f"[tool.pgflow] in {file}: {_complaint(key, value)}")


EXPECTED = {
    "flows": "a string or a list of strings",
    "migrations": "a string",
    "compilation": "one of 'phase1', 'phase2', 'off'",
    "require_migrations": "true or false",
    "telemetry": "true or false",
}


def _complaint(key: str, value: object) -> str:
    if key in EXPECTED:
        return f"{key} is {value!r}, expected {EXPECTED[key]}"
    known = [field.name for field in fields(Config)]
    near = get_close_matches(key, known, n=1)
    cure = f"Did you mean '{near[0]}'?" if near else f"The keys are {', '.join(known)}"
    return f"unknown key '{key}'. {cure}"


def _all_strings(values: list[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _read_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if value := variables.get(COMPILATION_VARIABLE):
        said["compilation"] = _compilation(value)
    if value := variables.get(REQUIRE_MIGRATIONS_VARIABLE):
        said["require_migrations"] = _truth(REQUIRE_MIGRATIONS_VARIABLE, value)
    if value := variables.get(TELEMETRY_VARIABLE):
        said["telemetry"] = _truth(TELEMETRY_VARIABLE, value)
    return said


def _compilation(value: str) -> Compilation:
    if value not in get_args(Compilation):
        raise DeploymentError(
            f"{COMPILATION_VARIABLE} is '{value}', expected {EXPECTED['compilation']}"
        )
    return cast("Compilation", value)


def _truth(variable: str, value: str) -> bool:
    said = value.strip().lower()
    if said not in (*YES, *NO):
        raise DeploymentError(f"{variable} is '{value}', expected true or false")
    return said in YES
