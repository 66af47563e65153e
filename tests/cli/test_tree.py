from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
import pytest

from pgflow.cli.screens import Lines, LiveTree
from pgflow.cli.tree import Progress, draw
from pgflow.operations import StepProgressRow
from pgflow.statements import RunRow

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
RUN = UUID("00000000-0000-0000-0000-000000000001")


def run(status: str = "started") -> RunRow:
    ended = NOON + timedelta(seconds=3) if status == "completed" else None
    return RunRow(RUN, "shop", status, None, None, None, 1, NOON, ended, None, None)


def step(
    slug: str,
    *after: str,
    status: str = "created",
    step_type: str = "single",
    seconds: float | None = None,
    tasks: tuple[int, int] = (0, 1),
    queued: int = 0,
    attempts: int = 0,
    error: str | None = None,
    skipped: str | None = None,
) -> StepProgressRow:
    has_started = status in ("started", "completed", "failed")
    return StepProgressRow(
        step_slug=slug,
        step_type=step_type,
        dependencies=list(after),
        status=status,
        tasks=tasks[1],
        queued_tasks=queued,
        started_tasks=0,
        completed_tasks=tasks[0],
        attempts=attempts,
        error_message=error,
        skip_reason=skipped,
        started_at=NOON if has_started else None,
        ended_at=None if seconds is None else NOON + timedelta(seconds=seconds),
    )


def drawn(*steps: StepProgressRow, status: str = "started") -> list[str]:
    now = NOON + timedelta(seconds=2)
    return [click.unstyle(line) for line in draw(Progress(run(status), steps, now))]


class TestTree:
    def test_each_step_stands_below_the_last_that_it_waits_for(self) -> None:
        lines = drawn(
            step("website"),
            step("sentiment", "website"),
            step("summary", "website"),
            step("save", "sentiment", "summary"),
        )

        assert lines == [
            f"● shop  {RUN}  started  2.0 s",
            "└─ ○ website",
            "   ├─ ○ sentiment",
            "   └─ ○ summary",
            "      └─ ○ save    waits for sentiment, summary",
        ]

    def test_several_roots_stand_side_by_side(self) -> None:
        assert drawn(step("a"), step("b"), step("c", "a"))[1:] == [
            "├─ ○ a",
            "│  └─ ○ c",
            "└─ ○ b",
        ]

    def test_a_step_at_work_shows_how_long(self) -> None:
        assert drawn(step("a", status="started"))[1] == "└─ ● a  2.0 s"

    def test_a_step_that_no_worker_has_taken_says_so(self) -> None:
        assert drawn(step("a", status="started", queued=1))[1] == "└─ ● a  2.0 s · queued"

    def test_a_map_counts_its_tasks(self) -> None:
        [_, line] = drawn(step("a", status="started", step_type="map", tasks=(3, 8)))

        assert line == "└─ ● a  2.0 s · 3/8 tasks"

    def test_an_error_shows_what_a_terminal_would_obey(self) -> None:
        failing = step("a", status="failed", seconds=1, attempts=1, error="\x1b]0;owned\x07")

        assert drawn(failing)[1] == r"└─ ✗ a  1.0 s · attempt 1 · \x1b]0;owned\x07"

    def test_a_failed_attempt_shows_its_error_until_the_step_completes(self) -> None:
        failing = step("a", status="started", attempts=1, error="no route\nat line 7")
        mended = step("a", status="completed", seconds=1, attempts=2, error="no route")

        assert drawn(failing)[1] == "└─ ● a  2.0 s · attempt 1 · no route"
        assert drawn(mended)[1] == "└─ ✓ a  1.0 s · attempt 2"

    def test_a_skipped_step_says_why(self) -> None:
        [_, line] = drawn(step("a", status="skipped", skipped="condition_unmet", seconds=1))

        assert line == "└─ - a  condition unmet"

    def test_a_run_that_has_ended_shows_how_long_it_took(self) -> None:
        assert drawn(status="completed") == [f"✓ shop  {RUN}  completed  3.0 s"]


class TestLines:
    def test_a_line_is_printed_for_each_change(self, capsys: pytest.CaptureFixture[str]) -> None:
        screen = Lines()

        for status in ("created", "started", "started", "completed"):
            ended = 0.25 if status == "completed" else None
            steps = [step("a", status=status, seconds=ended)]
            screen.show(Progress(run(), steps, NOON))
        screen.show(Progress(run("completed"), steps, NOON))

        assert click.unstyle(capsys.readouterr().out).splitlines() == [
            f"● shop  {RUN}  started  0.0 ms",
            "  ○ a",
            "  ● a  0.0 ms",
            "  ✓ a  250 ms",
            f"✓ shop  {RUN}  completed  3.0 s",
        ]


class TestLiveTree:
    def test_the_tree_is_drawn_in_place(self) -> None:
        console = pytest.importorskip("rich.console")
        live = pytest.importorskip("rich.live")
        page = io.StringIO()

        with live.Live(
            console=console.Console(file=page, width=40, force_terminal=True), auto_refresh=False
        ) as place:
            LiveTree(place).show(Progress(run(), [step("a", status="started")], NOON))

        last_line = click.unstyle(page.getvalue()).strip().splitlines()[-1]
        assert "└─ ● a  0.0 ms" in last_line
