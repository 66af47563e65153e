"""Steps go to other processes by name. This module stands for a module of flows."""

from __future__ import annotations

import functools
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from pgflow import Flow, FlowDefinitionError, Step


def power(exponent: int, number: int) -> int:
    return number**exponent


shop = Flow("shop", input=int)


@shop.step()
def double(number: int) -> int:
    return number * 2


renamed = shop.step(slug="twice")(double)
powers = [shop.step(slug=f"power_{n}")(functools.partial(power, n)) for n in range(3)]


def run(step: Step[..., Any], flow_input: str) -> str:
    return step.encode(step.function(*step.decode("{}", flow_input)))


@pytest.mark.parametrize("step", [double, renamed, *powers], ids=repr)
def test_a_step_of_a_module_is_the_same_step_afterwards(step: Step[..., Any]) -> None:
    assert pickle.loads(pickle.dumps(step)) is step


@pytest.mark.slow
def test_a_step_runs_in_a_fresh_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert executor.submit(run, double, "21").result() == "42"
        assert executor.submit(run, powers[2], "5").result() == "25"


def test_a_step_that_only_a_function_knows_cannot_travel() -> None:
    hidden = Flow("hidden")
    step = hidden.step(slug="local")(lambda: 1)

    with pytest.raises(FlowDefinitionError) as caught:
        pickle.dumps(step)
    assert str(caught.value) == (
        "step 'local' of flow 'hidden' cannot be sent to another process, which has no way to "
        f"find it in module '{__name__}'. Define the flow at the top level of the module"
    )
