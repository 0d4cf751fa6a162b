"""What waits to be published, by who said it: everybody in turn, so that one source with a great many values holds up nobody else."""

from __future__ import annotations

from collections.abc import Iterator


class Turns:
    """Topics in lanes, one lane for each source; within a lane the oldest comes first."""

    def __init__(self) -> None:
        self._lanes: dict[str, dict[str, None]] = {}
        self._lane_of: dict[str, str] = {}

    def __contains__(self, topic: object) -> bool:
        return topic in self._lane_of

    def add(self, lane: str, topic: str) -> None:
        """Let `topic` wait in `lane`; one that waits already keeps its place."""
        if topic not in self._lane_of:
            self._lane_of[topic] = lane
            self._lanes.setdefault(lane, {})[topic] = None

    def remove(self, topic: str) -> None:
        """Let `topic` wait no more; its lane comes after all others next."""
        lane = self._lane_of.pop(topic, None)
        if lane is None:
            return
        left = self._lanes.pop(lane)
        del left[topic]
        if left:
            self._lanes[lane] = left

    def __iter__(self) -> Iterator[str]:
        """Go through the topics, one of each lane and again; nothing may be added or removed meanwhile."""
        lanes = [iter(lane) for lane in self._lanes.values()]
        while lanes:
            following = []
            for lane in lanes:
                topic = next(lane, None)
                if topic is not None:
                    yield topic
                    following.append(lane)
            lanes = following
