"""What was traced, in this process or in others, as one plain list of spans."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

# Where the processes of a test write what they trace.
VARIABLE = "TEST_SPANS"


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as a backend has it."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    kind: str
    status: str
    described: str | None
    began: str
    ended: str
    attributes: dict[str, Any]
    events: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, span: ReadableSpan) -> Seen:
        return cls.read(json.loads(span.to_json()))

    @classmethod
    def read(cls, told: dict[str, Any]) -> Seen:
        return cls(
            name=told["name"],
            trace_id=told["context"]["trace_id"],
            span_id=told["context"]["span_id"],
            parent_id=told["parent_id"],
            kind=told["kind"].removeprefix("SpanKind."),
            status=told["status"]["status_code"],
            described=told["status"].get("description"),
            began=told["start_time"],
            ended=told["end_time"],
            attributes=told["attributes"],
            events=tuple(told["events"]),
        )


class Tree:
    """Spans by the way that leads to them from their root, such as `run trip > step pack`."""

    def __init__(self, spans: Iterable[Seen]) -> None:
        self.spans = list(spans)
        self._by_id = {span.span_id: span for span in self.spans}

    @property
    def paths(self) -> list[str]:
        return sorted(self._path(span) for span in self.spans)

    @property
    def trace_ids(self) -> set[str]:
        return {span.trace_id for span in self.spans}

    def one(self, name: str) -> Seen:
        (span,) = self.all(name)
        return span

    def all(self, name: str) -> list[Seen]:
        return sorted((s for s in self.spans if s.name == name), key=lambda span: span.began)

    def _path(self, span: Seen) -> str:
        if span.parent_id is None:
            return span.name
        above = self._by_id.get(span.parent_id)
        return f"{'?' if above is None else self._path(above)} > {span.name}"


class SpanFiles(SpanExporter):
    """Writes each span to a file of its own process."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / f"{os.getpid()}.jsonl"

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._file.open("a") as file:
            file.writelines(span.to_json(indent=None) + "\n" for span in spans)
        return SpanExportResult.SUCCESS

    @staticmethod
    def read(directory: Path) -> Tree:
        # What stands behind the last end of a line is being written.
        whole = [file.read_text().rpartition("\n")[0] for file in directory.glob("*")]
        lines = [line for text in whole for line in text.splitlines()]
        return Tree(Seen.read(json.loads(line)) for line in lines)


def write_spans() -> None:
    """Trace to files, in a process that the test has told where to."""
    if directory := os.environ.get(VARIABLE):
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(SpanFiles(Path(directory))))
        trace.set_tracer_provider(provider)
