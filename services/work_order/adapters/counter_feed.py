"""What the output counters and states of the site say, held until it is applied to the job orders, together and at most once a second.

After the birth of a source that has history to send, what it says now is held until the history has come: whoever counted the birth first
would give all that was made meanwhile to one instant, and could not take it back from an order that has ended.

Held samples are not lost with a crash: the counters accumulate and their positions are stored, so the next
sample makes up for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from namespace.isa95 import EquipmentPath
from services.work_order.domain.counters import Counter, Position
from services.work_order.domain.machine import MachineState
from services.work_order.ports import CounterSample, Sample, StateSample

_MOST_HELD = 5_000
"""Samples held per work center; beyond it the oldest go, which costs precision at a change of job order, no units."""

_QUIET_S = 3.0
"""History is over that has not come for so long after a birth: its source does not say how much there is, or sends none of it."""

Apply = Callable[[EquipmentPath, Sequence[Sample]], Awaitable[bool]]
"""Applies samples of one work center; returns False where the database cannot be used now, to be asked again."""


class CounterFeed:
    """Collects samples of output counters and has them applied.

    Args:
        counters: (work unit, canonical metric) to (work center, counter).
        machines: (work unit, canonical metric) of states to work center.
        apply: Applies samples in a transaction.
        pause_s: Seconds between two applications, so that many samples become one event.
        quiet_s: Seconds after which no more history is expected of a source that sends none.
    """

    def __init__(
        self,
        counters: Mapping[tuple[EquipmentPath, str], tuple[EquipmentPath, Counter]],
        apply: Apply,
        *,
        machines: Mapping[tuple[EquipmentPath, str], EquipmentPath] = MappingProxyType({}),
        pause_s: float = 1.0,
        quiet_s: float = _QUIET_S,
    ) -> None:
        self._counters = counters
        self._machines = machines
        self._apply = apply
        self._pause_s = pause_s
        self._quiet_s = quiet_s
        self._held: dict[EquipmentPath, _Held] = {}
        self._wake = asyncio.Event()
        self._applied = asyncio.Event()
        self._centers = {unit: place for (unit, _), (place, _) in counters.items()}
        self._centers |= {unit: place for (unit, _), place in machines.items()}

    def observe(
        self, unit: EquipmentPath, metric: str, value: object, at: datetime, *, birth: bool, historical: bool = False
    ) -> None:
        """Take in one value of a machine's metric; what is neither an output counter nor a state is ignored.

        Args:
            unit: The work unit.
            metric: Canonical metric name.
            value: Its value; null and what is no number is ignored.
            at: Source time, UTC.
            birth: Whether it comes from a birth.
            historical: Whether it is sent late, in order of source time among others that are.
        """
        count = _count_of(value)
        if count is None:
            return
        if target := self._counters.get((unit, metric)):
            place, counter = target
            sample: Sample = CounterSample(counter, Position(count, at), birth)
        elif machine := self._machines.get((unit, metric)):
            place, sample = machine, StateSample(MachineState.of(count), at)
        else:
            return
        held = self._of(place)
        until_s = asyncio.get_running_loop().time() + self._quiet_s
        if birth:
            held.await_history(until_s)
        if historical:
            held.history_came(at, until_s)
        held.add(sample)
        self._wake.set()

    def expect_history(self, unit: EquipmentPath, waiting: int | None) -> None:
        """Take note of how many readings the source of a work unit has still to send; None where it does not say."""
        place = self._centers.get(unit)
        if place is not None:
            self._of(place).history_waits(waiting, asyncio.get_running_loop().time() + self._quiet_s)
            self._wake.set()

    def _of(self, place: EquipmentPath) -> _Held:
        return self._held.setdefault(place, _Held())

    def uncounted(self, place: EquipmentPath) -> Sequence[Sample]:
        """Return the held samples of a work center, oldest first; applying them twice does no harm."""
        held = self._held.get(place)
        return held.upto(None) if held else ()

    async def settled(self) -> None:
        """Wait until everything observed so far has been applied."""
        received = {place: held.received for place, held in self._held.items()}
        while any(self._held[place].applied < number for place, number in received.items()):
            self._applied.clear()
            await self._applied.wait()

    async def run(self) -> None:
        """Have held samples applied until cancelled."""
        while True:
            now_s = asyncio.get_running_loop().time()
            is_waiting = False
            for place, held in list(self._held.items()):
                upto = held.due(now_s)
                is_waiting |= held.awaits_history
                due, last = held.upto(upto), held.received
                if not due:
                    continue
                if await self._apply(place, due):
                    held.forget(last, upto)
                    self._applied.set()
                else:
                    self._wake.set()
            await asyncio.sleep(self._pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._quiet_s / 5 if is_waiting else None):
                    await self._wake.wait()
            self._wake.clear()


@dataclass(slots=True)
class _Held:
    """Samples of one work center in order of arrival, numbered by how many came before.

    Attributes:
        samples: With their numbers.
        received: How many came so far.
        awaits_history: Whether what is later than the history that has come so far is held back.
    """

    samples: deque[tuple[int, Sample]] = field(default_factory=deque)
    received: int = 0
    awaits_history: bool = False
    _waiting: int | None = None
    _until_s: float = 0.0
    _came_upto: datetime | None = None

    @property
    def applied(self) -> int:
        """The first number that is not applied yet."""
        return self.samples[0][0] if self.samples else self.received

    def add(self, sample: Sample) -> None:
        self.samples.append((self.received, sample))
        self.received += 1
        if len(self.samples) > _MOST_HELD:
            self.samples.popleft()

    def upto(self, at: datetime | None) -> list[Sample]:
        """Return what is held up to a source time, or all of it, oldest first."""
        return sorted((s for _, s in self.samples if at is None or _source_time(s) <= at), key=_source_time)

    def forget(self, number: int, at: datetime | None) -> None:
        """Forget what `upto` returned when `number` samples had come."""
        self.samples = deque(
            (n, s) for n, s in self.samples if n >= number or (at is not None and _source_time(s) > at)
        )

    # -- history

    def await_history(self, until_s: float) -> None:
        if self._waiting == 0:
            return
        if not self.awaits_history:
            self._came_upto = None
        self.awaits_history, self._until_s = True, until_s

    def history_came(self, at: datetime, until_s: float) -> None:
        self._until_s = max(self._until_s, until_s)
        self._came_upto = at if self._came_upto is None else max(self._came_upto, at)

    def history_waits(self, waiting: int | None, until_s: float) -> None:
        if waiting is not None and self._waiting is not None and waiting < self._waiting:
            self._until_s = max(self._until_s, until_s)
        self._waiting = waiting
        if waiting == 0:
            self.awaits_history = False

    def due(self, now_s: float) -> datetime | None:
        """Return up to which source time samples are due; None for all of them."""
        if self.awaits_history and now_s >= self._until_s:
            self.awaits_history = False
        return (self._came_upto or _BEGINNING) if self.awaits_history else None


_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _source_time(sample: Sample) -> datetime:
    return sample.at if isinstance(sample, StateSample) else sample.position.at


def _count_of(value: object) -> int | None:
    """Return a counter's value, or None for what is no count."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)
