"""A bounded queue between whoever receives messages and the one task that reads them in batches.

It exists because nothing may be discarded silently: when it is full it says so, and its owner ends the
session, or has the sender wait until it is read. It does no I/O and belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from namespace.transport.port import ConnectionLost, Counters, LostReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from namespace.transport.port import Message

MAX_QUEUED_MESSAGES = 20_000
MAX_QUEUED_BYTES = 64 * 1024 * 1024


def _nothing() -> None:
    return


class Inbox:
    """Messages of one session that have arrived and not yet been read; an async iterator over batches of
    them.
    """

    def __init__(
        self,
        counters: Counters,
        *,
        max_messages: int = MAX_QUEUED_MESSAGES,
        max_bytes: int = MAX_QUEUED_BYTES,
    ) -> None:
        """Start empty.

        Args:
            counters: Where messages read are counted.
            max_messages: Most messages that may wait.
            max_bytes: Most payload bytes that may wait; a single message may always be larger.
        """
        self._counters = counters
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: list[Message] = []
        self._bytes = 0
        self._reader: asyncio.Future[None] | None = None
        self._end: tuple[LostReason, str] | None = None
        self.taken: Callable[[], None] = _nothing
        """Called when everything queued has been read."""

    def put(self, message: Message) -> bool:
        """Queue a message; tell whether it was taken. Once it is not, call `end`: the rest would have a hole
        in it.
        """
        messages = self._messages
        if self._end is not None:
            return True
        if messages and (len(messages) >= self._max_messages or self._bytes >= self._max_bytes):
            return False
        self._bytes += len(message.payload)
        messages.append(message)
        if self._reader is not None:
            self._wake()
        return True

    def extend(self, messages: list[Message], payload_bytes: int) -> None:
        """Queue messages, whether there is room or not; the sender looks at `fill` before it brings more."""
        if self._end is None and messages:
            self._bytes += payload_bytes
            self._messages.extend(messages)
            self._wake()

    @property
    def fill(self) -> float:
        """How much is waiting, as a share of what may wait; 1 is full."""
        return max(len(self._messages) / self._max_messages, self._bytes / self._max_bytes)

    def end(self, reason: LostReason, detail: str = "") -> None:
        """Take no more messages; the reader still gets what is queued, then `ConnectionLost`. The first
        reason given stays.
        """
        if self._end is None:
            self._end = (reason, detail)
            self._wake()

    @property
    def lost(self) -> LostReason | None:
        """Why it ended, or None."""
        return None if self._end is None else self._end[0]

    def error(self) -> ConnectionLost:
        """The exception that tells why it ended; a new one each time, for each raise its own traceback."""
        return ConnectionLost(*(self._end or (LostReason.BROKER, "")))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Message]:
        """Return everything queued, waiting for at least one message.

        Raises:
            ConnectionLost: It has ended and everything queued was read.
            RuntimeError: Another task is waiting here already.
        """
        while not self._messages:
            if self._end is not None:
                raise self.error()
            if self._reader is not None:
                raise RuntimeError("the messages of a connection are for one reader at a time")
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        batch, self._messages, self._bytes = self._messages, [], 0
        self._counters.received += len(batch)
        self.taken()
        return batch

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
