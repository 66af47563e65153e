"""From the JSON of a task to the positional arguments of its handler."""

from __future__ import annotations

import functools
from typing import Any

from pgflow.definition.codec import Codec, record
from pgflow.definition.flaws import Location
from pgflow.definition.handler import Handler

Raw = bytes | str


class ArgumentReader:
    """Reads a handler's arguments.

    `slots` says where each one comes from: the slug of a step, or None for the flow's input.
    `owner` is what messages call the step.
    """

    def __init__(self, handler: Handler, slots: tuple[str | None, ...], owner: str) -> None:
        self._handler = handler
        self._slots = slots
        self._subject = f"input of {owner}"
        self._steps = {slug: position for position, slug in enumerate(slots) if slug is not None}

    def read(self, outputs: Raw, flow_input: Raw | None) -> tuple[Any, ...]:
        """One argument for each slot. The output of a step that was skipped is missing: None."""
        given = self._outputs.decode_json(outputs) if self._steps else {}
        return tuple(
            self._flow_input.decode_json(flow_input or b"null") if slug is None else given.get(slug)
            for slug in self._slots
        )

    def read_element(self, element: Raw) -> tuple[Any, ...]:
        """The one argument of a map's handler."""
        return (self._element.decode_json(element),)

    def prepare(self, *, for_elements: bool) -> None:
        """Build the codecs now."""
        if for_elements:
            self._element.prepare()
            return
        self._outputs.prepare()
        if None in self._slots:
            self._flow_input.prepare()

    @functools.cached_property
    def _element(self) -> Codec[Any]:
        return self._codec(0)

    @functools.cached_property
    def _flow_input(self) -> Codec[Any]:
        return self._codec(self._slots.index(None))

    @functools.cached_property
    def _outputs(self) -> Codec[dict[str, Any]]:
        fields = {slug: self._annotation(position) for slug, position in self._steps.items()}
        return Codec(record(fields), subject=self._subject, place=self._by_parameter)

    def _codec(self, position: int) -> Codec[Any]:
        name = self._handler.parameter(position).name
        return Codec(
            self._annotation(position),
            subject=self._subject,
            place=lambda location: (name, *location),
        )

    def _annotation(self, position: int) -> Any:
        parameter = self._handler.parameter(position)
        owner = f"parameter '{parameter.name}' in the {self._subject}"
        return self._handler.settled(parameter.annotation, owner)

    def _by_parameter(self, location: Location) -> Location:
        slug, *inside = location or ("",)
        position = self._steps.get(str(slug))
        name = slug if position is None else self._handler.parameter(position).name
        return (name, *inside)
