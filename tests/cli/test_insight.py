"""`pgflow insight`: manifests, pictures, differences."""

from __future__ import annotations

import pytest

from pgflow.definition.shape import FlowShape
from tests.cli.flow_files import GROWN, PLAIN, TUNED, write
from tests.support.commands import CommandLine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")

FULL = """\
from pgflow import Flow

shop = Flow("shop", max_attempts=5)

@shop.step()
def orders() -> list[int]: ...

@shop.map(orders, timeout=30)
def invoice(order: int) -> int: ...

@shop.step(orders, invoice, when={"orders": [1]}, when_exhausted="skip")
def report(orders: list[int], invoices: list[int]) -> None: ...
"""


def test_the_manifest_shows_everything(bare_cli: CommandLine) -> None:
    answer = bare_cli("insight", write("shop.py", FULL))

    head, picture, steps = answer.output.split("\n\n")
    assert head.splitlines()[:2] == ["shop  3 steps", "options   max_attempts 5"]
    assert head.splitlines()[2].startswith("checksum  ")
    assert picture.splitlines() == [
        "● orders",
        "├─╮",
        "│ ◆ invoice",
        "├─╯",
        "● report",
    ]
    assert steps.splitlines() == [
        "step     type    after            options     conditions",
        "orders   single  -                -           -",
        "invoice  map     orders           timeout 30  -",
        'report   single  orders, invoice  -           when {"orders":[1]}, when_exhausted skip',
    ]


def test_a_flow_without_options_and_steps_has_a_manifest(bare_cli: CommandLine) -> None:
    answer = bare_cli("insight", write("f.py", 'from pgflow import Flow\nf = Flow("f")\n'))

    assert answer.output.startswith("f  0 steps\noptions   the engine's defaults\nchecksum  ")


def test_the_manifest_as_json_is_the_shape(bare_cli: CommandLine) -> None:
    answer = bare_cli("insight", write("shop.py", FULL), "--json")

    (manifest,) = answer.json
    shape = FlowShape.from_json("shop", manifest)
    assert manifest["flowSlug"] == "shop"
    assert manifest["checksum"] == shape.checksum
    assert [step.slug for step in shape.steps] == ["orders", "invoice", "report"]


def test_the_checksum_ignores_options(bare_cli: CommandLine) -> None:
    plain, tuned, grown = (
        bare_cli("insight", write(f"v{n}.py", text), "--format", "json").json[0]["checksum"]
        for n, text in enumerate([PLAIN, TUNED, GROWN])
    )

    assert plain == tuned != grown


def test_mermaid_draws_the_flow(bare_cli: CommandLine) -> None:
    answer = bare_cli("insight", write("shop.py", FULL), "--format", "mermaid")

    assert answer.output.startswith('flowchart TD\n  s0["orders"]\n  s1[["invoice"]]\n')
    assert "  s1 --> s2\n" in answer.output


def test_two_flows_are_compared(bare_cli: CommandLine) -> None:
    files = [write("old/my_flow.py"), write("new/my_flow.py", GROWN)]

    answer = bare_cli("insight", *files)

    assert answer.output == "my_flow -> my_flow\n- New step 'store' added\n"


def test_two_equal_flows_do_not_differ(bare_cli: CommandLine) -> None:
    answer = bare_cli("insight", write("old/my_flow.py"), write("new/my_flow.py"))

    assert answer.output == "my_flow -> my_flow: no difference\n"


def test_the_difference_of_two_flows_as_json(bare_cli: CommandLine) -> None:
    files = [write("old/my_flow.py"), write("new/my_flow.py", TUNED)]

    answer = bare_cli("insight", *files, "--format", "json")

    assert answer.json == {
        "flowSlugs": ["my_flow", "my_flow"],
        "structure": [],
        "options": ["Step 'process': timeout inherited -> 60s"],
    }


def test_a_difference_has_no_picture(bare_cli: CommandLine) -> None:
    files = [write("old/my_flow.py"), write("new/my_flow.py")]

    said = bare_cli.refused("insight", *files, "--format", "mermaid", exit_code=2)

    assert "a difference has no picture. Choose --format text or json" in said


def test_flows_are_compared_with_the_database(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))
    write("my_flow.py", GROWN)
    write("new.py", PLAIN.replace("my_flow", "fresh"))

    answer = cli("insight", "--against-db", "my_flow.py", "new.py")

    assert answer.output == (
        "my_flow: database -> code\n- New step 'store' added\nfresh is not in the database\n"
    )


def test_the_difference_from_the_database_as_json(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))
    write("new.py", PLAIN.replace("my_flow", "fresh"))

    answer = cli("insight", "--against-db", "my_flow.py", "new.py", "--format", "json")

    assert answer.json == [
        {"flowSlug": "my_flow", "inDatabase": True, "structure": [], "options": []},
        {"flowSlug": "fresh", "inDatabase": False, "structure": [], "options": []},
    ]
