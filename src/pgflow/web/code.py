"""The flows of the code, as they were when it was last loaded without an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from pgflow.definition.flow import Flow
from pgflow.errors import PgflowError
from pgflow.loading import FlowSource, load_flows
from pgflow.web.flow_models import HandlerModel
from pgflow.web.handlers import described
from pgflow.web.models import CodeState, CodeTrouble


@dataclass(frozen=True, slots=True)
class KnownFlow:
    """A flow with what its source text said when it was loaded; that may be edited any time."""

    flow: Flow[Any]
    source: FlowSource
    input_schema: Mapping[str, Any] | None
    handlers: Mapping[str, HandlerModel]


@dataclass(slots=True)
class Code:
    """The flows under some names. `load` may be called again whenever files have changed."""

    names: Sequence[str]
    flows: Mapping[str, KnownFlow] = field(default_factory=lambda: MappingProxyType({}))
    loaded_at: datetime | None = None
    trouble: CodeTrouble | None = None

    def load(self) -> bool:
        """Load the code; whether that went well. Broken code leaves the last version in place."""
        try:
            found = load_flows(self.names)
            flows = {flow.slug: _known(flow, source) for source in found for flow in source.flows}
        except PgflowError as error:
            self.trouble = CodeTrouble(message=str(error), since=datetime.now(UTC))
            return False
        self.flows, self.trouble = MappingProxyType(flows), None
        self.loaded_at = datetime.now(UTC)
        return True

    def state(self) -> CodeState:
        """How the code stands."""
        return CodeState(names=self.names, loaded_at=self.loaded_at, error=self.trouble)


def _known(flow: Flow[Any], source: FlowSource) -> KnownFlow:
    flow.prepare()
    return KnownFlow(flow, source, flow.json_schema(), described(flow))
