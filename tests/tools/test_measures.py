from __future__ import annotations

from pathlib import Path

from tools.measures import Measure, Piece, function_bodies


def test_the_documentation_of_a_function_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text('def f():\n    """Says\n\n    a lot."""\n    a = 1\n    return a\n')

    assert list(function_bodies(file, root=tmp_path)) == [Piece("module.py:1 f", 2)]


def test_only_what_passes_the_limit_is_complained_about() -> None:
    measure = Measure("function", (Piece("a", 60), Piece("b", 61)), aim="8", limit=60)

    assert list(measure.excesses()) == ["b: 61 lines, the limit is 60"]


def test_a_measure_shows_median_high_and_most() -> None:
    measure = Measure("function", tuple(Piece("f", n) for n in range(1, 101)), "8", 60)

    assert str(measure).split()[1:5] == ["50", "95", "100", "100"]


def test_a_measure_of_nothing_can_be_shown() -> None:
    assert str(Measure("function", (), "8", 60)).split()[1:5] == ["0", "0", "0", "0"]
