"""Why a module with flows cannot be imported: one sentence, the place and a cure."""

from __future__ import annotations

import ast
import sysconfig
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import FrameType, TracebackType

from pgflow.errors import FlowDefinitionError

# Code that is not the user's: where an error surfaces there, the place to mend is further out.
_FOREIGN = (
    str(Path(__file__).parent),
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    "<",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the user's code, and what is known there."""

    file: Path
    line: int
    frame: FrameType | None = None

    def __str__(self) -> str:
        return f"{shown(self.file)}, line {self.line}"


@contextmanager
def import_failure(name: str) -> Generator[None]:
    """Raise what goes wrong in the block as a `FlowDefinitionError` that says where and why."""
    try:
        yield
    except FlowDefinitionError as error:
        place = _place_of(error)
        raise FlowDefinitionError(f"{place}: {error}" if place else str(error)) from error
    except SystemExit as error:
        message = (
            f"{name} ends the program while it is imported ({_place_of(error)}). "
            "Put what it runs under: if __name__ == '__main__'"
        )
        raise FlowDefinitionError(message) from error
    except Exception as error:
        place = _place_of(error)
        where = f" ({place})" if place else ""
        message = f"{name} cannot be imported: {_told(error)}{where}. {_cure(error, place)}"
        raise FlowDefinitionError(message) from error


def shown(file: Path) -> str:
    """A path as one would type it: relative to the current directory where that is shorter."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def _place_of(error: BaseException) -> Place | None:
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(Path(error.filename), error.lineno)
    return _innermost_own(error.__traceback__)


def _innermost_own(trace: TracebackType | None) -> Place | None:
    own: Place | None = None
    for frame, line in traceback.walk_tb(trace):
        if not frame.f_code.co_filename.startswith(_FOREIGN):
            own = Place(Path(frame.f_code.co_filename), line, frame)
    return own


def _told(error: Exception) -> str:
    """What Python says in the last line of the traceback."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    told = traceback.format_exception_only(error)[0].strip().splitlines()[0]
    return told.partition(". Did you")[0].rstrip(".")


def _cure(error: Exception, place: Place | None) -> str:
    match error:
        case ModuleNotFoundError():
            return "Install it, or run pgflow in the directory from which it can be imported"
        case NameError(name=str(name)) if place and place.frame:
            return _cure_of_name(name, place.file, place.line, place.frame)
        case _:
            return "Mend it there; --debug shows the whole traceback"


def _cure_of_name(name: str, file: Path, line: int, frame: FrameType) -> str:
    if _is_defined_below(name, file, line):
        return (
            f"'{name}' is defined further down. A step depends on steps above it, "
            "so that no flow has a cycle"
        )
    near = get_close_matches(name, {**frame.f_globals, **frame.f_locals}, n=1)
    return f"Did you mean '{near[0]}'?" if near else "Define or import it above that line"


def _is_defined_below(name: str, file: Path, line: int) -> bool:
    try:
        tree = ast.parse(file.read_text("utf-8"))
    except (OSError, ValueError, SyntaxError):
        return False
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == name
        and node.lineno > line
        for node in tree.body
    )
