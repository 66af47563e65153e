"""Flows by the names that people give them: a file, a module, or an object in one of both."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from operator import attrgetter
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast
from zlib import crc32

from pgflow.definition.flow import Flow
from pgflow.errors import FlowDefinitionError
from pgflow.import_failures import import_failure, shown

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class FlowSource:
    """The flows under one name, with the module that they come from."""

    name: str
    module: ModuleType
    flows: tuple[Flow[Any], ...]

    @property
    def worker_name(self) -> str:
        """What a worker of these flows is called unless it is told otherwise."""
        return f"{self.file.parent.name if self.file.stem == '__init__' else self.file.stem}-worker"

    @property
    def file(self) -> Path:
        """The file of the module."""
        return Path(cast(str, self.module.__file__))

    def changed_at(self) -> float:
        """When its file, or a module of the same package that is loaded, was last written.

        Seconds since 1970. The package of a file outside of any is its directory.
        """
        return max(file.stat().st_mtime for file in self._files() if file.exists())

    def _files(self) -> Iterator[Path]:
        yield self.file
        package, _, rest = self.module.__name__.partition(".")
        is_packaged = bool(rest) or hasattr(self.module, "__path__")
        for name, module in tuple(sys.modules.items()):
            file = Path(getattr(module, "__file__", None) or ".")
            if (
                f"{name}.".startswith(f"{package}.")
                if is_packaged
                else file.parent == self.file.parent
            ):
                yield file


def load_flows(names: Iterable[str]) -> list[FlowSource]:
    """The flows under all these names, loaded fresh; raises where two have one slug.

    A name is a file (`flows/order.py`), a module (`shop.flows`), or an object in one of them
    (`shop.flows:order`). `FlowDefinitionError` says what is wrong with it.
    """
    sources = load_sources(names)
    check_slugs(sources)
    return sources


def load_sources(names: Iterable[str]) -> list[FlowSource]:
    """The flows under all these names, whatever their slugs.

    Modules that were loaded before are loaded again, each once, so that a flow that two names lead
    to is one flow.
    """
    stale = set(sys.modules)
    return [_load(name, stale) for name in names]


def load(name: str) -> FlowSource:
    """The flows under one name."""
    (source,) = load_sources([name])
    return source


def check_slugs(sources: Iterable[FlowSource]) -> None:
    """Raise where two flows have one slug; the same flow under two names is fine."""
    seen: dict[str, tuple[Flow[Any], str]] = {}
    for source in sources:
        for flow in source.flows:
            first, name = seen.setdefault(flow.slug, (flow, source.name))
            if first is not flow:
                places = f"in {name}" if name == source.name else f"in {name} and in {source.name}"
                message = (
                    f"two flows have the slug '{flow.slug}', {places}. "
                    "Give one of them another slug"
                )
                raise FlowDefinitionError(message)


def flows_of(sources: Iterable[FlowSource]) -> tuple[Flow[Any], ...]:
    """All flows of these sources, each once."""
    return tuple(dict.fromkeys(flow for source in sources for flow in source.flows))


def name_of(flow: Flow[Any]) -> str:
    """A name by which the flow can be loaded: the file where its first step is declared."""
    step = next(iter(flow.steps.values()), None)
    module = sys.modules.get(step.declared_in) if step else None
    file = getattr(module, "__file__", None)
    return shown(Path(file)) if file else "FLOWS"


class _Recompiled(SourceFileLoader):
    """Takes no bytecode from the cache, which cannot tell two edits within a second apart."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _load(name: str, stale: set[str]) -> FlowSource:
    place, wanted = _split(name)
    _search_in(Path.cwd())
    spec = _spec_of_file(Path(place)) if _is_path(place) else _spec_of_module(place)
    with import_failure(place):
        module = _module(spec, stale)
    flows = tuple(dict.fromkeys(_flows_among(_objects(module, wanted, name))))
    if not flows:
        message = (
            f"there is no flow in {name}. Define one at the top level of the module: "
            "order = Flow('order')"
        )
        raise FlowDefinitionError(message)
    return FlowSource(name, module, flows)


def _split(name: str) -> tuple[str, str]:
    place, _, wanted = name.rpartition(":")
    return (place, wanted) if place and _DOTTED.fullmatch(wanted) else (name, "")


def _is_path(place: str) -> bool:
    return place.endswith(".py") or os.sep in place or Path(place).is_dir()


def _spec_of_file(path: Path) -> ModuleSpec:
    if path.is_dir():
        path /= "__init__.py"
    if not path.is_file():
        message = (
            f"there is no file {path}. Flows are named as a file (flows/order.py), a module "
            "(shop.flows) or an object in one (shop.flows:order)"
        )
        raise FlowDefinitionError(message)
    file = path.resolve()
    root, name = _root_and_module(file)
    _search_in(root)
    # By its natural name other processes find it, too; where that is taken, it gets one of its own.
    with import_failure(str(path)):
        spec = _find(name) if _DOTTED.fullmatch(name) else None
    if spec and spec.origin and Path(spec.origin).resolve() == file:
        return spec
    own_name = re.sub(r"\W", "_", f"{file.stem}_{crc32(bytes(file)):08x}")
    return cast(ModuleSpec, spec_from_file_location(own_name, file))


def _spec_of_module(name: str) -> ModuleSpec:
    if not _DOTTED.fullmatch(name):
        message = f"'{name}' is neither a file nor a module. Flows are named as one of both"
        raise FlowDefinitionError(message)
    with import_failure(name):
        spec = _find(name)
    if spec is None:
        message = f"there is no module '{name}'. Run pgflow where it can be imported from"
        raise FlowDefinitionError(message)
    if not (spec.origin or "").endswith(".py"):
        message = f"module '{name}' is no Python file. Name a file, or a module in it"
        raise FlowDefinitionError(message)
    return spec


def _root_and_module(file: Path) -> tuple[Path, str]:
    """Where Python must search for the module of a file, and its name there."""
    parts = [] if file.stem == "__init__" else [file.stem]
    root = file.parent
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    return root, ".".join(parts)


def _find(name: str) -> ModuleSpec | None:
    importlib.invalidate_caches()
    try:
        return find_spec(name)
    except ModuleNotFoundError as error:
        if f"{name}.".startswith(f"{error.name}."):
            return None
        raise


def _module(spec: ModuleSpec, stale: set[str]) -> ModuleType:
    """The module, loaded anew with what is below it if it is stale."""
    if spec.name in sys.modules and spec.name not in stale:
        return sys.modules[spec.name]
    for name in [name for name in stale if name.startswith(f"{spec.name}.")]:
        sys.modules.pop(name, None)
        stale.discard(name)
    stale.discard(spec.name)
    return _execute(spec)


def _execute(spec: ModuleSpec) -> ModuleType:
    spec.loader = _Recompiled(spec.name, cast(str, spec.origin))
    module = sys.modules[spec.name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def _search_in(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _flows_among(objects: Iterable[object]) -> Iterator[Flow[Any]]:
    for each in objects:
        if isinstance(each, Flow):
            yield cast("Flow[Any]", each)


def _objects(module: ModuleType, wanted: str, name: str) -> Iterator[object]:
    """What is in the module, or the one thing wanted, or what is in that if it is a list."""
    if not wanted:
        yield from vars(module).values()
        return
    try:
        found = attrgetter(wanted)(module)
    except AttributeError:
        flows = [key for key, value in vars(module).items() if isinstance(value, Flow)]
        cure = f"Its flows are: {', '.join(flows)}" if flows else "It has no flow at all"
        message = f"there is no '{wanted}' in {name.rpartition(':')[0]}. {cure}"
        raise FlowDefinitionError(message) from None
    yield from found if isinstance(found, list | tuple) else (found,)
