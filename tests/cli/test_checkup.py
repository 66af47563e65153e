"""What the doctor makes of what he sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from pgflow import schema
from pgflow.cli import checkup
from pgflow.cli.checkup import Finding, Level
from pgflow.operations import (
    BrokenInvariantRow,
    EngineRow,
    QueueDepthRow,
    ServerRow,
    WorkerRow,
)
from pgflow.statements import MigrationRow

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)

SERVER = ServerRow(
    version_num=180001,
    version="18.1",
    now=NOON,
    user="app",
    is_standby=False,
    fsync="on",
    has_engine=True,
    may_enter=True,
    may_create=True,
    pgmq="1.7.0",
    pg_cron="1.6",
    pg_net=None,
)
ENGINE = EngineRow("0.1.0", schema.functions_sha256(), "1.7.0", True, True, True)
WORKER = WorkerRow(UUID(int=7), "host:7", "alive", ["shop"], NOON, NOON)


def bad(findings: Iterable[Finding]) -> list[str]:
    """The findings that are not good, as a user reads them."""
    return [f"{each.text}. {each.cure}" for each in findings if each.level is not Level.OK]


def only_bad(*findings: Finding) -> str:
    """The one that is not good."""
    [said] = bad(findings)
    return said


def test_a_good_server_has_nothing_bad() -> None:
    assert bad(checkup.of_server(SERVER)) == []


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (
            replace(SERVER, version_num=130004, version="13.4"),
            "PostgreSQL 13.4 is too old. Upgrade to 14 or newer",
        ),
        (
            replace(SERVER, is_standby=True),
            "it is a standby, which takes no writes. Connect to the primary",
        ),
        (
            replace(SERVER, fsync="off"),
            "fsync is off: a crash may lose what was committed. Set fsync = on",
        ),
    ],
)
def test_a_bad_server_is_told_with_its_cure(server: ServerRow, said: str) -> None:
    assert bad(checkup.of_server(server)) == [said]


def test_extensions_that_are_not_there_are_no_trouble() -> None:
    texts = [finding.text for finding in checkup.of_server(SERVER)]

    assert texts[1:] == ["pg_cron 1.6", "pg_net is not installed (optional)"]


def test_clocks_may_differ_a_little() -> None:
    assert checkup.of_clock(timedelta(seconds=-1)).level is Level.OK
    assert only_bad(checkup.of_clock(timedelta(seconds=90))) == (
        "the server's is 1 min 30 s ahead of this machine's: deadlines in handlers will be off. "
        "Let both set their clocks by NTP"
    )


def test_a_pooler_is_told() -> None:
    assert only_bad(checkup.of_pooler(is_pooled=True)) == (
        "through a transaction pooler: workers and waiters poll. For latencies of milliseconds "
        "set PGFLOW_DIRECT_URL to a URL that leads past it"
    )


def test_who_may_not_install_is_told_who_can() -> None:
    assert only_bad(checkup.no_engine(replace(SERVER, may_create=False))) == (
        "it is not installed, and user 'app' may not create schemas. "
        "Let the owner of the database run: pgflow install"
    )


def test_an_engine_that_is_too_old_is_a_problem() -> None:
    [said] = bad([checkup.of_migrations([MigrationRow(0, False)])])

    assert said.startswith("the engine is too old: schema 0 in the database")
    assert said.endswith("Upgrade it with: pgflow install")


def test_other_functions_are_a_warning() -> None:
    assert only_bad(*checkup.of_engine(replace(ENGINE, functions_sha256="other"))) == (
        "version 0.1.0 has other functions than this package brings. "
        "Bring them up to date with: pgflow install"
    )


def test_a_user_who_may_do_nothing_is_a_problem() -> None:
    powerless = replace(ENGINE, may_read=False, may_start=False, may_work=False)

    assert only_bad(*checkup.of_engine(powerless)) == (
        "this user may neither read nor start runs nor work. Grant it pgflow_viewer, "
        "pgflow_client or pgflow_worker (pgflow install --roles)"
    )


def test_work_that_waits_for_long_needs_more_workers() -> None:
    queue = QueueDepthRow("shop", 40, timedelta(minutes=5), 0)

    assert only_bad(*checkup.of_queues([queue], [WORKER])) == (
        "flow 'shop' has 40 tasks due since 5 min 0 s: its workers do not keep up. "
        "Start more: pgflow worker FLOWS"
    )


def test_work_that_a_worker_will_take_is_no_trouble() -> None:
    queue = QueueDepthRow("shop", 40, timedelta(seconds=5), 3)

    assert bad(checkup.of_queues([queue], [WORKER])) == []


def test_of_many_contradictions_some_are_shown() -> None:
    broken = [BrokenInvariantRow("a rule", f"run {number}") for number in range(8)]

    said = bad(checkup.of_contradictions(broken))

    assert len(said) == 6
    assert said[0].startswith("broken rule: a rule. run 0. ")
    assert said[-1] == "3 more contradictions. See all: select * from pgflow.check_invariants()"
