"""Telemetry of one process that a test looks at."""

from __future__ import annotations

from collections import Counter
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from pgflow.telemetry import Telemetry
from tests.support.eventually import eventually_async
from tests.support.spans import Seen, Tree

Labels = tuple[tuple[str, Any], ...]


class Watch:
    """Providers of the SDK, and what they have exported."""

    def __init__(self, *, sampler: Sampler | None = None) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(self.provider, self._meter_provider)

    def span(self, name: str) -> Any:
        """A span of the program's own."""
        return self.provider.get_tracer("program").start_as_current_span(name)

    def tree(self) -> Tree:
        return Tree(Seen.of(span) for span in self._exporter.get_finished_spans())

    async def sees(self, *paths: str) -> Tree:
        """What was traced, once it is at least that; it must be that and no more."""

        async def look() -> bool:
            return Counter(paths) <= Counter(self.tree().paths)

        await eventually_async(look)
        assert self.tree().paths == sorted(paths)
        return self.tree()

    def metric(self, name: str) -> dict[Labels, Any]:
        """The data points of a metric, by their attributes."""
        data = self._reader.get_metrics_data()
        assert data is not None
        return {
            tuple(sorted((point.attributes or {}).items())): point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        }
