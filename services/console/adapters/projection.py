"""Hears the JSON projection and the events of the site, and keeps the live picture from them.

Retained topics come again after each connect. What the picture knows and the broker did not repeat within a grace time
has vanished while nobody listened, and is taken away. Whether the console hears the site at all is part of the
picture: pages turn grey when it does not.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from namespace.contracts.query import SiteTopics
from namespace.contracts.registry import SERVICES
from namespace.runtime import Clock, Session
from namespace.transport import Message
from services.console.application.live import LiveEvent, LiveNamespace
from services.console.domain.states import MetricValue
from services.console.domain.tree import UNPLACED

REPEAT_GRACE_S = 30.0
"""How long after a connect retained topics may take to come again, the paced republishing by their owner included."""

_EVENT = "/_event/"
_PRODUCERS = {event.type: contract.service for contract in SERVICES for event in contract.events}


class Projection:
    """Turns messages into the live picture; a member of the session that hears them.

    Args:
        live: The picture.
        clock: For since when the site is heard or not.
        grace_s: See `REPEAT_GRACE_S`, in seconds.
    """

    def __init__(self, live: LiveNamespace, clock: Clock, *, grace_s: float = REPEAT_GRACE_S) -> None:
        self._live = live
        self._clock = clock
        self._grace_s = grace_s
        self._keys: dict[str, tuple[str, str]] = {}
        self._heard: set[str] = set()
        self._connects = asyncio.Event()
        self.unreadable = 0
        """Messages that were no document of the projection."""

    def attach(self, session: Session, topics: SiteTopics, areas: tuple[str, ...]) -> None:
        """Subscribe to the projection of the site on `session`; call before it runs."""
        for topic_filter in topics.projection(areas):
            session.route(topic_filter, self.take)
        session.join(self)

    def take(self, message: Message) -> None:
        """Take in one message of the projection; what is unreadable is counted and changes nothing."""
        if _EVENT in message.topic:
            self._take_event(message)
        elif message.payload:
            self._take_value(message)
        else:
            self._drop(message.topic)

    def _take_value(self, message: Message) -> None:
        document = _document(message.payload)
        metric = None if document is None else _metric(document)
        if metric is None:
            self.unreadable += 1
            return
        self._heard.add(message.topic)
        self._keys[message.topic] = (metric.place, metric.metric)
        self._live.put(metric)

    def _take_event(self, message: Message) -> None:
        document = _document(message.payload)
        event = None if document is None else _event(document)
        if event is None:
            self.unreadable += 1
        else:
            self._live.event(event)

    def _drop(self, topic: str) -> None:
        key = self._keys.pop(topic, None)
        self._heard.discard(topic)
        if key is not None and key not in self._keys.values():
            self._live.remove(*key)

    async def connected(self) -> None:
        """Begin to note which topics come again."""
        self._heard.clear()
        self._connects.set()
        self._live.hears("broker", self._clock.now())

    def disconnected(self) -> None:
        """Say that nothing is heard any more."""
        self._live.misses("broker", "the console has lost the broker", self._clock.now())

    async def sweep(self) -> None:
        """After each connect and its grace time, take away what did not come again; until cancelled."""
        while True:
            await self._connects.wait()
            self._connects.clear()
            try:
                async with asyncio.timeout(self._grace_s):
                    await self._connects.wait()
            except TimeoutError:
                for topic in [topic for topic in self._keys if topic not in self._heard]:
                    self._drop(topic)


def _document(payload: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(payload)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _metric(document: dict[str, Any]) -> MetricValue | None:
    """Read a document of the contract `ProjectedValue`; unplaced values stand under their source's ids."""
    metric, source, quality = document.get("metric"), document.get("source"), document.get("quality")
    if not isinstance(metric, str) or not isinstance(source, str) or not isinstance(quality, int):
        return None
    place, unit, timestamp = document.get("place"), document.get("unit"), document.get("timestamp")
    return MetricValue(
        place=place if isinstance(place, str) else f"{UNPLACED}/{source}",
        metric=metric,
        value=document.get("value"),
        unit=unit if isinstance(unit, str) else None,
        quality=quality,
        timestamp=timestamp if isinstance(timestamp, str) else None,
        source=source,
    )


def _event(document: dict[str, Any]) -> LiveEvent | None:
    """Read a row of an event log as it goes by."""
    text = {name: document.get(name) for name in ("event_id", "type", "scope", "subject", "occurred_at")}
    if not all(isinstance(value, str) for value in text.values()):
        return None
    payload = document.get("payload")
    return LiveEvent(
        event_id=str(text["event_id"]),
        type=str(text["type"]),
        place=str(text["scope"]),
        subject=str(text["subject"]),
        occurred_at=str(text["occurred_at"]),
        producer=_PRODUCERS.get(str(text["type"]), ""),
        actor=_text(document.get("actor")),
        job_order=_text(document.get("job_order")),
        payload=payload if isinstance(payload, dict) else {},
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
