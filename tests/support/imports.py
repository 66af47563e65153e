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
        # Modules of Python and of installed packages stay: some can be loaded only once.
        file = str(getattr(module, "__file__", None))
        is_python = name.partition(".")[0] in sys.stdlib_module_names
        is_known = is_python or name in modules or "pgflow" in name
        if not is_known and "site-packages" not in file:
            del sys.modules[name]
