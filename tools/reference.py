"""Writes the reference pages: the command line from click, the Python names from their docstrings.

python tools/reference.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any

import click

import pgflow
from pgflow.cli import pgflow as program

ROOT = Path(__file__).parent.parent
NOTE = "<!-- made by `make docs`; edit the {source} instead -->"

CLI_HEAD = f"""{NOTE.format(source="help texts in src/pgflow/cli")}

# The command line

Exit codes: 0 done, 1 the thing failed, 2 wrong usage. An error is a sentence that says what is
wrong and one that says what to do; `--debug` adds the traceback. `--json` prints for programs.
Colours are off outside a terminal and with `NO_COLOR`."""

PYTHON_HEAD = f"""{NOTE.format(source="docstrings")}

# Python names

They are imported from `pgflow`, those for tests (at the end) from `pgflow.testing`, and `Telemetry`
from `pgflow.telemetry`. What is not listed here may change at any time."""


# The others are handed out by these, or raised.
MADE_BY_USERS = {"AsyncClient", "Client", "Flow", "RetryAfter", "Worker"}


def pages() -> dict[Path, str]:
    """What belongs into each file."""
    directory = ROOT / "docs" / "reference"
    return {directory / "cli.md": cli_page(program), directory / "python.md": python_page()}


def cli_page(group: click.Group) -> str:
    commands = list(walk(group, click.Context(group, info_name="pgflow")))
    index = "\n".join(
        f"- [`{path}`](#{path.replace(' ', '-')}): {first(c)}" for path, c in commands
    )
    return "\n\n".join([CLI_HEAD, index, *(command_section(*one) for one in commands)]) + "\n"


def walk(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with the words that lead to it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from walk(command, inner)
        else:
            yield inner.command_path, command


def first(command: click.Command) -> str:
    return paragraphs(command.help or "")[0]


def command_section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    told, _, example = (
        inspect.cleandoc(command.help or "").replace("\b\n", "").partition("Example:")
    )
    options = [option_row(one, context) for one in command.get_params(context)]
    parts = [
        f"## {path}",
        *paragraphs(told),
        f"```sh\n{inspect.cleandoc(example)}\n```",
        f"Usage: `{usage}`",
        "\n".join(["| option | |", "|---|---|", *(row for row in options if row)]),
    ]
    return "\n\n".join(parts)


def option_row(parameter: click.Parameter, context: click.Context) -> str | None:
    record = parameter.get_help_record(context)
    if record is None or record[0] == "--help":
        return None
    name, told = (re.sub(r"\s+", " ", text).replace("|", "\\|") for text in record)
    return f"| `{name}` | {told} |"


def python_page() -> str:
    names = [name for name in pgflow.__all__ if not name.startswith("__")]
    sections = [section(name, getattr(pgflow, name)) for name in names]
    parts = [PYTHON_HEAD, *sections, *telemetry_section(), *testing_sections()]
    return "\n\n".join(parts) + "\n"


def telemetry_section() -> Iterator[str]:
    from pgflow.telemetry import Telemetry

    # Its methods are for workers and clients.
    yield from ("# pgflow.telemetry", "## Telemetry")
    yield f"`Telemetry{signature(Telemetry)}`"
    yield prose(Telemetry)


def testing_sections() -> Iterator[str]:
    from pgflow import testing

    yield "# pgflow.testing"
    for name in testing.__all__:
        yield section(name, getattr(testing, name))


def section(name: str, thing: Any) -> str:
    if not inspect.isclass(thing):
        return f"## {name}\n\n`{name}{signature(thing)}`\n\n{prose(thing)}"
    bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
    kind = f"An error, a kind of `{bases}`. " if issubclass(thing, Exception) else ""
    return "\n\n".join(
        [f"## {name}", *construction(name, thing), kind + prose(thing), *members(thing)]
    )


def construction(name: str, thing: type) -> list[str]:
    return [f"`{name}{signature(thing)}`"] if name in MADE_BY_USERS else []


def members(thing: type) -> Iterator[str]:
    """The public methods and properties with a docstring; those of one name come once."""
    kinds = [kind for kind in thing.__mro__ if kind.__module__.startswith("pgflow.")]
    found = {name: value for kind in reversed(kinds) for name, value in vars(kind).items()}
    for name, value in found.items():
        if name.startswith("_") or not inspect.getdoc(value):
            continue
        if isinstance(value, property):
            yield f"### {thing.__name__}.{name}\n\n{prose(value)}"
        elif inspect.isfunction(value):
            call = f"`{awaited(value)}{name}{signature(value)}`"
            yield f"### {thing.__name__}.{name}\n\n{call}\n\n{prose(value)}"


def awaited(function: Callable[..., Any]) -> str:
    return "await " if inspect.iscoroutinefunction(function) else ""


@dataclass(frozen=True, slots=True)
class Written:
    """An annotation as it stands in the code, without the quotes of a string."""

    annotation: Any

    def __repr__(self) -> str:
        return str(self.annotation).strip("'\"")


def signature(thing: Callable[..., Any]) -> str:
    """Parameters and what comes back, without `self`."""
    read = inspect.signature(thing)
    kept = [
        one.replace(annotation=Written(one.annotation))
        for one in read.parameters.values()
        if one.name != "self"
    ]
    returned = read.return_annotation
    answer = returned if returned in (None, "None") else Written(returned)
    return str(read.replace(parameters=kept, return_annotation=answer)).removesuffix(" -> 'None'")


def prose(thing: Any) -> str:
    """A docstring as Markdown: what is indented becomes a block of code."""
    lines = (inspect.getdoc(thing) or "").replace("\nExample:\n", "\n").splitlines()
    parts = [list(part) for _, part in groupby(lines, _Indentation().of)]
    return "\n\n".join(
        fenced(text) if text.startswith("    ") else text for text in map(joined, parts) if text
    )


def fenced(code: str) -> str:
    language = "pycon" if ">>>" in code else "python"
    return f"```{language}\n{dedent(code)}\n```"


def paragraphs(text: str) -> list[str]:
    """Paragraphs, each in one line."""
    parts = inspect.cleandoc(text).split("\n\n")
    return [" ".join(part.split()) for part in parts if part.strip()]


class _Indentation:
    """Tells code from prose line by line; an empty line belongs to what was before."""

    def __init__(self) -> None:
        self._is_code = False

    def of(self, line: str) -> bool:
        if line.strip():
            self._is_code = line.startswith("    ")
        return self._is_code


def joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")


def main() -> None:
    for file, text in pages().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(file.relative_to(ROOT))


if __name__ == "__main__":
    main()
