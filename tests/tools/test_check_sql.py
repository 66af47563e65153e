from __future__ import annotations

from pathlib import Path

import pytest

from tools.check_sql import check_file

GOOD = """\
-- Doubles a number.
create or replace function pgflow.double(number int) returns int
language plpgsql
set search_path to ''
as $$
begin
  -- A comment may SHOUT.
  return number * 2; -- 'SELECT'
end;
$$;
"""


def complaints(directory: Path, text: str, name: str = "functions/runtime/double.sql") -> list[str]:
    file = directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return [line.removeprefix(f"{file}:") for line in check_file(file, frozenset({"tiny"}))]


def test_good_sql_is_left_alone(tmp_path: Path) -> None:
    assert complaints(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ("returns int", "RETURNS int", "2: 'RETURNS' is not in lower case"),
        ("return number", "Return number", "8: 'Return' is not in lower case"),
        ("  return", "\treturn", "8: a tab"),
        ("begin\n", "begin \n", "6: white space at the end of the line"),
        (
            "set search_path to ''\n",
            "",
            "2: pgflow.double does not say: set search_path to ''",
        ),
        ("-- Doubles a number.\n", "", "1: pgflow.double has no comment above it"),
        ("pgflow.double", "double", "2: double names no schema"),
        ("begin\n", "begin\n" + "  x;\n" * 100, "2: pgflow.double has 104 lines: split it"),
    ],
)
def test_a_breach_of_style_is_named(tmp_path: Path, good: str, bad: str, complaint: str) -> None:
    assert complaint in complaints(tmp_path, GOOD.replace(good, bad, 1))


@pytest.mark.parametrize(
    "code",
    ["'It''s LOUD'", '"Quoted Name"', "e'\\n LOUD'", "format('%I', x)", "$q$ pgmq.%1$I $q$"],
)
def test_text_inside_sql_may_be_in_upper_case(tmp_path: Path, code: str) -> None:
    assert complaints(tmp_path, GOOD.replace("number * 2", code)) == []


def test_a_file_holds_one_function_of_its_own_name(tmp_path: Path) -> None:
    found = complaints(tmp_path, GOOD + "\n" + GOOD.replace("double", "treble"))

    assert found == ["1: expected the function double alone, found: double, treble"]


def test_a_schema_file_may_hold_several(tmp_path: Path) -> None:
    text = GOOD + "\n" + GOOD.replace("double", "treble")

    assert complaints(tmp_path, text, "schema/20_helpers.sql") == []


def test_a_declared_function_goes_without_search_path(tmp_path: Path) -> None:
    tiny = GOOD.replace("double", "tiny")

    unpinned = complaints(tmp_path, tiny.replace("set search_path to ''\n", ""), "tiny.sql")
    pinned = complaints(tmp_path, tiny, "tiny.sql")

    assert unpinned == []
    assert pinned == ["2: pgflow.tiny is pinned, yet listed under `unpinned`"]
