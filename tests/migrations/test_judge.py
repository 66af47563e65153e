from __future__ import annotations

import pytest

from pgflow import schema
from pgflow.errors import EngineMismatch, EngineMissing

KNOWN = [(migration.number, False) for migration in schema.migrations()]
NEXT = KNOWN[-1][0] + 1


def test_the_engine_of_this_package_is_accepted() -> None:
    schema.judge(KNOWN)


def test_a_newer_engine_is_accepted_while_nothing_breaks() -> None:
    schema.judge([*KNOWN, (NEXT, False)])


@pytest.mark.parametrize("ledger", [None, []])
def test_a_missing_engine_is_refused_with_the_command_that_installs_it(
    ledger: list[tuple[int, bool]] | None,
) -> None:
    with pytest.raises(EngineMissing, match=r"no pgflow engine.*Install it with: pgflow install"):
        schema.judge(ledger)


def test_an_old_engine_is_refused_with_both_versions_and_the_cure() -> None:
    old = f"too old: schema 1 in the database, pgflow .* needs schema {KNOWN[-1][0]}"

    with pytest.raises(EngineMismatch, match=old + r"\. Upgrade it with: pgflow install"):
        schema.judge(KNOWN[:1])


def test_a_newer_engine_that_breaks_this_package_is_refused() -> None:
    new = f"too new: schema {NEXT} in the database, pgflow .* knows schema {NEXT - 1}"

    with pytest.raises(EngineMismatch, match=new + r".*pip install --upgrade pgflow-py"):
        schema.judge([*KNOWN, (NEXT, True)])
