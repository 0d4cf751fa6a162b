"""What the projection said before this process started, read back from the broker so that nothing outdated stays there as good."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from namespace.runtime import Health, Session
from namespace.transport import Message, Transport

_QUIET_S = 0.3
_LONGEST_S = 10.0


@dataclass(frozen=True, slots=True)
class Retained:
    """One retained topic with its document, which is read when somebody asks: nearly all of them are still true, and nobody does."""

    topic: str
    payload: bytes

    @property
    def source(self) -> str:
        """Who had said it: `group/node[/device]`."""
        return str(_document(self.payload).get("source", ""))

    def as_stale(self) -> bytes | None:
        """Return the same document as stale: nobody has confirmed it since. None where it is no document of the projection."""
        document = _document(self.payload)
        if not (document.get("source", "") and "value" in document):
            return None
        return json.dumps({**document, "quality": 500}, ensure_ascii=False, separators=(",", ":")).encode()


async def read_retained(transport: Transport, filters: Iterable[str]) -> list[Retained] | None:
    """Return what is retained under `filters`; None where the broker could not be asked.

    Args:
        transport: A connection of its own, closed afterwards.
        filters: The projection's subtrees.
    """
    found: dict[str, bytes] = {}
    heard = asyncio.Event()

    def take(message: Message) -> None:
        heard.set()
        if message.retain and message.payload:
            found[message.topic] = message.payload

    session = Session(transport, name="retained", health=Health())
    for topic_filter in filters:
        session.route(topic_filter, take)
    running = asyncio.create_task(session.run(), name="read retained projection")
    try:
        async with asyncio.timeout(_LONGEST_S):
            await session.up.wait()
            while await _is_set_within(heard, _QUIET_S):
                heard.clear()
    except TimeoutError:
        if not session.is_up:
            return None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return [Retained(topic, payload) for topic, payload in found.items()]


async def _is_set_within(event: asyncio.Event, limit_s: float) -> bool:
    try:
        async with asyncio.timeout(limit_s):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _document(payload: bytes) -> dict[str, Any]:
    try:
        document = json.loads(payload)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
