"""What a user asks for: traces and metrics, of these providers or the global ones."""

from __future__ import annotations

import logging
from collections.abc import Collection
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace

from pgflow.telemetry.instruments import Instruments
from pgflow.telemetry.traces import Carrier, carrier_of
from pgflow.telemetry.tracing import Tracing

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

logger = logging.getLogger("pgflow.telemetry")

SCOPE = "pgflow"
_VERSION = version("pgflow-py")


class Telemetry:
    """Traces and metrics through OpenTelemetry, for workers and clients; needs the extra `otel`.

    A run is one trace: a client hands the current trace on to the runs that it starts, workers
    write a span for each run, step and attempt, and what handlers trace stands below their
    attempt. Without providers the global ones count, when a worker starts. What goes wrong here is
    logged, and disturbs nobody's work.

        telemetry = Telemetry()
        client = Client(telemetry=telemetry)
        worker = Worker(order_flow, telemetry=telemetry)
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer_provider = tracer_provider
        self._meter_provider = meter_provider
        self._instruments: Instruments | None = None
        self._complaints: set[str] = set()

    @cached_property
    def tracing(self) -> Tracing:
        """How spans are written; found out when a worker first asks."""
        provider = self._tracer_provider or trace.get_tracer_provider()
        tracing = Tracing(provider.get_tracer(SCOPE, _VERSION))
        if not tracing.chooses_ids:
            logger.warning(
                "the tracer provider is not that of an OpenTelemetry SDK: runs and steps get no "
                "spans. Start with `opentelemetry-instrument`, or set a provider of the SDK first"
            )
        return tracing

    def instruments(self, bounds: Collection[float]) -> Instruments:
        """Made once; a second worker counts with those of the first."""
        if self._instruments is None:
            provider = self._meter_provider or metrics.get_meter_provider()
            self._instruments = Instruments(provider.get_meter(SCOPE, _VERSION), bounds)
        return self._instruments

    def carrier(self) -> Carrier:
        """What carries the current context to wherever a run goes; empty without one."""
        try:
            return carrier_of()
        except Exception as error:  # noqa: BLE001 - a propagator is anybody's code
            self.complain("a trace is not handed on", error)
            return {}

    def complain(self, what: str, error: Exception) -> None:
        """Log what went wrong, once for each kind."""
        if what not in self._complaints:
            self._complaints.add(what)
            logger.warning("%s: %s. Said once", what, error, exc_info=error)
