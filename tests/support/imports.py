"""Tests that import modules out of their own directories leave no trace of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def tidy_imports() -> Iterator[None]:
    """Whatever the test imports is unknown again after it."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        # Modules of installed packages stay: some can be loaded only once.
        file = str(getattr(module, "__file__", None))
        if name not in modules and "site-packages" not in file and "pgflow" not in name:
            del sys.modules[name]
