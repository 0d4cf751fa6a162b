"""What waits to be published, by who said it: everybody in turn, so that one source with a great many values holds up nobody else."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator


class Turns:
    """Topics in lanes, one lane for each source; within a lane the oldest comes first. Whatever waits, each step costs the same."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()
        self._lane_of: dict[str, str] = {}

    def __contains__(self, topic: object) -> bool:
        return topic in self._lane_of

    def add(self, lane: str, topic: str) -> None:
        """Let `topic` wait in `lane`; one that waits already keeps its place."""
        if topic not in self._lane_of:
            self._lane_of[topic] = lane
            waiting = self._lanes.get(lane)
            if waiting is None:
                waiting = self._lanes[lane] = OrderedDict()
            waiting[topic] = None

    def remove(self, topic: str) -> None:
        """Let `topic` wait no more."""
        lane = self._lane_of.pop(topic, None)
        if lane is not None:
            waiting = self._lanes[lane]
            del waiting[topic]
            if not waiting:
                del self._lanes[lane]

    def take(self, count: int) -> Iterator[str]:
        """Yield topics that wait no more from then on, one of each lane and again; others may be added meanwhile.

        Args:
            count: At most so many.
        """
        for _ in range(count):
            lane = next(iter(self._lanes), None)
            if lane is None:
                return
            waiting = self._lanes[lane]
            topic, _ = waiting.popitem(last=False)
            del self._lane_of[topic]
            if waiting:
                self._lanes.move_to_end(lane)
            else:
                del self._lanes[lane]
            yield topic
