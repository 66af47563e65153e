"""A flow as the text of a migration file, and back. Pure text, no files.

The text is one statement, a DO block: it happens as a whole or not at all, whether psql runs it, a
tool that has its own transaction around it, or a driver that takes one statement at a time. In the
block stand the statements of `compile_flow`, one a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from pgflow.definition.compile import compile_flow
from pgflow.definition.shape import FlowShape

_STATEMENT = re.compile(r"^SELECT pgflow\.(?:create_flow|add_step)\(.*\);$", re.MULTILINE)
_SLUG = re.compile(r"^SELECT pgflow\.create_flow\('(\w+)'", re.MULTILINE)
_BIND_OF_SQLALCHEMY = re.compile(r"(?<![:\w\\]):\w+(?!:)")

_HEADS = {
    "create": """\
-- Flow '{slug}', written by: pgflow compile
-- Creates what is missing. Fails where the flow exists with another structure.
""",
    "replace": """\
-- Flow '{slug}', written by: pgflow compile --replace
-- Drops another definition of the flow, with its data. Fails while it has unfinished runs.
""",
}
_GUARDS = {"create": "assert_flow_shape", "replace": "drop_replaced_flow"}
_COLONS = """\
-- With Alembic run it by op.get_bind().exec_driver_sql(): op.execute() misreads colons.
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """What brings one flow into a database: created, or put in the place of another one."""

    shape: FlowShape
    replaces: bool = False

    @property
    def slug(self) -> str:
        return self.shape.slug

    @property
    def verb(self) -> str:
        """What it does, as the name of its file says it."""
        return "replace" if self.replaces else "create"

    def is_done_by(self, text: str) -> bool:
        """Whether a text is that of a migration to the same effect, maybe an older pgflow's."""
        is_strong_enough = _replaces(text) or not self.replaces
        return is_strong_enough and statements_in(text) == compile_flow(self.shape)

    def __str__(self) -> str:
        statements = "\n".join(compile_flow(self.shape))
        guard = f"pgflow.{_GUARDS[self.verb]}('{self.slug}', {_shape_literal(self.shape)})"
        inner = _dollar_quote("flow", statements + guard)
        outer = _dollar_quote("pgflow", statements + guard)
        head = _HEADS[self.verb].format(slug=self.slug)
        colons = _COLONS if _BIND_OF_SQLALCHEMY.search(statements + guard) else ""
        return (
            f"{head}{colons}DO {outer}\nBEGIN\nPERFORM {guard};\n"
            f"EXECUTE {inner}\n{statements}\n{inner};\nEND\n{outer};\n"
        )


def statements_in(text: str) -> list[str]:
    """The statements that define flows in the text of a migration, in order."""
    return _STATEMENT.findall(text)


def slugs_in(text: str) -> list[str]:
    """The flows that the text of a migration defines."""
    return _SLUG.findall("\n".join(statements_in(text)))


def join(migrations: Iterable[Migration]) -> str:
    """Several migrations as one text."""
    return "\n".join(map(str, migrations))


def _replaces(text: str) -> bool:
    return f"PERFORM pgflow.{_GUARDS['replace']}(" in text


def _dollar_quote(name: str, text: str) -> str:
    """A dollar quote that does not occur in the text."""
    return next(tag for n in count() if (tag := f"${name}{n or ''}$") not in text)


def _shape_literal(shape: FlowShape) -> str:
    """The shape JSON, a line for each step."""
    data = shape.to_json()
    steps = ",\n  ".join(map(_spaced, data["steps"]))
    options = f'"options": {_spaced(data["options"])}, ' if "options" in data else ""
    text = f'{{{options}"steps": [\n  {steps}\n]}}'
    return "'" + text.replace("'", "''") + "'"


def _spaced(data: Any) -> str:
    # A colon before a space is no parameter for SQLAlchemy.
    return json.dumps(data, ensure_ascii=False)
