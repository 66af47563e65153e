"""The types by which a checker verifies how steps are wired; no plugin is needed.

`flow.step(a, b)` is a decorator that knows what `a` and `b` give, and takes a function of just
that. The overload for coroutine functions comes first: the other one would take them too, and say
that the step gives a coroutine.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ParamSpec, Protocol, TypedDict, TypeVar, overload

from pgflow.definition.shape import Otherwise
from pgflow.definition.step import Step

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

Async = Coroutine[Any, Any, R]


class Settings(TypedDict, total=False):
    """The keyword arguments of `Flow.step` and `Flow.map`. Delays and timeouts in seconds."""

    slug: str | None
    max_attempts: int | None
    base_delay: int | None
    timeout: int | None
    start_delay: int | None
    when: Mapping[str, Any] | None
    unless: Mapping[str, Any] | None
    when_unmet: Otherwise | None
    when_exhausted: Otherwise | None


class Declares(Protocol[P]):
    """Makes a step of a function with the parameters `P`, one for each dependency."""

    @overload
    def __call__(self, function: Callable[P, Async[R]], /) -> Step[P, R, Async[R]]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Step[P, R, R]: ...


class DeclaresRoot(Protocol[T]):
    """Makes a root step of a function that takes the flow's input, or nothing."""

    @overload
    def __call__(self, function: Callable[[], Async[R]], /) -> Step[[], R, Async[R]]: ...
    @overload
    def __call__(self, function: Callable[[T], Async[R]], /) -> Step[[T], R, Async[R]]: ...
    @overload
    def __call__(self, function: Callable[[], R], /) -> Step[[], R, R]: ...
    @overload
    def __call__(self, function: Callable[[T], R], /) -> Step[[T], R, R]: ...


class DeclaresMap(Protocol[T]):
    """Makes a map of a function that takes one element. It gives the list of the results."""

    @overload
    def __call__(self, function: Callable[[T], Async[R]], /) -> Step[[T], list[R], Async[R]]: ...
    @overload
    def __call__(self, function: Callable[[T], R], /) -> Step[[T], list[R], R]: ...
