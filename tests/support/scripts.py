"""Random flows and random scripts of what workers and operators do with them.

Everything here is plain data with a repr that can be pasted into an `@example`. A script does not
name tasks, which are known only while it is played: it holds picks, numbers that the player
reduces to whatever is there at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from hypothesis import strategies as st

from tests.support.flow_spec import FlowSpec, Mode, Pattern, StepSpec
from tests.support.jsonb import Json
from tests.support.short_repr import ShortRepr


@dataclass(frozen=True, slots=True, repr=False)
class Complete(ShortRepr):
    """`fitting`: a step that feeds a map wraps the output in a list, as its author would."""

    output: Json = None
    fitting: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Fail(ShortRepr):
    error: str = "boom"
    retry: bool = True
    retry_in: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Release(ShortRepr):
    pass


Ending: TypeAlias = Complete | Fail | Release


@dataclass(frozen=True, slots=True, repr=False)
class StartRun(ShortRepr):
    choice: int


@dataclass(frozen=True, slots=True, repr=False)
class Work(ShortRepr):
    """One turn of a worker's loop: report what has ended, claim what is free."""

    worker: int
    endings: tuple[tuple[int, Ending], ...]
    quantity: int


@dataclass(frozen=True, slots=True, repr=False)
class StartTasks(ShortRepr):
    """Start queued tasks by their message ids, whether or not they have fallen due."""

    worker: int
    picks: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class EndOne(ShortRepr):
    """`complete_task` or `fail_task`."""

    pick: int
    ending: Complete | Fail


@dataclass(frozen=True, slots=True, repr=False)
class Repeat(ShortRepr):
    """A worker says again what it has said before."""

    pick: int
    ending: Ending


@dataclass(frozen=True, slots=True, repr=False)
class Advance(ShortRepr):
    seconds: int


@dataclass(frozen=True, slots=True, repr=False)
class Cancel(ShortRepr):
    pick: int


@dataclass(frozen=True, slots=True, repr=False)
class Retry(ShortRepr):
    pick: int


Action: TypeAlias = StartRun | Work | StartTasks | EndOne | Repeat | Advance | Cancel | Retry
Script: TypeAlias = list[Action]

MODES: tuple[Mode, ...] = ("skip", "fail", "skip-cascade")
SCALARS: list[Json] = [None, True, False, 1, "x", {}, {"ok": True}, {"ok": False, "n": 1}]
LISTS: list[Json] = [[], [1], [None, {"ok": True}], ["x", [1], 3]]
VALUES = [*SCALARS, *LISTS]
OBJECT_INPUTS: list[Json] = [{}, {"ok": True}, {"ok": False, "n": 1}, {"tags": ["a", "b"]}]
ROOT_PATTERNS: list[Pattern] = [{}, {"ok": True}, {"n": 1}, {"tags": ["b"]}]

T = TypeVar("T")

_picks = st.integers(0, 99)
_workers = st.integers(0, 1)
# Time moves in steps of ten seconds: eight seconds before a lease ends, or two after.
_timeouts = st.sampled_from([36, 66, 96])
_modes = st.sampled_from(MODES)


@st.composite
def flows(draw: st.DrawFn, max_steps: int = 12) -> FlowSpec:
    slugs = draw(st.permutations("abcdefghijkl"[:max_steps]))
    size = draw(st.integers(1, max_steps) | st.just(max_steps))
    steps = [draw(_steps(slugs[:index], slugs[index])) for index in range(size)]
    return FlowSpec(
        tuple(steps),
        max_attempts=draw(st.sampled_from([2, 3, 1, 0])),
        base_delay=draw(st.sampled_from([0, 0, 10])),
        timeout=draw(_timeouts),
    )


@st.composite
def _steps(draw: st.DrawFn, earlier: list[str], slug: str) -> StepSpec:
    is_map = draw(st.sampled_from([False, False, True]))
    deps = draw(_dependencies(earlier, at_most=1 if is_map else 3))
    patterns = _weighted((st.none(), 5), (_patterns(deps), 1))
    return StepSpec(
        slug,
        deps,
        step_type="map" if is_map else "single",
        required=draw(patterns),
        forbidden=draw(patterns),
        when_unmet=draw(_modes),
        when_exhausted=draw(_modes),
        max_attempts=draw(st.sampled_from([None, None, 3, 2, 1, 0])),
        base_delay=draw(st.sampled_from([None, 0, 20])),
        timeout=draw(st.none() | _timeouts),
        start_delay=draw(st.sampled_from([None, None, None, None, 0, 30])),
    )


def _dependencies(earlier: list[str], *, at_most: int) -> st.SearchStrategy[tuple[str, ...]]:
    none: tuple[str, ...] = ()
    if not earlier:
        return st.just(none)
    some = st.lists(st.sampled_from(earlier), min_size=1, max_size=at_most, unique=True)
    return _weighted((some.map(tuple), 4), (st.just(none), 1))


@st.composite
def _patterns(draw: st.DrawFn, deps: tuple[str, ...]) -> Pattern:
    if not deps:
        return draw(st.sampled_from(ROOT_PATTERNS))
    named = draw(st.lists(st.sampled_from(deps), max_size=2, unique=True))
    return {dep: draw(st.sampled_from(VALUES)) for dep in named}


def endings() -> st.SearchStrategy[Ending]:
    return _weighted((completions(), 6), (failures(), 3), (st.just(Release()), 1))


def completions() -> st.SearchStrategy[Complete]:
    return st.builds(
        Complete,
        output=st.sampled_from(VALUES),
        fitting=_weighted((st.just(True), 2), (st.just(False), 1)),
    )


def failures() -> st.SearchStrategy[Fail]:
    return st.builds(
        Fail,
        error=st.sampled_from(["boom", 'it\'s "quoted" \\ and 100% odd ☃']),
        retry=_weighted((st.just(True), 4), (st.just(False), 1)),
        retry_in=_weighted((st.none(), 2), (st.sampled_from([0, 40]), 1)),
    )


def scripts(min_size: int, max_size: int) -> st.SearchStrategy[Script]:
    actions: st.SearchStrategy[Action] = _weighted(
        (_work(), 10),
        (st.builds(StartTasks, worker=_workers, picks=_few(_picks, at_most=3)), 2),
        (st.builds(EndOne, pick=_picks, ending=st.one_of(completions(), failures())), 2),
        (st.builds(StartRun, choice=_picks), 1),
        (st.builds(Repeat, pick=_picks, ending=endings()), 1),
        (st.builds(Advance, seconds=st.sampled_from([10, 40, 100, 4000])), 2),
        (st.builds(Cancel, pick=_picks), 1),
        (st.builds(Retry, pick=_picks), 2),
    )
    return st.lists(actions, min_size=min_size, max_size=max_size)


def _work() -> st.SearchStrategy[Work]:
    return st.builds(
        Work,
        worker=_workers,
        endings=_few(st.tuples(_picks, endings()), at_most=5),
        quantity=st.sampled_from([2, 1, 2, 3, 8, 0]),
    )


def _few(elements: st.SearchStrategy[T], *, at_most: int) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(elements, min_size=1, max_size=at_most).map(tuple)


def _weighted(*choices: tuple[st.SearchStrategy[T], int]) -> st.SearchStrategy[T]:
    """Like `one_of`, which takes a choice that is named twice for one that is named once."""
    lots = [strategy for strategy, weight in choices for _ in range(weight)]
    return st.sampled_from(lots).flatmap(lambda strategy: strategy)
