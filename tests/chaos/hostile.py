"""What a hostile or broken client sends: bytes and habits that no library of ours would allow."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import count

from namespace.sparkplug import DataType, Metric, Payload, encode_payload
from namespace.sparkplug._pb.sparkplug_b_pb2 import Payload as Wire
from namespace.sparkplug.compression import COMPRESSED_UUID
from namespace.transport import BrokerUrl

GROUP, NODE = "Wild", "Hostile"


class RoughClient:
    """An MQTT 3.1.1 client that checks nothing and reads only when told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer

    async def send(self, packets: Iterable[bytes]) -> None:
        """Send packets as fast as the broker takes them; ends early where it cuts us off."""
        with contextlib.suppress(ConnectionError):
            for packet in packets:
                self._writer.write(packet)
                await self._writer.drain()


@asynccontextmanager
async def rough_client(url: BrokerUrl, client_id: str, *, read_bytes: int = 65_536) -> AsyncIterator[RoughClient]:
    """Sign in; cut the connection at the end."""
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=read_bytes)
    try:
        writer.write(connect(url, client_id))
        await writer.drain()
        answer = await asyncio.wait_for(reader.readexactly(4), 20)
        assert answer == b"\x20\x02\x00\x00", f"refused: {answer!r}"
        yield RoughClient(reader, writer)
    finally:
        writer.transport.abort()


def connect(url: BrokerUrl, client_id: str) -> bytes:
    """Return a CONNECT (MQTT 3.1.1, 3.1)."""
    credentials = _text(url.username or "") + _text(url.password or "")
    return _packet(0x10, b"\x00\x04MQTT\x04\xc2\x00\x00" + _text(client_id) + credentials)


def subscribe(topic_filter: str) -> bytes:
    """Return a SUBSCRIBE with QoS 0 (MQTT 3.1.1, 3.8)."""
    return _packet(0x82, b"\x00\x01" + _text(topic_filter) + b"\x00")


def publish(topic: str, payload: bytes) -> bytes:
    """Return a PUBLISH with QoS 0 (MQTT 3.1.1, 3.3)."""
    return _packet(0x30, _text(topic) + payload)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _packet(first: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes((first,)) + bytes(length) + body


def topic(kind: str, device: str = "") -> str:
    """Return a topic of the hostile edge node."""
    return f"spBv1.0/{GROUP}/{kind}/{NODE}" + (f"/{device}" if device else "")


class Sequence:
    """Numbers the messages of a well-formed edge node."""

    def __init__(self) -> None:
        self._numbers = count()

    def message(self, kind: str, metrics: Iterable[Metric], device: str = "") -> bytes:
        """Return the next message as a PUBLISH."""
        now_ms = time.time_ns() // 1_000_000
        payload = Payload(timestamp=now_ms, seq=next(self._numbers) % 256, metrics=tuple(metrics))
        return publish(topic(kind, device), encode_payload(payload))


def metrics(number: int, prefix: str = "m") -> Iterator[Metric]:
    """Return metrics with names of their own."""
    now_ms = time.time_ns() // 1_000_000
    for each in range(number):
        yield Metric(name=f"{prefix}{each}", timestamp=now_ms, datatype=DataType.Int64, value=each)


def birth() -> tuple[Metric, ...]:
    """Return what an NBIRTH must hold."""
    now_ms = time.time_ns() // 1_000_000
    return (
        Metric(name="bdSeq", timestamp=now_ms, datatype=DataType.Int64, value=0),
        Metric(name="Node Control/Rebirth", timestamp=now_ms, datatype=DataType.Boolean, value=False),
    )


def garbage(number: int, seed: int) -> Iterator[bytes]:
    """Return messages of random bytes, and payloads that were cut short, under the topics of the edge node."""
    source = random.Random(seed)
    whole = encode_payload(Payload(timestamp=1, seq=0, metrics=tuple(metrics(20))))
    for each in range(number):
        random_bytes = source.randbytes(source.randint(0, 200))
        payload = random_bytes if each % 2 else whole[: source.randrange(len(whole))]
        yield publish(topic(source.choice(("NBIRTH", "NDATA"))), payload)
        yield publish(topic("DDATA", source.choice(("a", "b", "\u00fc"))), payload)


def bomb(inflated_bytes: int) -> bytes:
    """Return a compressed payload that would inflate to so many bytes."""
    wire = Wire(timestamp=1, seq=0, uuid=COMPRESSED_UUID, body=zlib.compress(bytes(inflated_bytes), 9))
    return publish(topic("NBIRTH"), wire.SerializeToString())


def oversized_birth(number: int) -> bytes:
    """Return a birth of so many metrics with the shortest possible names."""
    wire = Wire(timestamp=1, seq=0)
    for each in range(number):
        wire.metrics.add(name=f"{each:x}", datatype=1, int_value=1)
    return publish(topic("NBIRTH"), wire.SerializeToString())
