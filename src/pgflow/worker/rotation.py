"""Which flows to ask for work next, so that none starves and idle ones cost little. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from math import ceil, inf

# Flows with work in one call: enough for a full batch, few enough for a short round trip. Each has
# a fixed price: to ask all fifty that have reported would double the cost of a task.
HOT_FLOWS = 4
# Flows without work are looked at beside the busy ones: so many in one call, so many a second in
# all, and each of them at most so often (seconds).
COLD_FLOWS = 2
COLD_LOOKS = 100
COLD_PAUSE = 0.02


class Rotation:
    """Flows are hot while they are believed to have tasks, else cold.

    A flow becomes hot when it is notified or when one of its tasks has ended, which may have
    unlocked others. It stays hot while claims bring its whole share. Whoever is asked counts as
    cold from that moment, so that what is heard during a claim is not forgotten at its end.
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
        """The flows to ask: a few cold ones, then hot ones in turn.

        A flow with reported outcomes is hot: its report unlocks what comes after. Cold ones come
        first: the share that they leave goes to the next.
        """
        self.heat(reported)
        pause = max(COLD_PAUSE, len(self._cold) / COLD_LOOKS)
        due = (slug for slug, asked_at in self._cold.items() if now - asked_at >= pause)
        return self._ask([*islice(due, COLD_FLOWS), *islice(self._hot, HOT_FLOWS)], now)

    def choose_all(self, now: float) -> list[str]:
        return self._ask(sorted(self.flow_slugs, key=self._last_asked), now)

    def note(self, asked: Sequence[str], brought: Counter[str], room: int) -> None:
        """What a claim of up to `room` tasks has brought, by flow.

        The claim gives each flow an even share of what is left, in the order asked, and ends when
        nothing is left. Who had its whole share may have more. So may who was not reached: it comes
        first the next time.
        """
        served: list[str] = []
        for position, slug in enumerate(asked):
            share = ceil(room / (len(asked) - position))
            if share == 0:
                self.heat([slug])
            elif brought[slug] >= share:
                served.append(slug)
            room -= brought[slug]
        self.heat(served)

    def _ask(self, flow_slugs: list[str], now: float) -> list[str]:
        for slug in flow_slugs:
            self._hot.pop(slug, None)
            self._cold.pop(slug, None)
            self._cold[slug] = now
        return flow_slugs

    def _last_asked(self, slug: str) -> float:
        return self._cold.get(slug, -inf)
