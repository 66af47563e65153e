"""Flows by name: files, modules and objects in them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pgflow.errors import FlowDefinitionError
from pgflow.loading import FlowSource, flows_of, load, load_flows, name_of
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")

ORDER = """
from pgflow import Flow

order = Flow("order")

@order.step()
def price() -> int:
    return 1
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str = ORDER) -> str:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return path


def slugs(source: FlowSource) -> list[str]:
    return [flow.slug for flow in source.flows]


@pytest.mark.parametrize(
    "name",
    [
        "flows/order.py",
        "./flows/order.py",
        "flows/order.py:order",
        "flows.order",
        "flows.order:order",
        "flows.order:every",
    ],
)
def test_a_flow_is_found_by_every_kind_of_name(name: str) -> None:
    write("flows/order.py", f"{ORDER}\nevery = [order]\n")

    assert slugs(load(name)) == ["order"]


def test_a_file_of_a_package_may_import_relatively() -> None:
    write("shop/__init__.py", "")
    write("shop/prices.py", "PRICE = 3\n")
    write("shop/flows/__init__.py", "")
    write("shop/flows/order.py", f"from ..prices import PRICE\n{ORDER}")

    source = load("shop/flows/order.py")

    assert source.module.__name__ == "shop.flows.order"


def test_a_lonely_file_may_import_what_lies_beside_it_and_above() -> None:
    write("flows/beside.py", "A = 1\n")
    write("above.py", "B = 1\n")
    write("flows/order.py", f"from beside import A\nfrom above import B\n{ORDER}")

    assert slugs(load("flows/order.py")) == ["order"]


def test_a_module_may_hold_many_flows() -> None:
    write("many.py", 'from pgflow import Flow\na = Flow("a")\nb = Flow("b")\nsame = a\n')

    assert slugs(load("many.py")) == ["a", "b"]


def test_a_package_gathers_the_flows_of_its_modules() -> None:
    write("shop/order.py")
    write("shop/__init__.py", "from shop.order import order as order\n")

    assert slugs(load("shop")) == ["order"]


def test_a_file_is_loaded_fresh_each_time() -> None:
    name = write("flows/order.py")
    load(name)

    # As long and as old as the file before: bytecode in a cache would be taken for current.
    write("flows/order.py", ORDER.replace('"order"', '"redro"'))

    assert slugs(load(name)) == ["redro"]
    assert slugs(load("flows.order")) == ["redro"]


def test_a_module_is_loaded_fresh_with_what_is_below_it() -> None:
    write("shop/order.py")
    write("shop/__init__.py", "from shop.order import order as order\n")
    load("shop")

    write("shop/order.py", ORDER.replace('"order"', '"basket"'))

    assert slugs(load("shop")) == ["basket"]


def test_files_of_the_same_name_do_not_get_in_each_others_way() -> None:
    old = write("old/order.py")
    new = write("new/order.py", f'{ORDER}\n@order.step(price, slug="pay")\ndef pay(p): ...\n')

    shapes = [load(name).flows[0].shape() for name in (old, new)]

    assert [len(shape.steps) for shape in shapes] == [1, 2]


@pytest.mark.parametrize("name", ["json.py", "email.py", "my-flow.py", "my.flow.py", "class.py"])
def test_a_file_may_have_any_name(name: str) -> None:
    path = write(f"flows/{name}")

    source = load(path)

    assert slugs(source) == ["order"]
    assert source.worker_name == f"{name.removesuffix('.py')}-worker"


@pytest.mark.parametrize(
    ("name", "worker_name"), [("shop/__init__.py", "shop-worker"), ("shop.order", "order-worker")]
)
def test_a_worker_is_called_after_the_file(name: str, worker_name: str) -> None:
    write("shop/order.py")
    write("shop/__init__.py", "from shop.order import order as order\n")

    assert load(name).worker_name == worker_name


@pytest.mark.parametrize("name", ["flows/order.py", "flows.order"])
def test_steps_can_be_sent_to_other_processes(name: str) -> None:
    write("flows/order.py")

    (step,) = load(name).flows[0].steps.values()

    assert pickle.loads(pickle.dumps(step)) is step


def test_a_flow_is_named_after_its_file() -> None:
    write("flows/order.py")

    (flow,) = load("flows.order").flows

    assert name_of(flow) == "flows/order.py"


def test_a_flow_under_two_names_is_one_flow() -> None:
    write("shop/order.py")
    write("shop/__init__.py", "from shop.order import order as order\n")

    sources = load_flows(["shop", "shop.order:order", "shop/order.py", "shop"])

    assert len(flows_of(sources)) == 1


def test_a_module_that_fails_can_be_mended_and_loaded() -> None:
    name = write("order.py", "1 / 0")
    with pytest.raises(FlowDefinitionError, match="ZeroDivisionError"):
        load(name)

    write("order.py")

    assert slugs(load(name)) == ["order"]
