"""OpenTelemetry: a run as one trace across processes, and metrics of workers.

Comes with the extra `otel`. Nothing else of the package loads it, or pays for it.
"""

from __future__ import annotations

try:
    from pgflow.telemetry.telemetry import Telemetry
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("opentelemetry"):
        raise
    message = "opentelemetry is not installed. Install it with: pip install 'pgflow-py[otel]'"
    raise ModuleNotFoundError(message, name="opentelemetry") from error

__all__ = ["Telemetry"]
