"""Workers that speak HTTP: one batch per request, and the control plane of any worker."""

from importlib.util import find_spec

if find_spec("starlette") is None:
    message = "starlette is not installed. Install it with: pip install 'pgflow-py[web]'"
    raise ImportError(message)

from pgflow.asgi.app import cron_worker

__all__ = ["cron_worker"]
