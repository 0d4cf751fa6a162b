"""Brings what the broker retains and what is true together again after each connect.

The broker may have been restarted with an older state, or this service may have been away: what it retains is good only where the
picture confirms it. Everything known goes out again, paced; what is retained beside that turns stale or is cleared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from namespace.runtime import Logger
from services.namespace_state.application.projector import Projector
from services.namespace_state.domain.picture import Picture

_RETRY_S = 1.0


async def _at_once() -> None:
    return


class RetainedDocument(Protocol):
    """One retained topic of the projection."""

    @property
    def topic(self) -> str:
        """Its topic."""
        ...

    @property
    def source(self) -> str:
        """Who had said it: `group/node[/device]`."""
        ...

    def as_stale(self) -> bytes | None:
        """Return the document marked as stale; None where it is none."""
        ...


class Reconciler:
    """A member of the session on which the projection is published.

    Args:
        projector: Publishes.
        picture: What is true.
        read: Reads what the broker retains; None where it could not be asked.
        is_known: Awaited before each look: there is a picture, of which nearly all that is retained is part.
        log: For people.
    """

    def __init__(
        self,
        projector: Projector,
        picture: Picture,
        read: Callable[[], Awaitable[Sequence[RetainedDocument] | None]],
        *,
        is_known: Callable[[], Awaitable[object]] = _at_once,
        log: Logger,
    ) -> None:
        self._projector = projector
        self._picture = picture
        self._read = read
        self._is_known = is_known
        self._log = log
        self._due = asyncio.Event()

    async def connected(self) -> None:
        """Publish everything known again, and look at what is retained beside it."""
        self._projector.again(self._picture.entries())
        self._due.set()

    def disconnected(self) -> None:
        """Nothing to note: what could not be published waits in the projector."""

    async def run(self) -> None:
        """Look at what is retained after each connect, until cancelled."""
        while True:
            await self._due.wait()
            await self._is_known()
            self._due.clear()
            retained = await self._read()
            if retained is None:
                self._due.set()
                await asyncio.sleep(_RETRY_S)
                continue
            beside = {document.topic: document for document in retained}
            for topic in self._projector.topics(self._picture.entries()):
                beside.pop(topic, None)
            born = self._picture.sources()
            for document in beside.values():
                is_born = document.source in born
                self._projector.found(document.source, document.topic, document.as_stale(), is_born=is_born)
            self._log.info("retained_projection_read", topics=len(retained))
