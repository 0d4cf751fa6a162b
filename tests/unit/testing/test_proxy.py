"""A proxy hands on every byte in order, whatever it did before, and does what a bad network does when told to."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from namespace.servers.ports import LOOPBACK
from namespace.testing.chaos.proxy import FaultProxy, Loss
from namespace.testing.site import eventually

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

QOS_0, QOS_1 = b"\x30\x03\x00\x01a", b"\x32\x05\x00\x01a\x00\x01"


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[Connection]:
    """Connect through a proxy."""
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def proxied(*, is_mqtt: bool = False) -> AsyncIterator[tuple[FaultProxy, Connection]]:
    """Connect to a server that returns what it is sent, through a proxy."""
    server = await asyncio.start_server(_echo, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with server, FaultProxy(port, is_mqtt=is_mqtt).running() as proxy, connected(proxy) as connection:
        yield proxy, connection


async def connections(proxy: FaultProxy, count: int) -> None:
    async def probe() -> bool:
        return proxy.connected == count

    await eventually(probe, within_s=10, what=f"{count} connections")


async def said_back(connection: Connection, data: bytes) -> bytes:
    reader, writer = connection
    writer.write(data)
    return await reader.readexactly(len(data))


FAULTS: dict[str, Callable[[FaultProxy], None]] = {
    "hold": FaultProxy.hold,
    "delay": lambda proxy: setattr(proxy, "delay_s", 0.01),
    "throttle": lambda proxy: setattr(proxy, "bytes_per_s", 100_000.0),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_was_held_back_comes_whole_and_in_order_with_what_follows(fault: str) -> None:
    data = random.Random(fault).randbytes(2_000_000)
    async with proxied() as (proxy, (reader, writer)):
        assert await said_back((reader, writer), b"before") == b"before"
        FAULTS[fault](proxy)
        writer.write(data)
        await asyncio.sleep(0.05)  # some of it is under way
        proxy.calm()
        assert await reader.readexactly(len(data)) == data
        assert await said_back((reader, writer), b"after") == b"after"


async def test_while_it_holds_nothing_passes_and_nobody_learns_that_the_other_is_gone() -> None:
    async with proxied() as (proxy, (reader, writer)):
        assert await said_back((reader, writer), b"before") == b"before"
        proxy.hold()
        writer.write(b"held")
        writer.close()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connections(proxy, 0)
        proxy.calm()
        await connections(proxy, 0)


async def test_a_connection_ends_after_exactly_so_many_bytes() -> None:
    async with proxied() as (proxy, (reader, writer)):
        assert await said_back((reader, writer), b"before") == b"before"
        proxy.cut_after(5)
        writer.write(b"abc")  # three there, and two of three back
        came = b""
        with contextlib.suppress(ConnectionError):
            while more := await reader.read(10):
                came += more
        assert came == b"ab"
        await connections(proxy, 0)
        assert proxy.passed.cuts == 1


async def test_a_closed_proxy_takes_no_connection_until_it_is_calm() -> None:
    async with proxied() as (proxy, _):
        await connections(proxy, 1)
        proxy.close()
        await connections(proxy, 0)
        async with connected(proxy) as (reader, _):
            with contextlib.suppress(ConnectionError):
                assert await reader.read(1) == b""
        proxy.calm()
        async with connected(proxy) as again:
            assert await said_back(again, b"again") == b"again"


async def test_only_messages_of_qos_0_are_lost_or_come_twice_and_always_whole() -> None:
    async with proxied(is_mqtt=True) as (proxy, (reader, writer)):
        proxy.loss = Loss(drop=1.0, duplicate=0.0, source=random.Random(1))
        for part in (QOS_0[:2], QOS_0[2:] + QOS_1[:3], QOS_1[3:]):
            writer.write(part)
            await asyncio.sleep(0.01)
        assert await reader.readexactly(len(QOS_1)) == QOS_1
        proxy.loss = Loss(drop=0.0, duplicate=1.0, source=random.Random(1))
        writer.write(QOS_0)
        assert await reader.readexactly(len(QOS_0) * 4) == QOS_0 * 4  # twice there, each twice back
        assert proxy.passed.duplicated == 3


async def test_who_does_not_read_is_not_sent_more_than_the_buffers_hold() -> None:
    data = bytes(40_000_000)
    async with proxied() as (proxy, (reader, writer)):
        writer.write(data)
        passed = [-1]

        async def stands() -> bool:
            passed.append(proxy.passed.bytes)
            return len(set(passed[-10:])) == 1

        await eventually(stands, within_s=30, what="nothing passes any more")
        assert 0 < proxy.passed.bytes < len(data)
        assert await reader.readexactly(len(data)) == data
