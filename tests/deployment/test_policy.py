"""What may be done about a changed flow, for every place and every kind of change."""

from __future__ import annotations

import pytest

from pgflow.config import Compilation, Config
from pgflow.definition.shape import FlowShape, ShapeDiff
from pgflow.deployment.policy import Action, Change, Policy, change_of, refusal
from pgflow.environment import Environment, Stage

LOCAL, PRODUCTION = Stage.LOCAL, Stage.PRODUCTION
REMOTE = "postgresql://app@db.example.com/shop"
NEARBY = "postgresql://localhost/shop"
MIGRATION = "Deploy migration first (pgflow compile flows/f.py)"

# stage, compilation: what is done about new flows, new options, new structure
TABLE: dict[tuple[Stage, Compilation], tuple[str, str, str]] = {
    (LOCAL, "phase1"): ("create", "recreate", "recreate"),
    (LOCAL, "phase2"): ("create", "update", "recreate"),
    (LOCAL, "off"): ("nothing", "nothing", "nothing"),
    (PRODUCTION, "phase1"): ("create", "refuse", "refuse"),
    (PRODUCTION, "phase2"): ("create", "update", "refuse"),
    (PRODUCTION, "off"): ("nothing", "nothing", "nothing"),
}
WITH_REQUIRED_MIGRATIONS: dict[tuple[Stage, Compilation], tuple[str, str, str]] = {
    (LOCAL, "phase1"): ("refuse", "refuse", "refuse"),
    (LOCAL, "phase2"): ("refuse", "update", "refuse"),
    (LOCAL, "off"): ("nothing", "nothing", "nothing"),
    (PRODUCTION, "phase1"): ("refuse", "refuse", "refuse"),
    (PRODUCTION, "phase2"): ("refuse", "update", "refuse"),
    (PRODUCTION, "off"): ("nothing", "nothing", "nothing"),
}
ON_AN_UNEXPECTED_DATABASE: dict[Compilation, tuple[str, str, str]] = {
    "phase1": ("create", "refuse", "refuse"),
    "phase2": ("create", "update", "refuse"),
    "off": ("nothing", "nothing", "nothing"),
}


def decisions(policy: Policy) -> tuple[str, ...]:
    return tuple(policy.decide(change) for change in (Change.NEW, Change.OPTIONS, Change.STRUCTURE))


@pytest.mark.parametrize(("place", "expected"), TABLE.items(), ids=str)
def test_the_table_of_changes_holds(
    place: tuple[Stage, Compilation], expected: tuple[str, str, str]
) -> None:
    stage, compilation = place

    policy = Policy(stage=stage, compilation=compilation, may_destroy=stage is LOCAL)

    assert decisions(policy) == expected


@pytest.mark.parametrize(("place", "expected"), WITH_REQUIRED_MIGRATIONS.items(), ids=str)
def test_required_migrations_leave_options_at_most(
    place: tuple[Stage, Compilation], expected: tuple[str, str, str]
) -> None:
    stage, compilation = place

    policy = Policy(
        stage=stage,
        compilation=compilation,
        may_destroy=stage is LOCAL,
        require_migrations=True,
    )

    assert decisions(policy) == expected


@pytest.mark.parametrize(("compilation", "expected"), ON_AN_UNEXPECTED_DATABASE.items())
def test_nothing_is_dropped_where_a_variable_may_be_missing(
    compilation: Compilation, expected: tuple[str, str, str]
) -> None:
    policy = Policy.of(Environment.detect({}), Config(compilation=compilation), REMOTE)

    assert policy.is_unexpected
    assert decisions(policy) == expected


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("compilation", ["phase1", "phase2", "off"])
def test_an_unchanged_flow_is_left_alone_everywhere(stage: Stage, compilation: Compilation) -> None:
    policy = Policy(stage=stage, compilation=compilation, require_migrations=True)

    assert policy.decide(Change.NONE) is Action.NOTHING


def test_a_remote_database_may_be_destroyed_when_that_is_said() -> None:
    policy = Policy.of(Environment.detect({"PGFLOW_ENV": "local"}), Config(), REMOTE)

    assert policy.decide(Change.STRUCTURE) is Action.RECREATE


def test_a_hosted_process_never_destroys_even_a_database_nearby() -> None:
    policy = Policy.of(Environment.detect({"FLY_APP_NAME": "shop"}), Config(), NEARBY)

    assert policy.decide(Change.STRUCTURE) is Action.REFUSE


@pytest.mark.parametrize(
    ("deployed", "diff", "expected"),
    [
        (None, ShapeDiff(), Change.NEW),
        (FlowShape("f"), ShapeDiff(), Change.NONE),
        (FlowShape("f"), ShapeDiff(options=("o",)), Change.OPTIONS),
        (FlowShape("f"), ShapeDiff(structure=("s",)), Change.STRUCTURE),
        (FlowShape("f"), ShapeDiff(structure=("s",), options=("o",)), Change.STRUCTURE),
    ],
)
def test_the_gravest_difference_names_the_change(
    deployed: FlowShape | None, diff: ShapeDiff, expected: Change
) -> None:
    assert change_of(deployed, diff) is expected


def refused(change: Change, policy: Policy) -> str:
    diff = ShapeDiff(structure=("New step 'b' added",), options=("Flow: timeout 60s -> 90s",))
    return str(refusal("f", "flows/f.py", change, diff, policy))


def test_the_refusal_of_another_structure_lists_the_differences() -> None:
    said = refused(Change.STRUCTURE, Policy(stage=PRODUCTION))

    assert said == f"Flow 'f' structure mismatch\n- New step 'b' added\nAction: {MIGRATION}"


@pytest.mark.parametrize("change", [Change.OPTIONS, Change.STRUCTURE])
def test_phase_1_refuses_whatever_exists_in_another_form(change: Change) -> None:
    said = refused(change, Policy(stage=PRODUCTION, compilation="phase1"))

    assert said == ("Flow 'f' already exists\nAction: Deploy migration first or use different slug")


def test_the_refusal_of_a_new_flow_asks_for_the_migration() -> None:
    said = refused(Change.NEW, Policy(stage=PRODUCTION, require_migrations=True))

    assert said == f"Flow 'f' does not exist\nAction: {MIGRATION}"


def test_the_refusal_on_an_unexpected_database_says_how_to_allow_it() -> None:
    said = refused(Change.STRUCTURE, Policy(stage=LOCAL))

    assert said.endswith(
        f"Action: {MIGRATION}, or set PGFLOW_ENV=local if the data in this database may be lost"
    )
