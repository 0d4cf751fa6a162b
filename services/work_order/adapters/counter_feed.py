"""What the output counters of the site say, held until it is applied to the job orders, together and at most once a second.

Held samples are not lost with a crash: the counters accumulate and their positions are stored, so the next
sample makes up for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from namespace.isa95 import EquipmentPath
from services.work_order.domain.counters import Counter, Position
from services.work_order.ports import CounterSample

_MOST_HELD = 5_000
"""Samples held per work center; beyond it the oldest go, which costs precision at a change of job order, no units."""

Apply = Callable[[EquipmentPath, Sequence[CounterSample]], Awaitable[bool]]
"""Applies samples of one work center; returns False where the database cannot be used now, to be asked again."""


class CounterFeed:
    """Collects samples of output counters and has them applied.

    Args:
        counters: (work unit, canonical metric) to (work center, counter).
        apply: Applies samples in a transaction.
        pause_s: Seconds between two applications, so that many samples become one event.
    """

    def __init__(
        self,
        counters: Mapping[tuple[EquipmentPath, str], tuple[EquipmentPath, Counter]],
        apply: Apply,
        *,
        pause_s: float = 1.0,
    ) -> None:
        self._counters = counters
        self._apply = apply
        self._pause_s = pause_s
        self._held: dict[EquipmentPath, deque[CounterSample]] = {}
        self._wake = asyncio.Event()

    def observe(self, unit: EquipmentPath, metric: str, value: object, at: datetime, *, birth: bool) -> None:
        """Take in one value of a machine's metric; what is no output counter is ignored.

        Args:
            unit: The work unit.
            metric: Canonical metric name.
            value: Its value; null and what is no number is ignored.
            at: Source time, UTC.
            birth: Whether it comes from a birth.
        """
        target = self._counters.get((unit, metric))
        if target is None or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            return
        place, counter = target
        held = self._held.setdefault(place, deque(maxlen=_MOST_HELD))
        held.append(CounterSample(counter, Position(int(value), at), birth))
        self._wake.set()

    def uncounted(self, place: EquipmentPath) -> Sequence[CounterSample]:
        """Return the held samples of a work center, oldest first; applying them twice does no harm."""
        return sorted(self._held.get(place, ()), key=lambda sample: sample.position.at)

    async def run(self) -> None:
        """Have held samples applied until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for place, held in self._held.items():
                count = len(held)
                if count and await self._apply(place, self.uncounted(place)):
                    self._forget(held, count)
                elif count:
                    self._wake.set()
            await asyncio.sleep(self._pause_s)

    @staticmethod
    def _forget(held: deque[CounterSample], count: int) -> None:
        for _ in range(min(count, len(held))):
            held.popleft()
