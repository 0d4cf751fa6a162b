"""Publishes changed values as retained JSON, each topic at most once in an interval, the whole at a bounded rate, edge nodes in turn.

A change of quality is not held back: that something is lost must be seen at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from math import ceil

from namespace.runtime import NotConnected
from services.namespace_state.application.turns import Turns
from services.namespace_state.domain.entry import NEVER, Address, Entry, Shown
from services.namespace_state.domain.projection import document_of, is_projected, topic_of

Publish = Callable[[str, bytes, bool], Awaitable[None]]
"""Takes topic, payload and whether it is retained."""

_STEP_S = 0.05
_CLEARED = b""
_LONG_AGO: Shown = (0.0, 0)


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
        self._others: dict[str, bytes] = {}  # what is to be published on topics that are not of the picture
        self._ordinary: Turns[Entry | str] = Turns()
        self._urgent: Turns[Entry | str] = Turns()
        self._resting: list[tuple[float, int, Entry]] = []  # a heap: until when, a number apiece, what
        self._numbers = count()
        self._rests: set[Entry | str] = set()
        self._adopted: dict[str, set[str]] = {}

    def topic(self, address: Address) -> str:
        """Return the topic of an address."""
        return topic_of(self._root, address)

    def topics(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Yield the topics of those entries that have one."""
        return (self.topic(entry.address) for entry in entries if is_projected(entry))

    def found(self, source: str, topic: str, as_stale: bytes | None, *, is_born: bool) -> None:
        """Take note of what the broker retains beside the picture, from before the start or from before it lost what came later.

        It is stale until its source confirms it, and goes where that has been born without it.

        Args:
            source: Who had said it, `group/node[/device]`.
            topic: Its topic.
            as_stale: Its document, marked as stale; None where it is no document of the projection, which has no business there.
            is_born: Whether the source has been born since the start.
        """
        if self._others.get(topic) == _CLEARED:
            return
        if is_born or as_stale is None:
            self._clear([topic])
        else:
            self._adopted.setdefault(source, set()).add(topic)
            self._others[topic] = as_stale
            self._ordinary.add(source, topic)

    def update(self, entries: Iterable[Entry]) -> None:
        """Publish entries when their interval allows."""
        for entry in entries:
            shown = entry.shown
            if shown is NEVER or not is_projected(entry):
                continue
            if self._others:
                self._drop_other(self.topic(entry.address))
            if shown is None or shown[1] != entry.quality:
                self._hurry(_lane(entry), entry)
            elif entry not in self._urgent and entry not in self._ordinary:
                self._rest(entry, shown[0] + self._interval_s)

    def born(self, source: str, entries: Iterable[Entry]) -> None:
        """Clear what `source` had before the start and has no more."""
        adopted = self._adopted.pop(source, None)
        if adopted is not None:
            self._clear(adopted - {self.topic(entry.address) for entry in entries})

    def vanished(self, addresses: Iterable[Address]) -> None:
        """Clear the topics of addresses that are there no more; what is told of an address afterwards holds."""
        self._clear(self.topic(address) for address in addresses)

    def again(self, entries: Iterable[Entry]) -> None:
        """Publish everything again, paced: the broker may have lost it."""
        for entry in entries:
            entry.shown = None
            self.update((entry,))

    def _clear(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._others[topic] = _CLEARED
            self._hurry("", topic)

    def _drop_other(self, topic: str) -> None:
        """What was to be published on a topic is void: it is part of the picture now."""
        if self._others.pop(topic, None) is not None:
            self._ordinary.remove(topic)
            self._urgent.remove(topic)

    def _hurry(self, lane: str, what: Entry | str) -> None:
        self._ordinary.remove(what)
        self._rests.discard(what)
        self._urgent.add(lane, what)

    def _rest(self, entry: Entry, until_s: float) -> None:
        if entry not in self._rests:
            self._rests.add(entry)
            heappush(self._resting, (until_s, next(self._numbers), entry))

    async def run(self) -> None:
        """Publish until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_STEP_S)
            self._wake(loop.time())
            stamps: dict[Shown, Shown] = {}
            for due in self._due():
                try:
                    if isinstance(due, Entry):
                        await self._show(due, stamps)
                    else:
                        await self._publish_other(due)
                except NotConnected:
                    self._put_back(due)
                    break

    async def _show(self, entry: Entry, stamps: dict[Shown, Shown]) -> None:
        if entry.shown is NEVER:
            return  # it went while it waited
        quality = int(entry.quality)
        try:
            await self._publish(self.topic(entry.address), document_of(entry), True)
        except ValueError:
            entry.shown = NEVER  # longer than a topic may be
        if entry.shown is not NEVER:
            stamp = (ceil(asyncio.get_running_loop().time() * 100) / 100, quality)
            entry.shown = stamps.setdefault(stamp, stamp)  # one object for many

    async def _publish_other(self, topic: str) -> None:
        payload = self._others.get(topic)
        if payload is None:
            return
        with suppress(ValueError):  # it was longer than a topic may be, and so never there
            await self._publish(topic, payload, True)
        if self._others.get(topic) is payload:
            del self._others[topic]

    def _put_back(self, due: Entry | str) -> None:
        if isinstance(due, str):
            if due in self._others:
                self._hurry("", due)
        elif due.shown is not NEVER:
            self._hurry(_lane(due), due)

    def _wake(self, now_s: float) -> None:
        """Let those have their turn again whose interval is over."""
        while self._resting and self._resting[0][0] <= now_s:
            _, _, entry = heappop(self._resting)
            if entry not in self._rests:
                continue
            self._rests.remove(entry)
            until_s = (entry.shown or _LONG_AGO)[0] + self._interval_s
            if until_s <= now_s:
                self._ordinary.add(_lane(entry), entry)
            elif entry.shown is not NEVER:  # it was on its way when it was changed
                self._rest(entry, until_s)

    def _due(self) -> Iterator[Entry | str]:
        """Yield what is published in one step, as it is taken out; what is not taken stays."""
        left = self._per_step
        for turns, most in (
            (self._ordinary, left // 2),  # a newcomer's many first values must not outdate what is there
            (self._urgent, left),
            (self._ordinary, left),
        ):
            for due in turns.take(min(most, left)):
                left -= 1
                yield due


def _lane(entry: Entry) -> str:
    """Return whose turn it takes: its edge node's."""
    return f"{entry.source.group_id}/{entry.source.edge_node_id}"
