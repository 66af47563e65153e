"""The flows that please the checkers work, too."""

from __future__ import annotations

from pgflow import Flow
from tests.typing import good_flows


def test_good_flows_are_accepted_and_prepared() -> None:
    flows = [each for each in vars(good_flows).values() if isinstance(each, Flow)]

    for flow in flows:
        flow.prepare()
    assert len(flows) == 4
