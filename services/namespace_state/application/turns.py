"""What waits to be published, by who said it: everybody in turn, so that one source with a great many values holds up nobody else."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Turns(Generic[K]):
    """Topics, or what stands for them, in lanes, one lane for each source; within a lane the oldest comes first.

    Whatever waits, each step costs the same; a lane may still hold what was removed, which is passed over when its turn comes.
    """

    def __init__(self) -> None:
        self._lanes: OrderedDict[str, deque[K]] = OrderedDict()
        self._lane_of: dict[K, str] = {}

    def __contains__(self, topic: object) -> bool:
        return topic in self._lane_of

    def add(self, lane: str, topic: K) -> None:
        """Let `topic` wait in `lane`; one that waits already keeps its place."""
        if topic not in self._lane_of:
            self._lane_of[topic] = lane
            waiting = self._lanes.get(lane)
            if waiting is None:
                waiting = self._lanes[lane] = deque()
            waiting.append(topic)

    def remove(self, topic: K) -> None:
        """Let `topic` wait no more."""
        self._lane_of.pop(topic, None)

    def take(self, count: int) -> Iterator[K]:
        """Yield topics that wait no more from then on, one of each lane and again; others may be added meanwhile.

        Args:
            count: At most so many.
        """
        for _ in range(count):
            topic = self._next()
            if topic is None:
                return
            yield topic

    def _next(self) -> K | None:
        """Take out what has its turn; None where nothing waits."""
        while self._lanes:
            lane, waiting = next(iter(self._lanes.items()))
            topic = waiting.popleft()
            waits = self._lane_of.get(topic) == lane
            if not waiting:
                del self._lanes[lane]
            elif waits:
                self._lanes.move_to_end(lane)
            if waits:
                del self._lane_of[topic]
                return topic
        self._lane_of.clear()  # or it kept the room of all that ever waited
        return None
