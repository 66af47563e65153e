"""Names and modules that give no flows: one sentence, the place, a cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgflow.errors import FlowDefinitionError
from pgflow.loading import load, load_flows
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")

ORDER = "from pgflow import Flow\norder = Flow('order')\n"
TYPO = """\
from pgflow import Flow
order = Flow("order")
@order.step()
def fetch(): ...
@order.step(fecth)
def process(fetched): ...
"""
CYCLE = """\
from pgflow import Flow
order = Flow("order")
@order.step(second)
def first(it): ...
@order.step(first)
def second(it): ...
"""
BAD_DEFINITION = """\
from pgflow import Flow
order = Flow("order")
@order.step()
def fetch(): ...
@order.step(fetch)
def process(one, two): ...
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str) -> str:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return path


def told(*names: str) -> str:
    with pytest.raises(FlowDefinitionError) as caught:
        load_flows(names)
    return str(caught.value)


BROKEN = {
    TYPO: (
        "f.py cannot be imported: NameError: name 'fecth' is not defined (f.py, line 5). "
        "Did you mean 'fetch'?"
    ),
    CYCLE: (
        "f.py cannot be imported: NameError: name 'second' is not defined (f.py, line 3). "
        "'second' is defined further down. A step depends on steps above it, so that no flow has "
        "a cycle"
    ),
    "surely_nothing_like_it()": (
        "f.py cannot be imported: NameError: name 'surely_nothing_like_it' is not defined "
        "(f.py, line 1). Define or import it above that line"
    ),
    BAD_DEFINITION: (
        "f.py, line 5: step 'process' of flow 'order': the handler takes 2 parameters, but gets 1: "
        "step 'fetch'. Write one parameter for each"
    ),
    "\nimport nowhere.at.all": (
        "f.py cannot be imported: ModuleNotFoundError: No module named 'nowhere' (f.py, line 2). "
        "Install it, or run pgflow in the directory from which it can be imported"
    ),
    "def order(:": (
        "f.py cannot be imported: SyntaxError: invalid syntax (f.py, line 1). "
        "Mend it there; --debug shows the whole traceback"
    ),
    "import json\njson.loads('{')": (
        "f.py cannot be imported: json.decoder.JSONDecodeError: Expecting property name enclosed "
        "in double quotes: line 1 column 2 (char 1) (f.py, line 2). "
        "Mend it there; --debug shows the whole traceback"
    ),
    "import sys\nsys.exit(3)": (
        "f.py ends the program while it is imported (f.py, line 2). "
        "Put what it runs under: if __name__ == '__main__'"
    ),
    "x = 1": (
        "there is no flow in f.py. Define one at the top level of the module: order = Flow('order')"
    ),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_broken_file_is_told_in_a_sentence_with_place_and_cure(text: str, message: str) -> None:
    write("f.py", text)

    assert told("f.py") == message


def test_the_place_is_in_the_module_that_is_imported_on_the_way() -> None:
    write("shop/__init__.py", "")
    write("shop/prices.py", "PRICES = {}\nPRICES['tea']\n")
    write("shop/order.py", "from shop.prices import PRICES\n")

    assert told("shop.order") == (
        "shop.order cannot be imported: KeyError: 'tea' (shop/prices.py, line 2). "
        "Mend it there; --debug shows the whole traceback"
    )


def test_the_cause_is_kept_for_the_traceback() -> None:
    write("f.py", "1 / 0")

    with pytest.raises(FlowDefinitionError) as caught:
        load("f.py")

    assert isinstance(caught.value.__cause__, ZeroDivisionError)


FRUITLESS = {
    "flows/none.py": (
        "there is no file flows/none.py. Flows are named as a file (flows/order.py), a module "
        "(shop.flows) or an object in one (shop.flows:order)"
    ),
    "shop.none": "there is no module 'shop.none'. Run pgflow where it can be imported from",
    "json.none": "there is no module 'json.none'. Run pgflow where it can be imported from",
    "flows order": "'flows order' is neither a file nor a module. Flows are named as one of both",
    "sys": "module 'sys' is no Python file. Name a file, or a module in it",
    "flows.order:orders": "there is no 'orders' in flows.order. Its flows are: order",
    "flows/order.py:x.y": "there is no 'x.y' in flows/order.py. Its flows are: order",
    "flows.empty:order": "there is no 'order' in flows.empty. It has no flow at all",
    "flows.order:Flow": (
        "there is no flow in flows.order:Flow. Define one at the top level of the module: "
        "order = Flow('order')"
    ),
}


@pytest.mark.parametrize(("name", "message"), FRUITLESS.items())
def test_a_name_that_leads_to_no_flow_is_told_with_a_cure(name: str, message: str) -> None:
    write("flows/order.py", ORDER)
    write("flows/empty.py", "x = 1")

    assert told(name) == message


def test_a_directory_that_is_no_package_is_no_name() -> None:
    write("flows/order.py", ORDER)

    assert told("flows").startswith("there is no file flows/__init__.py. Flows are named as")


def test_two_flows_of_one_slug_in_two_files_are_refused() -> None:
    write("a.py", ORDER)
    write("b.py", ORDER)

    assert told("a.py", "b.py") == (
        "two flows have the slug 'order', in a.py and in b.py. Give one of them another slug"
    )


def test_two_flows_of_one_slug_in_one_file_are_refused() -> None:
    write("a.py", f"{ORDER}again = Flow('order')\n")

    assert told("a.py") == (
        "two flows have the slug 'order', in a.py. Give one of them another slug"
    )
