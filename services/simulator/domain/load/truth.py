"""What a load really said: the source time of every reading, at eight bytes for a whole message.

Values need no keeping: they follow from the metric and the reading's number.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator

from services.simulator.domain.load.plan import LoadPlan, Place, Reading


class LoadTruth:
    """Every reading of a load; grows with each message.

    Args:
        plan: The load.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self._times: list[array[int]] = [array("Q") for _ in range(plan.slots)]
        self._widths = [len(plan.block(block)) for block in range(plan.blocks)]
        self.messages = 0
        """Blocks of readings taken so far, without those that exist since the first births."""

    def begin(self, at_ms: int) -> None:
        """Give every metric its first reading, number 0, that births carry (milliseconds since the epoch)."""
        for times in self._times:
            if not times:
                times.append(at_ms)

    def take(self, slot: int, now_ms: int) -> tuple[int, int]:
        """Take the next readings of a block.

        Args:
            slot: The block, see `LoadPlan.slot`.
            now_ms: Milliseconds since the epoch.

        Returns:
            Their number, and their source time: `now_ms`, or later if the block has spoken in this millisecond.
        """
        times = self._times[slot]
        if now_ms <= times[-1]:
            now_ms = times[-1] + 1
        times.append(now_ms)
        self.messages += 1
        return len(times) - 1, now_ms

    def last(self, slot: int) -> tuple[int, int]:
        """Return number and source time of a block's latest readings."""
        times = self._times[slot]
        return len(times) - 1, times[-1]

    def times(self, slot: int) -> array[int]:
        """Return the source times of a block, by the readings' number; not for changing."""
        return self._times[slot]

    def since(self, slot: int, since_ms: int) -> Iterator[tuple[int, int]]:
        """Yield number and source time of a block's readings from a time on (milliseconds since the epoch)."""
        times = self._times[slot]
        for number in range(bisect_left(times, since_ms), len(times)):
            yield number, times[number]

    @property
    def readings(self) -> int:
        """How many readings there are, those of the first births among them."""
        blocks, widths = self.plan.blocks, self._widths
        return sum(len(times) * widths[slot % blocks] for slot, times in enumerate(self._times))

    def readings_of(self, node: int, place: int, metric: int) -> array[int]:
        """Return the source times of one metric (by indices), by the readings' number; not for changing."""
        return self._times[self.plan.slot(node, place, metric // self.plan.per_message)]

    def count_of(self, node: int) -> tuple[int, int]:
        """Return how many messages and readings an edge node took, without those of the first birth."""
        blocks = self.plan.blocks
        first = self.plan.slot(node, 0, 0)
        counts = [len(self._times[first + step]) - 1 for step in range(self.plan.places_per_node * blocks)]
        return sum(counts), sum(count * self._widths[step % blocks] for step, count in enumerate(counts))

    def each(self) -> Iterator[Reading]:
        """Yield every reading: by edge node, device and metric, in order of time."""
        plan = self.plan
        for node, node_id in enumerate(plan.node_ids):
            for place, device_id in enumerate(plan.device_ids):
                who = Place(node_id, device_id)
                for metric, name in enumerate(plan.metric_names):
                    for number, at_ms in enumerate(self.readings_of(node, place, metric)):
                        yield Reading(who, name, number, at_ms, plan.value(node, place, metric, number))

    def digest(self) -> str:
        """Return a SHA-256 over every source time: equal for equal truths of the same plan."""
        digest = hashlib.sha256()
        for times in self._times:
            digest.update(len(times).to_bytes(8, "little"))
            digest.update(times.tobytes())
        return digest.hexdigest()
