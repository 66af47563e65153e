from __future__ import annotations

import subprocess
import sys

import pytest

import pgflow

HEAVY = ("pydantic", "psycopg", "asyncio", "click")


def loaded_by(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(pgflow, name) is not None for name in pgflow.__all__)


def test_the_public_names_are_sorted_and_listed() -> None:
    assert pgflow.__all__ == sorted(pgflow.__all__)
    assert dir(pgflow) == pgflow.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'pgflow' has no attribute 'Flowe'$"):
        getattr(pgflow, "Flowe")  # noqa: B009 - a checker would refuse the attribute


def test_every_error_is_public() -> None:
    from pgflow import errors

    classes = {name for name, each in vars(errors).items() if isinstance(each, type)}
    ours = {name for name in classes if getattr(errors, name).__module__ == "pgflow.errors"}

    assert ours <= set(pgflow.__all__)


def test_defining_a_flow_loads_neither_pydantic_nor_a_driver() -> None:
    modules = loaded_by(
        "import pgflow\n"
        "flow = pgflow.Flow('greet', input=str)\n"
        "@flow.step()\n"
        "def greeting(name: str) -> str: return name\n"
        "flow.shape().checksum"
    )

    assert modules.isdisjoint(HEAVY)
