"""Sending what an edge node has kept: page by page, as history, between live reports.

What to send and when is decided by `namespace.sparkplug.Forwarding`, how by `namespace.sparkplug.resend`; this reads the buffer,
publishes a page and waits until the broker has been given it before it reads on.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable

from namespace.runtime.edge_buffer import EdgeBuffer
from namespace.runtime.edge_node import EdgeNode
from namespace.runtime.logging import get_logger
from namespace.sparkplug import EdgeNodeSession, Forwarding, resend

_LOOK_S = 1.0
_RETRY_S = 1.0


class Backlog:
    """The backlog of one edge node.

    Args:
        core: The protocol of the node.
        node: Publishes.
        buffer: Keeps.
        forwarding: Decides.

    Attributes:
        emptied: Called when the last of it has been given to the broker.
    """

    def __init__(self, core: EdgeNodeSession, node: EdgeNode, buffer: EdgeBuffer, forwarding: Forwarding) -> None:
        self._core = core
        self._node = node
        self._buffer = buffer
        self._forwarding = forwarding
        self._wake = asyncio.Event()
        self.emptied: Callable[[], None] = lambda: None
        self._log = get_logger(part="backlog", node=str(core.config.edge_node))

    def wake(self) -> None:
        """Look again: the session, a device or the buffer has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._wake.clear()
            try:
                has_read = await self._send_page()
            except sqlite3.Error as error:
                self._log.error("edge_buffer_not_read", error=str(error))
                await asyncio.sleep(_RETRY_S)
                continue
            if not has_read:
                await self._pause()
            elif self._forwarding.is_open and not self._forwarding.has_backlog:
                self.emptied()

    async def _pause(self) -> None:
        due_ms = self._forwarding.due_in_ms(self._buffer.now_ms())
        if self._forwarding.has_backlog and due_ms > 0:
            await asyncio.sleep(due_ms / 1000)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._wake.wait()

    async def _send_page(self) -> bool:
        """Send one page; return whether there was one to read."""
        want = self._forwarding.want(self._buffer.now_ms())
        if want is None or want.span.first >= self._buffer.committed:
            return False
        reports, end = await self._buffer.page(want.span, want.readings)
        readings = sum(report.readings for report in reports)
        if not self._forwarding.take(want.span, end, readings, self._buffer.now_ms()):
            return True
        page = resend(self._core, self._forwarding, reports, of_one=want.span.of_one, now_ms=self._node.now_ms())
        if page.undeliverable:
            lost = sum(each.readings for each in page.undeliverable)
            self._log.warning("edge_readings_undeliverable", readings=lost)
            self._buffer.undeliverable(page.undeliverable)
        if not page.messages:
            return True
        handed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def told(is_handed: bool) -> None:
            now_ms = self._buffer.now_ms()
            for span, count in page.sent if is_handed else ():
                self._forwarding.sent(span, count, now_ms)
            if not handed.done():
                handed.set_result(None)

        self._node.publish(page.messages, told)
        await handed
        return True
