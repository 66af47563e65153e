"""What a client is asked for, as statements: pure, and the same for both clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, Never, TypeAlias, TypeVar, get_args
from uuid import UUID

from pgflow import operations, statements, trace_statements
from pgflow.client.failures import flow_not_found, run_not_found
from pgflow.client.runs import RunRecord
from pgflow.definition.codec import Codec
from pgflow.definition.flow import Flow
from pgflow.definition.rules import check_slug
from pgflow.definition.step import Step
from pgflow.errors import FlowDefinitionError, InvalidInput, RunConflict, RunNotFound
from pgflow.statements import Nothing, RunRow, Statement, StepRow

if TYPE_CHECKING:
    from pgflow.telemetry import Telemetry

RunStatus = Literal["started", "completed", "failed", "cancelled"]
RunId = UUID | str
T = TypeVar("T")

AnyFlow = Flow[Any] | str
AnyStep = Step[..., Any] | str
# Nobody has a function of that type. Where a parameter's type mentions one, mypy learns from the
# other arguments first, and takes a dict literal for the TypedDict that the flow asks for.
Input: TypeAlias = T | Callable[[T], Never]
Delay = timedelta | float | None

# More in one statement is no faster, and what is in flight has to fit into memory several times.
RUNS_IN_A_STATEMENT = 1000
CHARACTERS_IN_A_STATEMENT = 8_000_000

_LEAST_ID = UUID(int=0)
_plain = Codec[Any](subject="input")


def start(
    flow: AnyFlow, input: object, *, run_id: RunId | None, delay: Delay, paused: bool
) -> Statement[RunRow]:
    """Start one run; the input is validated first."""
    text = _codec_of(flow).encode_input(input)
    if not paused:
        run_ids = None if run_id is None else [_chosen_run_id(run_id)]
        delayed = _interval(delay)
        return statements.start_flows(slug_of(flow), f"[{text}]", run_ids=run_ids, delay=delayed)
    if run_id is not None or delay is not None:
        raise ValueError("a run that starts paused takes neither run_id nor delay")
    return operations.start_paused(slug_of(flow), text)


def traced(start: Statement[RunRow], telemetry: Telemetry | None) -> Statement[RunRow]:
    """The same start, for runs that belong to the current trace, if there is one."""
    carrier = telemetry.carrier() if telemetry else None
    return trace_statements.traced(start, carrier) if carrier else start


def start_many(
    flow: AnyFlow,
    inputs: Iterable[object],
    *,
    run_ids: Iterable[RunId] | None,
    delay: Delay,
) -> list[Statement[RunRow]]:
    """Start one run per input, in as few statements as their number and size allow."""
    texts = list(_encode_all(_codec_of(flow), inputs))
    ids = None if run_ids is None else [_chosen_run_id(run_id) for run_id in run_ids]
    if ids is not None and len(ids) != len(texts):
        raise InvalidInput(f"{len(ids)} run_ids for {len(texts)} inputs, expected one for each")
    return [
        statements.start_flows(
            slug_of(flow),
            f"[{','.join(texts[chunk])}]",
            run_ids=None if ids is None else ids[chunk],
            delay=_interval(delay),
        )
        for chunk in chunks([len(text) for text in texts])
    ]


def chunks(sizes: Sequence[int]) -> Iterator[slice]:
    """Cut a list into pieces that are small enough in number and in size, or of one item."""
    begin = size = 0
    for position, added in enumerate(sizes):
        is_long = position - begin == RUNS_IN_A_STATEMENT
        is_big = size + added > CHARACTERS_IN_A_STATEMENT
        if position > begin and (is_long or is_big):
            yield slice(begin, position)
            begin, size = position, 0
        size += added
    if begin < len(sizes):
        yield slice(begin, len(sizes))


def get_run(run_id: RunId) -> Statement[RunRow]:
    return statements.get_run(known_run_id(run_id))


def cancel(run_id: RunId) -> Statement[RunRow]:
    return statements.cancel_run(known_run_id(run_id))


def retry(run_id: RunId) -> Statement[RunRow]:
    return statements.retry_run(known_run_id(run_id))


def pause(run_id: RunId) -> Statement[RunRow]:
    return operations.pause_run(known_run_id(run_id))


def resume(run_id: RunId) -> Statement[RunRow]:
    return operations.resume_run(known_run_id(run_id))


def release(run_id: RunId, step: AnyStep | None) -> Statement[StepRow]:
    return operations.release_step(known_run_id(run_id), None if step is None else step_slug(step))


def edit_output(run_id: RunId, step: AnyStep, output: object) -> Statement[StepRow]:
    text = _codec_of_output(step).encode_json(output)
    return operations.edit_step_output(known_run_id(run_id), step_slug(step), text)


def rerun(run_id: RunId, *, step: AnyStep | None, input: object, paused: bool) -> Statement[RunRow]:
    """A new run after another one; an input that is `...` is kept."""
    text = None if input is ... else _plain.encode_input(input)
    known = known_run_id(run_id)
    if step is None:
        return operations.rerun(known, input=text, paused=paused)
    return operations.rerun_from_step(known, step_slug(step), input=text, paused=paused)


def list_runs(
    *,
    flow: AnyFlow | None,
    status: RunStatus | None,
    limit: int,
    before: RunRecord[Any] | datetime | None,
) -> Statement[RunRow]:
    """The newest runs first, older than `before` if that is given."""
    if status is not None and status not in get_args(RunStatus):
        raise ValueError(f"status is {status!r}, expected one of {', '.join(get_args(RunStatus))}")
    if limit < 1:
        raise ValueError(f"limit is {limit}, expected at least 1")
    return statements.list_runs(
        flow_slug=None if flow is None else slug_of(flow),
        status=status,
        limit=limit,
        before=_position(before),
    )


def delete_flow_and_data(flow: AnyFlow) -> Statement[Nothing]:
    return statements.delete_flow_and_data(slug_of(flow))


def step_slug(step: AnyStep) -> str:
    return step if isinstance(step, str) else step.slug


def slug_of(flow: AnyFlow) -> str:
    """The slug; one that no flow can have is an unknown flow's, and never reaches the database."""
    if not isinstance(flow, str):
        return flow.slug
    try:
        check_slug("flow", flow)
    except FlowDefinitionError:
        raise flow_not_found(flow) from None
    return flow


def found(rows: Sequence[RunRow], run_id: RunId, flow: Flow[Any] | None) -> RunRow:
    """The row of the run that was asked for; raises where there is none, or another flow's."""
    if not rows:
        raise run_not_found(run_id)
    [row] = rows
    if flow is not None and flow.slug != row.flow_slug:
        raise RunConflict(f"run {run_id} is of flow '{row.flow_slug}', expected '{flow.slug}'")
    return row


def known_run_id(run_id: RunId) -> UUID:
    """The id of a run that is there: nothing but a UUID can be one."""
    try:
        return run_id if isinstance(run_id, UUID) else UUID(run_id)
    except (ValueError, TypeError, AttributeError):
        raise RunNotFound(f"there is no run {run_id!r}. A run_id is a UUID") from None


def _chosen_run_id(run_id: RunId) -> UUID:
    try:
        return known_run_id(run_id)
    except RunNotFound:
        raise InvalidInput(f"run_id is {run_id!r}, expected a UUID") from None


def _position(before: RunRecord[Any] | datetime | None) -> tuple[datetime, UUID] | None:
    if isinstance(before, datetime):
        return before, _LEAST_ID
    return (before.started_at, before.run_id) if before else None


def _codec_of(flow: AnyFlow) -> Codec[Any]:
    if isinstance(flow, str):
        return Codec[Any](subject=f"input of flow '{flow}'")
    return flow.input_codec


def _codec_of_output(step: AnyStep) -> Codec[Any]:
    if isinstance(step, str):
        return Codec[Any](subject=f"output of step '{step}'")
    return Codec[Any](step.output_annotation, subject=f"output of {step.label}")


def _encode_all(codec: Codec[Any], inputs: Iterable[object]) -> Iterator[str]:
    for position, each in enumerate(inputs):
        try:
            yield codec.encode_input(each)
        except InvalidInput as error:
            raise InvalidInput(f"inputs[{position}]: {error}") from None


def _interval(delay: Delay) -> timedelta | None:
    if delay is None:
        return None
    try:
        interval = delay if isinstance(delay, timedelta) else timedelta(seconds=delay)
    except (OverflowError, ValueError):
        raise ValueError(f"delay is {delay} s, expected a number of seconds that ends") from None
    if interval < timedelta(0):
        raise ValueError(f"delay is {interval.total_seconds():g} s, expected at least 0")
    return interval
