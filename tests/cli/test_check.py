"""`pgflow check`: whether code and database agree, for CI."""

from __future__ import annotations

import pytest

from tests.cli.flow_files import GROWN, PLAIN, TUNED, write
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")


def test_flows_that_are_deployed_pass(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))

    assert cli("check", "my_flow.py").output == "✓ Flow 'my_flow' is as in the database\n"


DRIFT = {
    TUNED: (
        "✗ Flow 'my_flow' has other runtime options\n- Step 'process': timeout inherited -> 60s\n"
    ),
    GROWN: "✗ Flow 'my_flow' has another structure\n- New step 'store' added\n",
    PLAIN.replace('"my_flow"', '"fresh"'): "✗ Flow 'fresh' is not in the database\n",
}


@pytest.mark.parametrize(("text", "shown"), DRIFT.items(), ids=["options", "structure", "new"])
def test_drift_fails(cli: CommandLine, text: str, shown: str) -> None:
    cli("deploy", write("my_flow.py"))

    answer = cli.attempt("check", write("my_flow.py", text))

    assert answer.exit_code == 1
    assert answer.output == shown
    assert answer.errors.startswith("Error: code and database differ: ")
    assert answer.errors.endswith(" my_flow.py\n")


def test_what_deploy_would_mend_is_deployed(cli: CommandLine) -> None:
    said = cli.refused("check", write("my_flow.py"))

    assert said.endswith("differ: my_flow. Deploy with: pgflow deploy my_flow.py\n")


def test_what_deploy_would_refuse_is_not_advised(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))
    grown, fresh = write("my_flow.py", GROWN), write("f.py", PLAIN.replace('"my_flow"', '"fresh"'))

    said = cli.refused("check", grown, fresh)

    assert said == (
        "Error: code and database differ: my_flow, fresh. Another structure needs another slug, "
        "or a migration that drops the flow: pgflow compile --replace my_flow.py f.py\n"
    )


def test_programs_get_json_and_the_exit_code(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))

    answer = cli.attempt("check", write("my_flow.py", GROWN), "--json")

    assert answer.exit_code == 1
    assert answer.json == [
        {
            "flowSlug": "my_flow",
            "change": "structure",
            "differences": ["New step 'store' added"],
        }
    ]


@pytest.mark.parametrize("command", ["check", "deploy", "compile", "worker"])
def test_an_annotation_that_cannot_be_json_fails(
    cli: CommandLine, engine: Engine, command: str
) -> None:
    write(
        "odd.py",
        "import threading\n"
        "from pgflow import Flow\n"
        'odd = Flow("odd")\n'
        "@odd.step()\n"
        "def lock() -> threading.Thread: ...\n",
    )

    said = cli.refused(command, "odd.py")

    assert "step 'lock' of flow 'odd' is annotated Thread, which cannot travel as JSON" in said
    assert engine.rows("select from pgflow.flows") == []


@pytest.mark.parametrize("command", ["check", "deploy", "compile"])
def test_a_class_that_cannot_be_json_is_no_handler(cli: CommandLine, command: str) -> None:
    write("odd.py", "from pgflow import Flow\nodd = Flow('odd')\n@odd.step()\nclass Lock: ...\n")

    said = cli.refused(command, "odd.py")

    assert "step 'Lock' of flow 'odd' is annotated Lock, which cannot travel as JSON" in said
