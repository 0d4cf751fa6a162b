"""What the output counters and states of the site say, held until it is applied to the job orders, together and at most once a second.

Held samples are not lost with a crash: the counters accumulate and their positions are stored, so the next
sample makes up for them.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from namespace.isa95 import EquipmentPath
from services.work_order.domain.counters import Counter, Position
from services.work_order.domain.machine import MachineState
from services.work_order.ports import CounterSample, Sample, StateSample

_MOST_HELD = 5_000
"""Samples held per work center; beyond it the oldest go, which costs precision at a change of job order, no units."""

Apply = Callable[[EquipmentPath, Sequence[Sample]], Awaitable[bool]]
"""Applies samples of one work center; returns False where the database cannot be used now, to be asked again."""


class CounterFeed:
    """Collects samples of output counters and has them applied.

    Args:
        counters: (work unit, canonical metric) to (work center, counter).
        machines: (work unit, canonical metric) of states to work center.
        apply: Applies samples in a transaction.
        pause_s: Seconds between two applications, so that many samples become one event.
    """

    def __init__(
        self,
        counters: Mapping[tuple[EquipmentPath, str], tuple[EquipmentPath, Counter]],
        apply: Apply,
        *,
        machines: Mapping[tuple[EquipmentPath, str], EquipmentPath] = MappingProxyType({}),
        pause_s: float = 1.0,
    ) -> None:
        self._counters = counters
        self._machines = machines
        self._apply = apply
        self._pause_s = pause_s
        self._held: dict[EquipmentPath, _Held] = {}
        self._wake = asyncio.Event()
        self._applied = asyncio.Event()

    def observe(self, unit: EquipmentPath, metric: str, value: object, at: datetime, *, birth: bool) -> None:
        """Take in one value of a machine's metric; what is neither an output counter nor a state is ignored.

        Args:
            unit: The work unit.
            metric: Canonical metric name.
            value: Its value; null and what is no number is ignored.
            at: Source time, UTC.
            birth: Whether it comes from a birth.
        """
        count = _count_of(value)
        if count is None:
            return
        if target := self._counters.get((unit, metric)):
            place, counter = target
            self._hold(place, CounterSample(counter, Position(count, at), birth))
        elif machine := self._machines.get((unit, metric)):
            self._hold(machine, StateSample(MachineState.of(count), at))

    def _hold(self, place: EquipmentPath, sample: Sample) -> None:
        self._held.setdefault(place, _Held()).add(sample)
        self._wake.set()

    def uncounted(self, place: EquipmentPath) -> Sequence[Sample]:
        """Return the held samples of a work center, oldest first; applying them twice does no harm."""
        held = self._held.get(place)
        return sorted(held.samples, key=_source_time) if held else ()

    async def settled(self) -> None:
        """Wait until everything observed so far has been applied."""
        received = {place: held.received for place, held in self._held.items()}
        while any(self._held[place].applied < number for place, number in received.items()):
            self._applied.clear()
            await self._applied.wait()

    async def run(self) -> None:
        """Have held samples applied until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            for place, held in list(self._held.items()):
                upto = held.received
                if not held.samples:
                    continue
                if await self._apply(place, self.uncounted(place)):
                    held.forget(upto)
                    self._applied.set()
                else:
                    self._wake.set()
            await asyncio.sleep(self._pause_s)


@dataclass(slots=True)
class _Held:
    """Samples of one work center in order of arrival, numbered by how many came before."""

    samples: deque[Sample] = field(default_factory=deque)
    received: int = 0

    @property
    def applied(self) -> int:
        return self.received - len(self.samples)

    def add(self, sample: Sample) -> None:
        self.samples.append(sample)
        self.received += 1
        if len(self.samples) > _MOST_HELD:
            self.samples.popleft()

    def forget(self, upto: int) -> None:
        while self.samples and self.applied < upto:
            self.samples.popleft()


def _source_time(sample: Sample) -> datetime:
    return sample.at if isinstance(sample, StateSample) else sample.position.at


def _count_of(value: object) -> int | None:
    """Return a counter's value, or None for what is no count."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)
