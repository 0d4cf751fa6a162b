"""The bounded queue behind `Connection.batches()`."""

from __future__ import annotations

import asyncio

import pytest

from namespace.transport import ConnectionLost, Counters, LostReason, Message
from namespace.transport.inbox import Inbox


def message(payload: bytes) -> Message:
    return Message("t", payload, 0, retain=False)


async def test_everything_queued_is_one_batch() -> None:
    counters = Counters()
    inbox = Inbox(counters)
    for payload in (b"1", b"2", b"3"):
        assert inbox.put(message(payload))
    assert await anext(inbox) == [message(b"1"), message(b"2"), message(b"3")]
    assert counters.received == 3


async def test_a_waiting_reader_is_woken() -> None:
    inbox = Inbox(Counters())
    reading = asyncio.ensure_future(anext(inbox))
    await asyncio.sleep(0)
    assert not reading.done()
    inbox.put(message(b"1"))
    inbox.put(message(b"2"))
    assert await reading == [message(b"1"), message(b"2")]


async def test_a_full_queue_says_so() -> None:
    inbox = Inbox(Counters(), max_messages=2)
    assert [inbox.put(message(b"")) for _ in range(3)] == [True, True, False]
    assert len(await anext(inbox)) == 2
    assert inbox.put(message(b""))


async def test_payload_bytes_are_bounded_too_but_one_message_may_be_larger() -> None:
    inbox = Inbox(Counters(), max_bytes=10)
    assert inbox.put(message(bytes(100)))
    assert not inbox.put(message(b""))
    await anext(inbox)
    assert inbox.put(message(bytes(9)))
    assert inbox.put(message(bytes(9)))
    assert not inbox.put(message(bytes(1)))


async def test_after_the_end_comes_what_was_queued_and_then_the_first_reason() -> None:
    inbox = Inbox(Counters())
    inbox.put(message(b"1"))
    inbox.end(LostReason.OVERFLOW)
    inbox.end(LostReason.BROKER, "later")
    inbox.put(message(b"too late"))
    assert inbox.lost is LostReason.OVERFLOW
    assert await anext(inbox) == [message(b"1")]
    for _ in range(2):
        with pytest.raises(ConnectionLost, match="overflow"):
            await anext(inbox)


async def test_the_end_wakes_a_waiting_reader() -> None:
    inbox = Inbox(Counters())
    reading = asyncio.ensure_future(anext(inbox))
    await asyncio.sleep(0)
    inbox.end(LostReason.CLOSED)
    with pytest.raises(ConnectionLost):
        await reading


async def test_a_cancelled_reader_loses_nothing() -> None:
    inbox = Inbox(Counters())
    reading = asyncio.ensure_future(anext(inbox))
    await asyncio.sleep(0)
    inbox.put(message(b"1"))
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await anext(inbox) == [message(b"1")]
