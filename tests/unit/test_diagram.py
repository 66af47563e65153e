"""Pictures of flows, read back: every edge is there, and no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgflow.definition.shape import FlowShape, StepShape
from pgflow.diagram import draw, mermaid

MARKS = "●◆"
UP = set("│├┤┼╰╯┴")
LEFT, RIGHT = set("┤┼╮┬╯┴"), set("├┼╭┬╰┴")


def flow(**dependencies: str) -> FlowShape:
    """A flow of steps, each with the steps that it depends on, separated by spaces."""
    return FlowShape(
        "f",
        tuple(StepShape(slug, dependencies=tuple(on.split())) for slug, on in dependencies.items()),
    )


def edges_in(picture: str) -> set[tuple[str, str]]:
    """The edges of a picture, found by following its lines with a finger."""
    edges: set[tuple[str, str]] = set()
    rails: dict[int, str] = {}
    joint = ""
    for row in picture.splitlines():
        column = next((n for n, sign in enumerate(row) if sign in MARKS), None)
        if column is None:
            joint = row
            continue
        slug = row.split()[-1]
        edges |= {(rails[n], slug) for n in sources_in(joint, column)}
        rails = {n: rails[n] for n, sign in enumerate(row) if sign == "│"} | {column: slug}
        joint = ""
    return edges


def sources_in(joint: str, column: int) -> set[int]:
    """The columns whose rails are joined with the one that leads to a step."""
    if column >= len(joint) or joint[column] == " ":
        return set()
    first = last = column
    while joint[first] in LEFT:
        first = max(n for n in range(first) if joint[n] in RIGHT)
    while joint[last] in RIGHT:
        last = min(n for n in range(last + 1, len(joint)) if joint[n] in LEFT)
    touched = [n for n in range(first, last + 1) if joint[n] in LEFT | RIGHT or n == column]
    return {n for n in touched if joint[n] in UP}


def edges_of(shape: FlowShape) -> set[tuple[str, str]]:
    return {(dependency, step.slug) for step in shape.steps for dependency in step.dependencies}


def test_a_picture_of_forks_and_joins() -> None:
    shape = flow(
        website="",
        sentiment="website",
        summary="website",
        tags="website",
        other="",
        save="sentiment tags",
        end="summary other save",
    )

    assert draw(shape).splitlines() == [
        "● website",
        "├─╮",
        "│ ● sentiment",
        "├─│─╮",
        "│ │ ● summary",
        "│ │ │",
        "● │ │ tags",
        "│ │ │ ● other",
        "├─╯ │ │",
        "●   │ │ save",
        "├───┴─╯",
        "● end",
    ]


def test_steps_that_have_nothing_in_common_do_not_touch() -> None:
    assert draw(flow(a="", b="")).splitlines() == ["● a", "● b"]
    assert draw(flow(a="", b="a")).splitlines() == ["● a", "│", "● b"]


def test_maps_have_a_mark_of_their_own() -> None:
    shape = FlowShape("f", (StepShape("a"), StepShape("b", "map", ("a",))))

    assert draw(shape).splitlines() == ["● a", "│", "◆ b"]


def test_a_step_may_have_a_longer_label() -> None:
    assert draw(flow(a=""), lambda step: f"{step.slug} (root)") == "● a (root)"


def test_a_flow_without_steps_has_an_empty_picture() -> None:
    assert draw(FlowShape("f")) == ""


def test_a_wide_flow_is_drawn_right() -> None:
    wide = {f"s{n}": "root" for n in range(60)}
    shape = flow(root="", **wide, join=" ".join(wide))

    assert edges_in(draw(shape)) == edges_of(shape)


def test_a_deep_flow_needs_one_column() -> None:
    shape = flow(s0="", **{f"s{n}": f"s{n - 1}" for n in range(1, 300)})

    picture = draw(shape)

    assert edges_in(picture) == edges_of(shape)
    assert {row[0] for row in picture.splitlines()} == {"●", "│"}


@st.composite
def shapes(draw_from: st.DrawFn) -> FlowShape:
    steps: list[StepShape] = []
    for number in range(draw_from(st.integers(1, 14))):
        above = [step.slug for step in steps]
        chosen = draw_from(st.lists(st.sampled_from(above), unique=True) if above else st.just([]))
        steps.append(StepShape(f"s{number}", dependencies=tuple(chosen)))
    return FlowShape("f", tuple(steps))


@given(shapes())
def test_every_flow_is_drawn_right(shape: FlowShape) -> None:
    assert edges_in(draw(shape)) == edges_of(shape)


def test_mermaid_takes_any_slug() -> None:
    shape = FlowShape(
        "f",
        (
            StepShape("end"),
            StepShape("graph", "map", ("end",)),
            StepShape("maybe", dependencies=("end", "graph"), when="{}"),
        ),
    )

    assert mermaid(shape) == (
        "flowchart TD\n"
        '  s0["end"]\n'
        '  s1[["graph"]]\n'
        '  s2{{"maybe"}}\n'
        "  s0 --> s1\n"
        "  s0 --> s2\n"
        "  s1 --> s2"
    )
