"""Which flows to ask for work next, so that none starves and idle ones cost little. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice

# Flows with work in one call: enough for a full batch, few enough for a short round trip.
HOT_FLOWS = 4
# Flows without work are looked at beside the busy ones, each at most so often (seconds).
COLD_FLOWS = 2
COLD_PAUSE = 0.25


class Rotation:
    """Flows are hot while they are believed to have tasks, else cold.

    A flow becomes hot when it is notified or when one of its tasks has ended, which may have
    unlocked others. It stays hot while claims come back full with its tasks. Whoever is asked
    counts as cold from that moment: what is heard during a claim is not forgotten at its end.
    """

    def __init__(self, flow_slugs: Sequence[str]) -> None:
        self.flow_slugs = tuple(flow_slugs)
        # Both in the order in which they were asked, longest ago first.
        self._hot: dict[str, None] = dict.fromkeys(flow_slugs)
        self._cold: dict[str, float] = {}

    @property
    def expects_work(self) -> bool:
        return bool(self._hot)

    def heat(self, flow_slugs: Iterable[str]) -> None:
        """Somebody says that these have tasks; those that are not ours are passed over."""
        for slug in flow_slugs:
            if self._cold.pop(slug, None) is not None:
                self._hot[slug] = None

    def choose(self, reported: Collection[str], now: float) -> list[str]:
        """The flows to ask: all with reported outcomes, then hot ones in turn, then cold ones.

        What a report unlocks is fetched by the same call, or nobody would be told of it.
        """
        hot = [slug for slug in self._hot if slug not in reported]
        due = (slug for slug, asked_at in self._cold.items() if now - asked_at >= COLD_PAUSE)
        cold = (slug for slug in due if slug not in reported)
        chosen = [*reported, *hot[:HOT_FLOWS], *islice(cold, COLD_FLOWS)]
        self._ask(chosen, now)
        return chosen

    def choose_all(self, now: float) -> list[str]:
        self._ask(self.flow_slugs, now)
        return list(self.flow_slugs)

    def _ask(self, flow_slugs: Iterable[str], now: float) -> None:
        for slug in flow_slugs:
            self._hot.pop(slug, None)
            self._cold.pop(slug, None)
            self._cold[slug] = now
