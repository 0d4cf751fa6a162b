"""One connection through a proxy: its two ends, and what is under way between them.

As long as nothing is to be done to it, what one end reads goes out at the other at once, without a task in between: a site under load has
thousands of pieces a second under way. What is held back, late or slow waits in a queue, in order, the end of the connection behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

_MOST_WAITING_BYTES = 131_072


class Way(Protocol):
    """What happens to what passes."""

    def is_clear(self) -> bool:
        """Tell whether everything may go out at once."""
        ...

    async def may_pass(self, size: int) -> None:
        """Return when a piece of so many bytes may go out."""
        ...

    def hand_on(self, data: bytes, write: Callable[[bytes], None]) -> None:
        """Let a piece go out, or what may of it."""
        ...


class End(asyncio.Protocol):
    """One end of a connection.

    Args:
        way: What happens to what is read here.
        altered: Takes what was read, returns what is to be handed on.
        made: Called when the connection is there.
        lost: Called when it is gone.

    Attributes:
        transport: The connection; None before there is one.
        is_lost: Whether it is gone.
        other: The other end.
    """

    def __init__(
        self, way: Way, altered: Callable[[bytes], bytes], *, made: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        self._way = way
        self._altered = altered
        self._made = made
        self._lost = lost
        self._waiting: deque[bytes | None] = deque()
        self._waiting_bytes = 0
        self._late: asyncio.Task[None] | None = None
        self._is_choked = False
        self._is_over = False
        self._takes_more = asyncio.Event()
        self.transport: asyncio.Transport | None = None
        self.is_lost = False
        self.other: End

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the connection."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by type
        self._takes_more.set()
        self._made()

    def data_received(self, data: bytes) -> None:
        """Hand on what was read."""
        data = self._altered(data)
        if data:
            self._next(data)

    def eof_received(self) -> bool:
        """End the other end as well, behind what was read before."""
        self._end()
        return True  # and this one once the other is closed

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other end as well, behind what was read before."""
        del exc
        self.is_lost = True
        self._takes_more.set()
        self._end()
        self._lost()

    def pause_writing(self) -> None:
        """Read no more at the other end while this one takes no more."""
        self._takes_more.clear()
        self.other.choke(is_choked=True)

    def resume_writing(self) -> None:
        """Read on."""
        self._takes_more.set()
        self.other.choke(is_choked=False)

    # -- what the other end and the proxy call

    @property
    def takes_more(self) -> bool:
        """Whether it is connected, and what is written goes out."""
        return self._takes_more.is_set()

    def choke(self, *, is_choked: bool) -> None:
        """Stop reading here, or go on."""
        self._is_choked = is_choked
        self._read_or_not()

    def abort(self) -> None:
        """End the connection at once; what waits is lost."""
        self._is_over = True
        self._waiting.clear()
        if self._late is not None:
            self._late.cancel()
        if self.transport is not None:
            self.transport.abort()

    # -- inside

    def _next(self, data: bytes | None) -> None:
        """Hand on a piece, or the end (None), now or behind what waits."""
        if self._late is None and self.other.takes_more and self._way.is_clear():
            self._hand_on(data)
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data or b"")
        self._read_or_not()
        if self._late is None:
            self._late = asyncio.create_task(self._hand_on_late())

    async def _hand_on_late(self) -> None:
        while self._waiting:
            data = self._waiting[0]
            await self._way.may_pass(len(data or b""))
            await self.other._takes_more.wait()
            self._waiting.popleft()
            self._waiting_bytes -= len(data or b"")
            self._hand_on(data)
            self._read_or_not()
        self._late = None

    def _hand_on(self, data: bytes | None) -> None:
        there = self.other.transport
        if there is None or there.is_closing():
            return
        if data is None:
            there.close()  # behind what was handed on before
        else:
            self._way.hand_on(data, there.write)

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._next(None)

    def _read_or_not(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._is_choked or self._waiting_bytes > _MOST_WAITING_BYTES:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()
