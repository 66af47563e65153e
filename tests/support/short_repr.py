"""Dataclasses that print what differs from their defaults, to be read and pasted."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any


class ShortRepr:
    """A mixin for dataclasses declared with `repr=False`."""

    __slots__ = ()

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in _told(self))
        return f"{type(self).__name__}({told})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Hypothesis asks for this before it prints a dataclass in its own, longer way."""
        printer.text(repr(self))


def _told(instance: Any) -> list[tuple[str, Any]]:
    values = ((field, getattr(instance, field.name)) for field in fields(instance))
    return [
        (field.name, value)
        for field, value in values
        if field.default is MISSING or value != field.default
    ]
