"""Declaring a flow: its input, its options, and one step after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, TypeVar, Unpack, overload

from pgflow.definition import rules
from pgflow.definition.annotations import Scope
from pgflow.definition.codec import Codec, record
from pgflow.definition.declaration import Declaration
from pgflow.definition.shape import FlowOptions, FlowShape, StepType
from pgflow.definition.step import FlowInput, Source, Step
from pgflow.definition.wiring import Declares, DeclaresMap, DeclaresRoot, Settings
from pgflow.errors import InvalidInput, InvalidOutput

In = TypeVar("In")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
G = TypeVar("G")
H = TypeVar("H")


class Flow(Generic[In]):
    """A graph of steps, each a plain function. A flow is registered in the database by its slug.

    The structure of a flow is fixed once it runs in production: a new one gets a new slug. `input`
    is the type of what a run starts with; without it, any JSON. Options are what its steps inherit:
    attempts in all, seconds before the first retry (doubled each time), seconds that an attempt may
    take. None leaves them to the engine: 3, 5, 60.

    Example:
        >>> greet = Flow("greet", input=str, max_attempts=5)
        >>> @greet.step()
        ... def greeting(name: str) -> str:
        ...     return f"Hello, {name}!"
        >>> greeting("Ada")
        'Hello, Ada!'
        >>> greet.shape().steps[0].slug
        'greeting'
    """

    @overload
    def __init__(
        self,
        slug: str,
        *,
        input: type[In],
        max_attempts: int | None = None,
        base_delay: int | None = None,
        timeout: int | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Flow[Any],
        slug: str,
        *,
        input: Any = None,
        max_attempts: int | None = None,
        base_delay: int | None = None,
        timeout: int | None = None,
    ) -> None: ...
    def __init__(
        self,
        slug: str,
        *,
        input: Any = None,
        max_attempts: int | None = None,
        base_delay: int | None = None,
        timeout: int | None = None,
    ) -> None:
        rules.check_slug(f"flow {slug!r}", slug)
        self.slug = slug
        self.options = FlowOptions(
            max_attempts=max_attempts, base_delay=base_delay, timeout=timeout
        )
        rules.check_options(self._label, self.options)
        self._steps: dict[str, Step[..., Any]] = {}
        self.steps: Mapping[str, Step[..., Any]] = MappingProxyType(self._steps)
        annotation = Any if input is None else input
        self.input: FlowInput[In] = FlowInput(slug, annotation)
        self.input_codec: Codec[In] = Codec(annotation, subject=f"input of {self._label}")

    def __repr__(self) -> str:
        return f"<{self._label}, {len(self.steps)} steps>"

    @overload
    def step(self, /, **settings: Unpack[Settings]) -> DeclaresRoot[In]: ...
    @overload
    def step(self, a: Source[A], /, **settings: Unpack[Settings]) -> Declares[[A]]: ...
    @overload
    def step(
        self, a: Source[A], b: Source[B], /, **settings: Unpack[Settings]
    ) -> Declares[[A, B]]: ...
    @overload
    def step(
        self, a: Source[A], b: Source[B], c: Source[C], /, **settings: Unpack[Settings]
    ) -> Declares[[A, B, C]]: ...
    @overload
    def step(
        self,
        a: Source[A],
        b: Source[B],
        c: Source[C],
        d: Source[D],
        /,
        **settings: Unpack[Settings],
    ) -> Declares[[A, B, C, D]]: ...
    @overload
    def step(
        self,
        a: Source[A],
        b: Source[B],
        c: Source[C],
        d: Source[D],
        e: Source[E],
        /,
        **settings: Unpack[Settings],
    ) -> Declares[[A, B, C, D, E]]: ...
    @overload
    def step(
        self,
        a: Source[A],
        b: Source[B],
        c: Source[C],
        d: Source[D],
        e: Source[E],
        f: Source[F],
        /,
        **settings: Unpack[Settings],
    ) -> Declares[[A, B, C, D, E, F]]: ...
    @overload
    def step(
        self,
        a: Source[A],
        b: Source[B],
        c: Source[C],
        d: Source[D],
        e: Source[E],
        f: Source[F],
        g: Source[G],
        /,
        **settings: Unpack[Settings],
    ) -> Declares[[A, B, C, D, E, F, G]]: ...
    @overload
    def step(
        self,
        a: Source[A],
        b: Source[B],
        c: Source[C],
        d: Source[D],
        e: Source[E],
        f: Source[F],
        g: Source[G],
        h: Source[H],
        /,
        **settings: Unpack[Settings],
    ) -> Declares[[A, B, C, D, E, F, G, H]]: ...
    @overload
    def step(
        self,
        a: Source[Any],
        b: Source[Any],
        c: Source[Any],
        d: Source[Any],
        e: Source[Any],
        f: Source[Any],
        g: Source[Any],
        h: Source[Any],
        i: Source[Any],
        /,
        *more: Source[Any],
        **settings: Unpack[Settings],
    ) -> Declares[...]: ...
    def step(self, /, *sources: Source[Any], **settings: Unpack[Settings]) -> Any:
        """A decorator that makes a step of a function: one parameter for each source, in order.

        Sources are other steps of the flow, and `flow.input`. Without any it is a root step, whose
        function takes the flow's input or nothing. The slug is the function's name, or `slug`.

        `when` and `unless` are JSON patterns: the step runs if its input contains the one and does
        not contain the other. The input of a root is the flow's; that of others is an object of
        their dependencies' outputs. `when_unmet` ("fail", "skip", "skip-cascade") says what becomes
        of it otherwise, `when_exhausted` what when its last attempt has failed. A skipped
        dependency comes as None.

        Example:
            >>> flow = Flow("order", input=int)
            >>> @flow.step()
            ... def price(number: int) -> float:
            ...     return number * 9.5
            >>> @flow.step(flow.input, price, max_attempts=1)
            ... def invoice(number: int, price: float) -> str:
            ...     return f"{number} for {price}"
            >>> invoice.dependencies
            ('price',)
        """
        rules.check_sources(self._label, sources)
        return self._declares("single", sources, settings)

    @overload
    def map(self: Flow[list[A]], /, **settings: Unpack[Settings]) -> DeclaresMap[A]: ...
    @overload
    def map(self, source: Source[list[A]], /, **settings: Unpack[Settings]) -> DeclaresMap[A]: ...
    def map(self, /, *sources: Source[Any], **settings: Unpack[Settings]) -> Any:
        """A decorator that makes a map of a function: one task for each element of a list.

        The list comes from `source`, or is the flow's input. The function takes one element; the
        step gives the list of its results, in the order of the elements. Settings as for `step`.

        Example:
            >>> flow = Flow("squares", input=list[int])
            >>> @flow.map()
            ... def square(number: int) -> int:
            ...     return number * number
            >>> flow.shape().steps[0].step_type
            'map'
        """
        rules.check_sources(self._label, sources)
        rules.check_single(self._label, sources)
        return self._declares("map", sources or (self.input,), settings)

    def shape(self) -> FlowShape:
        """What the database knows of the flow: plain data, steps in topological order."""
        return FlowShape(self.slug, tuple(step.shape for step in self.steps.values()), self.options)

    def encode_input(self, value: In) -> str:
        """The JSON text of a run's input: an instance of the input type, or its plain data.

        `InvalidInput` names each field that does not fit, what was expected and what is there.
        """
        return self.input_codec.encode_input(value)

    def decode_output(self, raw: bytes | str | None) -> dict[str, Any] | None:
        """The output of a run: what each leaf gave. A skipped leaf is missing; None if all are."""
        try:
            return None if raw is None else self._output_codec.decode_json(raw)
        except InvalidInput as error:
            raise InvalidOutput(str(error)) from None

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the flow's input."""
        return self.input_codec.json_schema()

    def prepare(self) -> None:
        """Build all codecs now, instead of at the first task.

        A worker does this before it claims anything: `FlowDefinitionError` for an annotation that
        cannot travel as JSON.
        """
        self.input_codec.prepare()
        for step in self.steps.values():
            step.prepare()

    @property
    def leaves(self) -> tuple[Step[..., Any], ...]:
        """The steps that no other step depends on. Their outputs are the output of a run."""
        needed = {slug for step in self.steps.values() for slug in step.dependencies}
        return tuple(step for step in self.steps.values() if step.slug not in needed)

    @cached_property
    def _output_codec(self) -> Codec[dict[str, Any] | None]:
        fields = {leaf.slug: leaf.output_annotation for leaf in self.leaves}
        return Codec(record(fields) | None, subject=f"output of {self._label}")

    @property
    def _label(self) -> str:
        return f"flow '{self.slug}'"

    def _declares(
        self, step_type: StepType, sources: tuple[Source[Any], ...], settings: Settings
    ) -> Callable[..., Step[..., Any]]:
        declaration = Declaration(self.input, self.steps, step_type, sources, settings)

        def declare(function: Callable[..., Any], /) -> Step[..., Any]:
            step = declaration.step_of(function, Scope.of_caller())
            self._steps[step.slug] = step
            if step_type == "map" and isinstance(source := step.sources[0], Step):
                source.feeds_map = source.step_type == "single"
            self.__dict__.pop("_output_codec", None)
            return step

        return declare
