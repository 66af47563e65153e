"""A step: a handler with its place in a flow."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, ParamSpec

from typing_extensions import TypeVar

from pgflow.definition.arguments import ArgumentReader, Raw
from pgflow.definition.codec import Codec
from pgflow.definition.handler import Handler
from pgflow.definition.shape import StepOptions, StepShape, StepType
from pgflow.errors import FlowDefinitionError

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
Call_co = TypeVar("Call_co", covariant=True, default=Any)


class Source(Generic[R_co]):
    """What a step can depend on: another step, or the flow's input. It gives an `R_co`."""

    title: str
    may_be_skipped: bool = False

    def __init__(self, flow_slug: str, annotation: Any) -> None:
        self.flow_slug = flow_slug
        self.annotation = annotation


class FlowInput(Source[R_co]):
    """The input of a flow, as something that a step can depend on: `flow.input`."""

    title = "the flow's input"

    def __repr__(self) -> str:
        return f"<input of flow {self.flow_slug!r}>"


class Step(Source[R_co], Generic[P, R_co, Call_co]):
    """A handler in a flow. `Flow.step` and `Flow.map` make it.

    It stays callable: a call is a plain call of the handler, so handlers are tested without a
    database. Its type reads `Step[parameters, output]`; the third type is what a call returns (a
    coroutine for an async handler, one result for a map) and hardly ever needs to be written.

    Type checkers want of a call what the dependencies give, without the None of a skipped one: a
    test of that calls `step.function(None)`.
    """

    def __init__(
        self,
        flow_slug: str,
        shape: StepShape,
        handler: Handler,
        sources: tuple[Source[Any], ...],
        module: str,
    ) -> None:
        output = list[handler.returns] if shape.step_type == "map" else handler.returns
        super().__init__(flow_slug, output)
        self.title = f"step '{shape.slug}'"
        self.may_be_skipped = shape.may_be_skipped
        self.shape = shape
        self.handler = handler
        self.sources = sources
        # Whether what its handler returns has to be a list, because a map runs over it.
        self.feeds_map = False
        self.declared_in = module
        functools.update_wrapper(self, handler.function, updated=())

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call_co:
        return self.handler.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.label}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        return _find, _whereabouts(self)

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"step '{self.slug}' of flow '{self.flow_slug}'"

    @property
    def slug(self) -> str:
        return self.shape.slug

    @property
    def step_type(self) -> StepType:
        return self.shape.step_type

    @property
    def options(self) -> StepOptions:
        return self.shape.options

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The slugs of the steps that it waits for, in the order of its parameters."""
        return self.shape.dependencies

    @property
    def function(self) -> Callable[..., Any]:
        """The handler itself."""
        return self.handler.function

    @property
    def is_async(self) -> bool:
        """Whether the handler is an `async def`."""
        return self.handler.is_async

    @property
    def needs_flow_input(self) -> bool:
        """Whether it takes the flow's input beside the outputs of other steps."""
        return bool(self.dependencies) and any(isinstance(s, FlowInput) for s in self.sources)

    def decode(self, task_input: Raw, flow_input: Raw | None = None) -> tuple[Any, ...]:
        """The handler's arguments, from the JSON of a task and, where it is needed, of the run.

        A dependency that was skipped comes as None. `InvalidInput` names the parameter that a value
        does not fit.
        """
        if self.step_type == "map":
            return self._reader.read_element(task_input)
        return self._reader.read(task_input, flow_input)

    def encode(self, result: Any) -> str:
        """The JSON text of what the handler returned. `InvalidOutput` says why there is none."""
        return self._result.encode_json(result)

    def prepare(self) -> None:
        """Build the codecs now: `FlowDefinitionError` for an annotation that cannot be JSON."""
        self._reader.prepare(for_elements=self.step_type == "map")
        self._result.prepare()

    @property
    def output_annotation(self) -> Any:
        """What the step gives to others, its names looked up by now."""
        returns = self._result.annotation
        return list[returns] if self.step_type == "map" else returns

    @functools.cached_property
    def _reader(self) -> ArgumentReader:
        slots = tuple(each.slug if isinstance(each, Step) else None for each in self.sources)
        return ArgumentReader(self.handler, slots, self.label)

    @functools.cached_property
    def _result(self) -> Codec[Any]:
        subject = f"result of {self.label}"
        return Codec(self.handler.settled(self.handler.returns, subject), subject=subject)


# Handlers run in other processes, where a step is found again by its name: nothing of it travels.


def _whereabouts(step: Step[..., Any]) -> tuple[str, ...]:
    """The module and the step's name in it; or the module, its flow's name in it, and its slug."""
    module = step.declared_in
    for name in vars(sys.modules[module]):
        for reference in ((module, name), (module, name, step.slug)):
            if _leads_to(step, reference):
                return reference
    message = (
        f"{step.label} cannot be sent to another process, which has no way to find it in module "
        f"'{module}'. Define the flow at the top level of the module"
    )
    raise FlowDefinitionError(message)


def _leads_to(step: Step[..., Any], reference: tuple[str, ...]) -> bool:
    try:
        return _find(*reference) is step
    except (ImportError, AttributeError, KeyError, TypeError):
        return False


def _find(module: str, name: str, slug: str | None = None) -> Any:
    found = getattr(import_module(module), name)
    return found if slug is None else found.steps[slug]
