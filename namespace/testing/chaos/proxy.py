"""A TCP proxy between a service and a server, which does to its connections what a bad network does.

It hands on everything, in order, until told otherwise. What it can be told: to cut every connection at once or after a number of bytes, to
take no new one, to let nothing through while both ends stay connected, to be slow, and - towards a broker - to lose or repeat single
messages of QoS 0.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from namespace.servers.ports import LOOPBACK
from namespace.testing.chaos.link import End
from namespace.testing.chaos.packets import PacketStream, may_get_lost


@dataclass(slots=True)
class Loss:
    """Messages that get lost or come twice.

    Attributes:
        drop: Probability that a message is lost.
        duplicate: Probability that it comes twice.
        source: Decides.
    """

    drop: float
    duplicate: float
    source: random.Random


@dataclass(slots=True)
class Passed:
    """What went through, and what was done to it."""

    connections: int = 0
    bytes: int = 0
    cuts: int = 0
    dropped: int = 0
    duplicated: int = 0


class _Link:
    """One connection: the client's end and the server's.

    Args:
        proxy: Through which it goes.
        came: Called when a client is there.

    Attributes:
        over: Set when both ends are gone.
    """

    def __init__(self, proxy: FaultProxy, came: Callable[[_Link], None]) -> None:
        self.over = asyncio.Event()
        self.client = End(proxy, proxy.altering(), made=lambda: came(self), lost=self._lost)
        self.server = End(proxy, proxy.altering(), made=_nothing, lost=self._lost)
        self.client.other, self.server.other = self.server, self.client

    def abort(self) -> None:
        """End it at once."""
        for end in (self.client, self.server):
            end.abort()

    def _lost(self) -> None:
        if self.client.is_lost and self.server.is_lost:
            self.over.set()


def _nothing() -> None:
    return


@dataclass(eq=False)
class FaultProxy:
    """Accepts connections on a free port of loopback and hands them on to `target_port`.

    Args:
        target_port: The server's port on loopback.
        is_mqtt: The server is a broker: messages are kept whole, and can be lost.

    Attributes:
        delay_s: How long each piece is held back, in seconds; order is kept.
        bytes_per_s: Most bytes per second and direction; None for no limit.
        loss: What happens to single messages; None for nothing.
        passed: Counts.
    """

    target_port: int
    is_mqtt: bool
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    loss: Loss | None = None
    passed: Passed = field(default_factory=Passed)
    port: int = 0
    _links: set[_Link] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _is_closed: bool = False
    _bytes_left: int | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FaultProxy]:
        """Accept connections while the context is open."""
        self._flows.set()
        server = await asyncio.get_running_loop().create_server(lambda: _Link(self, self._accept).client, LOOPBACK, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, link: _Link) -> None:
        task = asyncio.create_task(self._serve(link))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def connected(self) -> int:
        """How many connections there are now."""
        return len(self._links)

    # -- faults

    def cut(self) -> None:
        """End every connection at once, between any two bytes."""
        self._bytes_left = None
        for link in tuple(self._links):
            self.passed.cuts += 1
            link.abort()

    def cut_after(self, count: int) -> None:
        """Let `count` further bytes through, both directions together, and end every connection in the middle of what follows."""
        self._bytes_left = count

    def close(self) -> None:
        """End every connection and take no new one until `calm`."""
        self._is_closed = True
        self.cut()

    def hold(self) -> None:
        """Let nothing through, while both ends believe to be connected, until `calm`."""
        self._flows.clear()

    def calm(self) -> None:
        """Do no further harm: take connections, let through what was held and all that follows, at once and whole."""
        self._is_closed = False
        self.delay_s, self.bytes_per_s, self.loss = 0.0, None, None
        self._flows.set()

    # -- handing on

    async def _serve(self, link: _Link) -> None:
        try:
            if not self._is_closed:
                await asyncio.get_running_loop().create_connection(lambda: link.server, LOOPBACK, self.target_port)
                await self._join(link)
        except OSError:
            pass  # the server is down: the client finds its connection closed
        finally:
            link.abort()

    async def _join(self, link: _Link) -> None:
        self._links.add(link)
        self.passed.connections += 1
        try:
            if not self._is_closed:
                await link.over.wait()
        finally:
            self._links.discard(link)

    def is_clear(self) -> bool:
        """Tell whether everything may go out at once."""
        return self._flows.is_set() and not self.delay_s and not self.bytes_per_s

    async def may_pass(self, size: int) -> None:
        """Return when a piece of so many bytes may go out."""
        await self._flows.wait()
        if wait_s := self.delay_s + (size / self.bytes_per_s if self.bytes_per_s else 0.0):
            await asyncio.sleep(wait_s)

    def hand_on(self, data: bytes, write: Callable[[bytes], None]) -> None:
        """Let a piece go out; its begin alone where the connections are to end in it."""
        if self._bytes_left is not None:
            if len(data) >= self._bytes_left:
                write(data[: self._bytes_left])
                self.cut()
                return
            self._bytes_left -= len(data)
        self.passed.bytes += len(data)
        write(data)

    def altering(self) -> Callable[[bytes], bytes]:
        """Return what alters one direction of a connection."""
        if not self.is_mqtt:
            return lambda data: data
        packets = PacketStream()
        return lambda data: b"".join(self._at_risk(packets.feed(data)))

    def _at_risk(self, packets: list[bytes]) -> Iterator[bytes]:
        loss = self.loss
        if loss is None:
            yield from packets
            return
        for packet in packets:
            fate = loss.source.random() if may_get_lost(packet) else 1.0
            if fate < loss.drop:
                self.passed.dropped += 1
                continue
            yield packet
            if fate < loss.drop + loss.duplicate:
                self.passed.duplicated += 1
                yield packet
