from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from pgflow.testing.server import ScratchServer
from pgflow.web.pages import BUILT
from tests.browser.restaurant import Restaurant, restaurant

ROOT = Path(__file__).parent.parent.parent
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Quiet, and without a sandbox where the tests run as root.
SWITCHES = [
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    *(["--no-sandbox"] if os.getuid() == 0 else []),
]
PATIENCE = 60_000
WINDOW = ViewportSize(width=1280, height=800)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        action="store_true",
        default=False,
        help="write the pictures of the documentation to docs/images (with tests/browser)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine, without a window."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine. Install the package chromium")
    if not (BUILT / "index.html").is_file():
        pytest.skip("the page is not built. Build it with: make ui")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def place(
    browser: Browser, pgflow_server: ScratchServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Restaurant]:
    """One restaurant for the tests of a module; each of them makes its own runs."""
    with (
        pgflow_server.clone() as url,
        restaurant(url, tmp_path_factory.mktemp("restaurant")) as place,
    ):
        yield place


@pytest.fixture
def page(browser: Browser, place: Restaurant) -> Iterator[Page]:
    """A page whose visitor has the key; at the end nothing may have been complained about."""
    context = browser.new_context(viewport=WINDOW, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Chromium reports each answer above 399, which the page shows in its own words.
        is_refusal = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not is_refusal:
            complaints.append(message.text)

    def watch(request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(place.url).netloc:
            complaints.append(f"asked {request.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", watch)
    page.goto(place.entrance)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def axe() -> str:
    """The program that looks for what keeps people out."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed. Install it with: make ui")
    return AXE.read_text()
