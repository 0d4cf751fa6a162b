"""What the historian says about itself, and that it is alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from namespace.runtime import EdgeNode, Health
from namespace.store import DatabaseUnavailable, TransactionConflict
from services.historian.application.writer import Writer
from services.historian.ports import Spool

_REPORT_S = 2.0


class Reporter:
    """Publishes the service's figures.

    Args:
        node: The service's edge node.
        writer: What is written.
        spool: What waits.
        gaps: How many gaps were recorded since the start.
        is_online: Whether edge nodes are told to send.
        is_listening: Whether the site is heard.
        alive: Notes in the database that the site is heard.
        health: Told while the database does not take what is heard.
    """

    def __init__(
        self,
        node: EdgeNode,
        writer: Writer,
        spool: Spool,
        *,
        gaps: Callable[[], int],
        is_online: Callable[[], bool],
        is_listening: Callable[[], bool],
        alive: Callable[[], Awaitable[None]],
        health: Health,
    ) -> None:
        self._node = node
        self._writer = writer
        self._spool = spool
        self._gaps = gaps
        self._is_online = is_online
        self._is_listening = is_listening
        self._alive = alive
        self._health = health

    async def run(self) -> None:
        """Report until cancelled."""
        loop = asyncio.get_running_loop()
        before, before_s = self._writer.written, loop.time()
        while True:
            await asyncio.sleep(_REPORT_S)
            written, now_s = self._writer.written, loop.time()
            self._say((written - before) / (now_s - before_s))
            before, before_s = written, now_s
            if self._is_listening() and self._writer.is_reachable:
                try:
                    await self._alive()
                except (DatabaseUnavailable, TransactionConflict):
                    continue  # the writer finds out, and says so

    def _say(self, rate: float) -> None:
        writer = self._writer
        if not writer.has_room:
            self._health.not_ready("spool", "the spool is full; edge nodes are told to hold back")
        else:
            self._health.ready("spool")
        if writer.is_reachable:
            self._health.ready("journal")
        else:
            waiting = self._spool.size_bytes
            self._health.not_ready("journal", f"the database does not answer; {waiting} bytes wait on disk")
        self._node.set(
            None,
            {
                "History/Rate": round(rate, 1),
                "History/Lag": writer.lag_ms / 1000,
                "History/Position": writer.position,
                "History/SpoolBytes": self._spool.size_bytes,
                "History/Repeated": writer.repeated,
                "History/Dropped": writer.dropped,
                "History/Gaps": self._gaps(),
                "History/PrimaryHostOnline": self._is_online(),
            },
        )
