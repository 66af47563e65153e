"""The moment when a function becomes a step: everything that is known by then is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pgflow.definition import rules
from pgflow.definition.annotations import Scope
from pgflow.definition.handler import Handler, read_handler
from pgflow.definition.shape import StepOptions, StepShape, StepType
from pgflow.definition.step import FlowInput, Source, Step
from pgflow.definition.wiring import Settings


@dataclass(frozen=True, slots=True)
class Declaration:
    """What was said to `Flow.step` or `Flow.map`, waiting for the function."""

    flow_input: FlowInput[Any]
    siblings: Mapping[str, Step[..., Any]]
    step_type: StepType
    sources: tuple[Source[Any], ...]
    settings: Settings

    def step_of(self, function: Callable[..., Any], scope: Scope) -> Step[..., Any]:
        """The step that the function becomes. `scope` is where it is declared."""
        if isinstance(function, Step):  # one handler may serve two steps
            function = function.function
        slug = self._slug_for(function)
        place = f"step {slug!r} of flow '{self.flow_input.flow_slug}'"
        shape = self._checked_shape(slug, place)
        rules.check_callable(place, function)
        handler = read_handler(function, scope.names)
        sources = self._sources_for(handler)
        self._check_wiring(place, handler, sources)
        return Step(self.flow_input.flow_slug, shape, handler, sources, scope.module)

    def _slug_for(self, function: Callable[..., Any]) -> Any:
        slug = self.settings.get("slug")
        return getattr(function, "__name__", None) if slug is None else slug

    def _checked_shape(self, slug: str, place: str) -> StepShape:
        rules.check_slug(place, slug, "Choose one with slug=...")
        rules.check_is_new(place, slug, self.siblings)
        rules.check_settings(place, self.settings)
        rules.check_membership(place, self.sources, [self.flow_input, *self.siblings.values()])
        dependencies = tuple(each.slug for each in self.sources if isinstance(each, Step))
        conditions = {
            name: rules.pattern(place, name, self.settings.get(name), dependencies)
            for name in ("when", "unless")
        }
        rules.check_options(place, options := self._options())
        return StepShape(
            slug,
            self.step_type,
            dependencies,
            when_unmet=self.settings.get("when_unmet"),
            when_exhausted=self.settings.get("when_exhausted"),
            options=options,
            **conditions,
        )

    def _options(self) -> StepOptions:
        return StepOptions(
            max_attempts=self.settings.get("max_attempts"),
            base_delay=self.settings.get("base_delay"),
            timeout=self.settings.get("timeout"),
            start_delay=self.settings.get("start_delay"),
        )

    def _sources_for(self, handler: Handler) -> tuple[Source[Any], ...]:
        is_deaf_root = not self.sources and handler.takes(0) and not handler.takes(1)
        return () if is_deaf_root else self.sources or (self.flow_input,)

    def _check_wiring(self, place: str, handler: Handler, sources: tuple[Source[Any], ...]) -> None:
        rules.check_handler(place, handler)
        rules.check_count(place, handler, sources)
        check = rules.check_element if self.step_type == "map" else rules.check_argument
        for position, source in enumerate(sources):
            check(place, source, handler.parameter(position))
