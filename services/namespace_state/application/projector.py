"""Publishes changed values as retained JSON, each topic at most once in an interval, the whole at a bounded rate, edge nodes in turn.

A change of quality is not held back: that something is lost must be seen at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from heapq import heappop, heappush
from math import ceil

from namespace.runtime import NotConnected
from services.namespace_state.application.turns import Turns
from services.namespace_state.domain.entry import Address, Entry
from services.namespace_state.domain.projection import document_of, is_projected, topic_of

Publish = Callable[[str, bytes, bool], Awaitable[None]]
"""Takes topic, payload and whether it is retained."""

_STEP_S = 0.05


class Projector:
    """Keeps the retained topics equal to the picture.

    Args:
        root: `uns/v1/<Enterprise>/<Site>`.
        publish: Hands a message to the broker; raises `NotConnected`.
        interval_s: Least seconds between two values of one topic.
        per_second: Most messages a second.
    """

    def __init__(self, root: str, publish: Publish, *, interval_s: float = 1.0, per_second: int = 4_000) -> None:
        self._root = root
        self._publish = publish
        self._interval_s = interval_s
        self._per_step = max(1, int(per_second * _STEP_S))
        self._dirty: dict[str, Entry | bytes | None] = {}
        self._ordinary = Turns()
        self._urgent = Turns()
        self._resting: list[tuple[float, str, str]] = []  # a heap: until when, topic, lane
        self._rests: set[str] = set()
        self._sent: dict[str, tuple[float, int]] = {}
        self._adopted: dict[str, set[str]] = {}
        self._unpublishable: set[str] = set()

    def topic(self, address: Address) -> str:
        """Return the topic of an address."""
        return topic_of(self._root, address)

    def found(self, source: str, topic: str, as_stale: bytes | None, *, is_born: bool) -> None:
        """Take note of what the broker retains, from before the start or from before it lost what came later.

        What is part of the picture stays. Anything else is stale until its source confirms it, and goes where that has been born
        without it.

        Args:
            source: Who had said it, `group/node[/device]`.
            topic: Its topic.
            as_stale: Its document, marked as stale; None where it is no document of the projection, which has no business there.
            is_born: Whether the source has been born since the start.
        """
        if topic in self._sent or isinstance(self._dirty.get(topic), Entry):
            return
        if is_born or as_stale is None:
            self._clear([topic])
        else:
            self._adopted.setdefault(source, set()).add(topic)
            self._dirty[topic] = as_stale
            self._ordinary.add(source, topic)

    def update(self, entries: Iterable[Entry]) -> None:
        """Publish entries when their interval allows."""
        for entry in entries:
            if is_projected(entry):
                topic = entry.topic
                if topic is None:
                    topic = entry.topic = self.topic(entry.address)
                if topic in self._unpublishable:
                    continue
                self._dirty[topic] = entry
                sent = self._sent.get(topic)
                lane = f"{entry.source.group_id}/{entry.source.edge_node_id}"
                if sent is None or sent[1] != entry.quality:
                    self._hurry(lane, topic)
                elif topic not in self._urgent and topic not in self._ordinary:
                    self._rest(lane, topic, sent[0] + self._interval_s)

    def born(self, source: str, entries: Iterable[Entry]) -> None:
        """Clear what `source` had before the start and has no more."""
        adopted = self._adopted.pop(source, None)
        if adopted is not None:
            self._clear(adopted - {self.topic(entry.address) for entry in entries})

    def vanished(self, addresses: Iterable[Address]) -> None:
        """Clear the topics of addresses that are there no more."""
        self._clear(self.topic(address) for address in addresses)

    def again(self, entries: Iterable[Entry]) -> None:
        """Publish everything again, paced: the broker may have lost it."""
        self._sent.clear()
        self.update(entries)

    def _clear(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._dirty[topic] = None
            self._hurry("", topic)

    def _hurry(self, lane: str, topic: str) -> None:
        self._ordinary.remove(topic)
        self._rests.discard(topic)
        self._urgent.add(lane, topic)

    def _rest(self, lane: str, topic: str, until_s: float) -> None:
        if topic not in self._rests:
            self._rests.add(topic)
            heappush(self._resting, (until_s, topic, lane))

    async def run(self) -> None:
        """Publish until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_STEP_S)
            self._wake(loop.time())
            stamps: dict[tuple[float, int], tuple[float, int]] = {}
            for topic in self._due():
                entry = self._dirty.pop(topic)
                payload = document_of(entry) if isinstance(entry, Entry) else entry or b""
                try:
                    await self._publish(topic, payload, True)
                except NotConnected:
                    if topic not in self._dirty:
                        self._dirty[topic] = entry
                    self._hurry("", topic)
                    break
                except ValueError:
                    self._unpublishable.add(topic)  # longer than a topic may be
                    continue
                if isinstance(entry, Entry):
                    stamp = (ceil(loop.time() * 100) / 100, int(entry.quality))
                    self._sent[topic] = stamps.setdefault(stamp, stamp)  # one object for many
                else:
                    self._sent.pop(topic, None)

    def _wake(self, now_s: float) -> None:
        """Let those have their turn again whose interval is over."""
        while self._resting and self._resting[0][0] <= now_s:
            _, topic, lane = heappop(self._resting)
            if topic in self._rests:
                self._rests.remove(topic)
                until_s = self._sent.get(topic, (0.0, 0))[0] + self._interval_s
                if until_s > now_s:  # it was on its way when it was changed
                    self._rest(lane, topic, until_s)
                else:
                    self._ordinary.add(lane, topic)

    def _due(self) -> Iterator[str]:
        """Yield what is published in one step, as it is taken out; what is not taken stays."""
        left = self._per_step
        for turns, most in (
            (self._ordinary, left // 2),  # a newcomer's many first values must not outdate what is there
            (self._urgent, left),
            (self._ordinary, left),
        ):
            for topic in turns.take(min(most, left)):
                left -= 1
                yield topic
