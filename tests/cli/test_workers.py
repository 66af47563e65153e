from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.support.commands import CommandLine
from tests.support.engine import Engine


@pytest.fixture
def worker_id(engine: Engine) -> UUID:
    """A worker that serves the flow shop."""
    worker_id = uuid4()
    engine.do(
        "select pgflow.register_worker(%(id)s, 'shop', 'host:7', array['shop'])", id=worker_id
    )
    return worker_id


def states(cli: CommandLine, *options: str) -> dict[str, str]:
    rows = cli("workers", "list", "--json", *options).json
    return {row["worker_id"]: row["state"] for row in rows}


class TestList:
    def test_a_worker_is_alive_until_it_is_silent_for_long(
        self, cli: CommandLine, engine: Engine, worker_id: UUID
    ) -> None:
        seen: list[str] = []
        for seconds in (0, 5, 8):
            engine.advance(seconds)
            seen += states(cli).values()

        assert seen == ["alive", "silent", "dead"]

    def test_a_worker_whose_lock_is_free_is_dead_sooner(
        self, cli: CommandLine, engine: Engine, worker_id: UUID
    ) -> None:
        engine.do("update pgflow.workers set holds_lock = true")
        engine.advance(5)

        assert states(cli) == {str(worker_id): "dead"}

    def test_workers_that_have_stopped_are_left_out(
        self, cli: CommandLine, engine: Engine, worker_id: UUID
    ) -> None:
        engine.do("select pgflow.mark_worker_stopped(%(id)s)", id=worker_id)

        assert cli("workers", "list").output == "No workers.\n"
        assert states(cli, "--all") == {str(worker_id): "stopped"}


class TestDrain:
    def test_a_worker_is_asked_by_its_id(
        self, cli: CommandLine, engine: Engine, worker_id: UUID
    ) -> None:
        other = engine.worker()

        shown = cli("workers", "drain", str(worker_id)).output

        assert shown == f"✓ Worker {worker_id} (host:7) was asked to drain\n"
        assert states(cli) == {str(worker_id): "draining", str(other): "alive"}

    def test_all_workers_of_a_flow_are_asked(
        self, cli: CommandLine, engine: Engine, worker_id: UUID
    ) -> None:
        other = engine.worker()

        cli("workers", "drain", "--flow", "shop")

        assert states(cli) == {str(worker_id): "draining", str(other): "alive"}

    def test_all_workers_are_asked(self, cli: CommandLine, engine: Engine, worker_id: UUID) -> None:
        engine.worker()

        cli("workers", "drain", "--all")

        assert set(states(cli).values()) == {"draining"}

    def test_the_worker_learns_it_from_its_next_heartbeat(
        self, cli: CommandLine, engine: Engine, worker_id: UUID
    ) -> None:
        cli("workers", "drain", str(worker_id))

        assert engine.value("select deprecated from pgflow.heartbeat(%(id)s)", id=worker_id)

    def test_an_unknown_worker_is_an_error(self, cli: CommandLine) -> None:
        said = cli.refused("workers", "drain", str(uuid4()))

        assert said == "Error: there is no such worker. See who works: pgflow workers list\n"

    @pytest.mark.parametrize("words", [[], ["--all", "--flow", "shop"]])
    def test_one_way_to_say_whom_is_wanted(self, cli: CommandLine, words: list[str]) -> None:
        said = cli.refused("workers", "drain", *words, exit_code=2)

        assert "whom to drain? Give worker ids, or --flow, or --all" in said
