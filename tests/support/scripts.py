"""Random flows and random scripts of what workers and operators do with them.

Everything here is plain data with a repr that can be pasted into an `@example`. A script does not
name tasks, which are known only while it is played: it holds picks, numbers that the player
reduces to whatever is there at that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hypothesis import strategies as st

from tests.support.flow_spec import FlowSpec, Mode, Pattern, StepSpec
from tests.support.jsonb import Json


@dataclass(frozen=True, slots=True)
class Complete:
    """`fitting`: a step that feeds a map wraps the output in a list, as its author would."""

    output: Json = None
    fitting: bool = True


@dataclass(frozen=True, slots=True)
class Fail:
    error: str = "boom"
    retry: bool = True
    retry_in: int | None = None


@dataclass(frozen=True, slots=True)
class Release:
    pass


Ending: TypeAlias = Complete | Fail | Release


@dataclass(frozen=True, slots=True)
class StartRun:
    choice: int


@dataclass(frozen=True, slots=True)
class Work:
    """One turn of a worker's loop: report what has ended, claim what is free."""

    worker: int
    endings: tuple[tuple[int, Ending], ...]
    quantity: int


@dataclass(frozen=True, slots=True)
class StartTasks:
    """Start queued tasks by their message ids, whether or not they have fallen due."""

    worker: int
    picks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EndOne:
    """`complete_task` or `fail_task`."""

    pick: int
    ending: Complete | Fail


@dataclass(frozen=True, slots=True)
class Repeat:
    """A worker says again what it has said before."""

    pick: int
    ending: Ending


@dataclass(frozen=True, slots=True)
class Advance:
    seconds: int


@dataclass(frozen=True, slots=True)
class Cancel:
    pick: int


@dataclass(frozen=True, slots=True)
class Retry:
    pick: int


Action: TypeAlias = StartRun | Work | StartTasks | EndOne | Repeat | Advance | Cancel | Retry
Script: TypeAlias = list[Action]

MODES: tuple[Mode, ...] = ("fail", "skip", "skip-cascade")
SCALARS: list[Json] = [None, True, False, 1, "x", {}, {"ok": True}, {"ok": False, "n": 1}]
LISTS: list[Json] = [[], [1], [None, {"ok": True}], ["x", [1], 3]]
VALUES = [*SCALARS, *LISTS]
OBJECT_INPUTS: list[Json] = [{}, {"ok": True}, {"ok": False, "n": 1}, {"tags": ["a", "b"]}]
ROOT_PATTERNS: list[Pattern] = [{}, {"ok": True}, {"n": 1}, {"tags": ["b"]}]

_picks = st.integers(0, 99)
_modes = st.sampled_from(MODES)


@st.composite
def flows(draw: st.DrawFn, max_steps: int = 12) -> FlowSpec:
    slugs = draw(st.permutations("abcdefghijkl"[:max_steps]))
    size = draw(st.integers(1, max_steps))
    steps = [draw(_steps(slugs[:index], slugs[index])) for index in range(size)]
    return FlowSpec(
        tuple(steps),
        max_attempts=draw(st.integers(0, 3)),
        base_delay=draw(st.sampled_from([0, 0, 10])),
        timeout=60,
    )


@st.composite
def _steps(draw: st.DrawFn, earlier: list[str], slug: str) -> StepSpec:
    is_map = draw(st.integers(0, 3)) == 0
    deps = draw(_dependencies(earlier, at_most=1 if is_map else 3))
    patterns = st.none() | st.none() | st.none() | _patterns(deps)
    return StepSpec(
        slug,
        deps,
        step_type="map" if is_map else "single",
        required=draw(patterns),
        forbidden=draw(patterns),
        when_unmet=draw(_modes),
        when_exhausted=draw(_modes),
        max_attempts=draw(st.none() | st.integers(0, 3)),
        base_delay=draw(st.none() | st.sampled_from([0, 20])),
        timeout=draw(st.none() | st.sampled_from([30, 90])),
        start_delay=draw(st.none() | st.none() | st.sampled_from([0, 30])),
    )


def _dependencies(earlier: list[str], *, at_most: int) -> st.SearchStrategy[tuple[str, ...]]:
    if not earlier:
        return st.just(())
    return st.lists(st.sampled_from(earlier), max_size=at_most, unique=True).map(tuple)


@st.composite
def _patterns(draw: st.DrawFn, deps: tuple[str, ...]) -> Pattern:
    if not deps:
        return draw(st.sampled_from(ROOT_PATTERNS))
    named = draw(st.lists(st.sampled_from(deps), max_size=2, unique=True))
    return {dep: draw(st.sampled_from(VALUES)) for dep in named}


def endings() -> st.SearchStrategy[Ending]:
    return st.one_of(completions(), completions(), completions(), failures(), st.just(Release()))


def completions() -> st.SearchStrategy[Complete]:
    return st.builds(
        Complete,
        output=st.sampled_from(VALUES),
        fitting=st.sampled_from([True, True, True, True, False]),
    )


def failures() -> st.SearchStrategy[Fail]:
    return st.builds(
        Fail,
        error=st.sampled_from(["boom", "it's \"quoted\" \\ and 100% odd ☃"]),
        retry=st.sampled_from([True, True, True, False]),
        retry_in=st.sampled_from([None, None, None, 0, 40]),
    )


def scripts(max_size: int = 30) -> st.SearchStrategy[Script]:
    work = st.builds(
        Work,
        worker=st.integers(0, 1),
        endings=st.lists(st.tuples(_picks, endings()), max_size=5).map(tuple),
        quantity=st.integers(0, 6),
    )
    ones = st.builds(EndOne, pick=_picks, ending=st.one_of(completions(), failures()))
    starts = st.builds(
        StartTasks, worker=st.integers(0, 1), picks=st.lists(_picks, max_size=3).map(tuple)
    )
    rare = st.one_of(
        st.builds(StartRun, choice=_picks),
        st.builds(Repeat, pick=_picks, ending=endings()),
        st.builds(Advance, seconds=st.sampled_from([10, 40, 100, 4000])),
        st.builds(Cancel, pick=_picks),
        st.builds(Retry, pick=_picks),
    )
    return st.lists(st.one_of(work, work, work, starts, ones, rare), min_size=1, max_size=max_size)
