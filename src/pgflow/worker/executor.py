"""How one attempt is executed: decode, context, call, encode, outcome.

Whatever a handler does, the end is one frozen `Outcome`. Nothing that it raises gets past here, not
even SystemExit: one handler must not end a worker that serves many.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pgflow.errors import PayloadError
from pgflow.worker import outcome
from pgflow.worker.attempt import log_ids
from pgflow.worker.context import enter, leave
from pgflow.worker.transactions import SyncTransaction

if TYPE_CHECKING:
    from pgflow.definition.step import Step
    from pgflow.statements import TaskRow
    from pgflow.worker.context import TaskContext
    from pgflow.worker.outcome import Outcome

logger = logging.getLogger("pgflow.worker.executor")


def execute(
    step: Step[..., Any], task: TaskRow, flow_input: str | None, context: TaskContext
) -> Outcome:
    """Run a sync handler in the calling thread."""
    token = enter(context)
    try:
        result = step.function(*step.decode(task.input, flow_input))
        ending = outcome.completed(step.encode(result), must_be_list=step.feeds_map)
    except BaseException as error:  # noqa: BLE001 - see above
        ending = _raised(error, task, context)
    finally:
        leave(token)
    work = context.work
    return work.conclude(ending) if isinstance(work, SyncTransaction) else ending


async def execute_async(
    step: Step[..., Any], task: TaskRow, flow_input: str | None, context: TaskContext
) -> Outcome:
    """Run an async handler in the calling asyncio task, which is the handler's own."""
    enter(context)
    try:
        result = await step.function(*step.decode(task.input, flow_input))
        return outcome.completed(step.encode(result), must_be_list=step.feeds_map)
    except BaseException as error:  # noqa: BLE001 - see above
        return _raised(error, task, context)


def _raised(error: BaseException, task: TaskRow, context: TaskContext) -> Outcome:
    ending = outcome.raised(error)
    if context.keeps_error:
        context.error = error
    if not context.cancelled:
        # What is wrong with a payload its message says; the traceback would be one of ours.
        shown = None if isinstance(error, PayloadError) else error
        attempt = f"attempt {task.attempt} of {task.max_attempts} failed"
        how = attempt if ending.retry else "failed, and is not tried again"
        logger.warning("%s: %s", how, ending.error, exc_info=shown, extra=log_ids(task))
    return ending
