"""The optional compiled steps change nothing: the same messages, events, tables and journal columns for whatever arrives, bit for bit.

Two packet streams, two host sessions and recorders hear the same bytes, one with the steps and one without. The bytes are written here
field by field, so that they hold what no library would write; then some are broken.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from namespace.isa95 import load_site
from namespace.runtime.accelerated import compiled_packets, compiled_walk
from namespace.sparkplug import EdgeNodeDescriptor, HostEvent, HostSession, HostSettings, Limits, NodeState, Walk
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.host_node import Route
from namespace.sparkplug.host_settings import Heard
from namespace.transport import Message
from namespace.transport.mqtt_packets import remaining_length
from namespace.transport.packet_stream import Arrived, PacketStream, PacketWalk
from services.historian.adapters.compiled import compiled_take
from services.historian.application.recorder import Recorder, Take
from services.historian.domain.batch import Batch
from services.historian.domain.tag import Tags

NODE = EdgeNodeDescriptor("Bottling", "Line1-PLC")
NOW = 1_800_000_000_000
SITE_FILE = Path(__file__).parents[2] / "deploy" / "site" / "acme-dallas.yaml"
SITE = load_site(SITE_FILE.read_text(encoding="utf-8"), str(SITE_FILE))
SETTINGS = HostSettings(limits=Limits(payload_bytes=900, metrics=24), reorder_timeout_ms=0)

VARINT, FIXED64, PART, FIXED32 = 0, 1, 2, 5
_WHOLE = (0, 1, 2, 127, 128, 255, 256, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1)
_TEXTS = (
    b"",
    b"a",
    "grüße".encode(),
    "\U0001f6e0".encode(),
    b"nul\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xf4\x90\x80\x80",
)
_REALS = (b"\0" * 8, struct.pack("<d", -0.0), struct.pack("<d", float("inf")), b"\x01" + b"\0" * 5 + b"\xf0\x7f")
_NARROW = (b"\0" * 4, struct.pack("<f", -0.0), struct.pack("<f", 0.1), b"\x01\0\x80\x7f", b"\x01\0\xc0\xff")
_ALIASES = {datatype: datatype if datatype != 3 else 2**40 for datatype in range(1, 20) if datatype not in (16, 19)}
_ALIASES |= {22: 0, 31: 31}
"""Alias by data type; 0 among them, and some of a kind that no compiled step reads."""


@dataclass(frozen=True)
class Steps:
    packets: PacketWalk
    walk: Walk
    take: Take


@pytest.fixture(scope="module")
def steps() -> Steps:
    packets, walk, take = compiled_packets(), compiled_walk(), compiled_take()
    if packets is None or walk is None or take is None:
        assert not os.environ.get("UNS_REQUIRE_COMPILED"), "the compiled steps are to be proven here, and are not built"
        pytest.skip("the optional compiled steps are not built: make accelerate")
    return Steps(packets, walk, take)


class _Writer:
    """Writes data messages: mostly plain ones, mostly as a library would."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._at_ms = NOW

    def message(self, seq: int) -> bytes:
        rng = self._rng
        self._at_ms += 1
        oddity = 0.0 if rng.random() < 0.5 else 0.08
        fields: list[tuple[int, int, int | bytes]] = [
            (2, PART, self._metric(oddity)) for _ in range(rng.choice((0, 1, 2, 3, 5, 10, 25)))
        ]
        fields.insert(0, (1, VARINT, rng.choice((NOW, self._at_ms, NOW + rng.randrange(1_000)))))
        fields.append((3, VARINT, seq))
        if rng.random() < oddity:
            fields.append(self._odd())
        if rng.random() < oddity:
            rng.shuffle(fields)
        if rng.random() < oddity:
            del fields[rng.randrange(len(fields))]
        return self._written(fields, oddity)

    def _metric(self, oddity: float) -> bytes:
        rng = self._rng
        datatype = rng.choice(list(_ALIASES)) if rng.random() < oddity else rng.randrange(1, 16)
        fields: list[tuple[int, int, int | bytes]] = [(2, VARINT, _ALIASES[datatype])]
        if rng.random() < 0.9:
            at_ms = self._at_ms if rng.random() < 0.9 else rng.choice((0, NOW, self._at_ms + 1))
            fields.append((3, VARINT, rng.choice(_WHOLE[-3:]) if rng.random() < 0.003 else at_ms))
        if rng.random() < 0.8:
            odd = rng.choice((0, 2**32 + datatype, rng.randrange(36)))
            fields.append((4, VARINT, odd if rng.random() < oddity else datatype))
        if rng.random() < 0.1:
            fields.append((rng.choice((5, 6, 7)), VARINT, int(rng.random() < oddity)))
        fields.append(self._value(datatype, rng.choice((10, 11, 12, 13, 14, 15, 16)) if rng.random() < oddity else 0))
        if rng.random() < oddity:
            fields.append(self._odd())
        if rng.random() < oddity:
            fields.append(rng.choice(fields))
        if rng.random() < oddity:
            fields.append(self._value(rng.randrange(1, 16), 0))
        if rng.random() < oddity:
            rng.shuffle(fields)
        if rng.random() < oddity:
            del fields[rng.randrange(len(fields))]
        return self._written(fields, oddity)

    def _value(self, datatype: int, field: int) -> tuple[int, int, int | bytes]:
        rng = self._rng
        widths = {1: 8, 2: 16, 5: 8, 6: 16}
        whole = rng.choice(_WHOLE) if rng.random() < 0.3 else rng.randrange(2 ** widths.get(datatype, 31))
        if datatype in (5, 6) and rng.random() < 0.9:
            whole &= 2 ** widths[datatype] - 1
        usual = {4: 11, 8: 11, 9: 12, 10: 13, 11: 14, 12: 15, 13: 11, 14: 15, 15: 15, 17: 16, 18: 16, 22: 16, 31: 16}
        match field or usual.get(datatype, 10):
            case 10:
                return 10, VARINT, whole if rng.random() < 0.2 else whole & 0xFFFFFFFF
            case 11:
                return 11, VARINT, whole
            case 12:
                return 12, FIXED32, rng.choice(_NARROW) if rng.random() < 0.3 else rng.randbytes(4)
            case 13:
                return 13, FIXED64, rng.choice(_REALS) if rng.random() < 0.3 else rng.randbytes(8)
            case 14:
                return 14, VARINT, rng.choice((0, 1, 0, 1, 0, 1, 2))
            case number:
                return number, PART, rng.choice(_TEXTS[:5]) if rng.random() < 0.9 else rng.choice(_TEXTS)

    def _odd(self) -> tuple[int, int, int | bytes]:
        rng = self._rng
        return rng.choice(
            (
                (1, PART, b"name"),
                (4, PART, b"SPBV1.0_COMPRESSED"),
                (5, PART, b"body"),
                (8, PART, b""),
                (9, PART, b""),
                (9, PART, b"\x0a\x07Quality\x12\x04\x08\x03\x18\x00"),
                (17, PART, b""),
                (18, PART, b""),
                (19, VARINT, 7),
                (200, FIXED32, b"abcd"),
                (3, 3, b""),
                (rng.randrange(20), rng.randrange(8), rng.randbytes(3)),
            )
        )

    def _written(self, fields: list[tuple[int, int, int | bytes]], oddity: float) -> bytes:
        written = bytearray()
        for number, kind, content in fields:
            written += self._varint(number << 3 | kind, oddity)
            if isinstance(content, int):
                written += self._varint(content, oddity)
            else:
                written += (self._varint(len(content), oddity) if kind == PART else b"") + content
        return bytes(written)

    def _varint(self, number: int, oddity: float) -> bytes:
        digits = bytearray()
        while number > 127:
            digits.append(number & 127 | 128)
            number >>= 7
        digits.append(number)
        if self._rng.random() < oddity / 10:  # with superfluous digits, up to more than a varint may have
            digits[-1] |= 128
            digits += b"\x80" * self._rng.randrange(10) + b"\0"
        return bytes(digits)

    def broken(self, payload: bytes) -> bytes:
        rng, data = self._rng, bytearray(payload)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(data) or 1)
            match rng.randrange(5):
                case 0:
                    data[at : at + 1] = bytes([rng.randrange(256)])
                case 1:
                    del data[at : at + rng.randint(1, 12)]
                case 2:
                    data[at:at] = rng.randbytes(rng.randint(1, 8))
                case 3:
                    data = data[:at]
                case _:
                    data[at : at + 1] = bytes([data[at] ^ 1 << rng.randrange(8)]) if data else b""
        return bytes(data)


def _birth(seq: int, at_ms: int, *, is_node: bool) -> bytes:
    message = pb.Payload(timestamp=at_ms, seq=seq)
    if is_node:
        message.metrics.add(name="bdSeq", datatype=4, long_value=at_ms % 256)
    for datatype, alias in _ALIASES.items():
        message.metrics.add(
            name=f"m{datatype}", alias=alias, datatype=datatype, is_null=True, is_transient=datatype == 2
        )
    message.metrics[-1].properties.keys.append("Quality")
    message.metrics[-1].properties.values.add(type=3, int_value=500)
    return message.SerializeToString()


class _Side:
    """A host session with its recorder."""

    def __init__(self, walk: Walk | None, take: Take | None) -> None:
        self.core = HostSession(SETTINGS)
        self.core.accelerate(walk)
        self.recorder = Recorder(SITE, Tags(), lambda: NOW, take)

    def hear(self, messages: Sequence[Message], now_ms: int) -> list[HostEvent]:
        events = self.core.receive_batch(messages, now_ms)
        self.recorder.told(iter(events))
        return events

    def tables(self) -> object:
        return _exact(
            [
                (m.name, m.datatype, m.value, m.timestamp, m.properties)
                for d in (None, "d")
                for m in self.core.metrics(NODE, d)
            ]
        )


def _exact(value: object) -> object:
    """Everything that tells a value from another one: types, signs of zero, the bits of what is no number."""
    match value:
        case float():
            return struct.pack("<d", value)
        case list() | tuple():
            return type(value).__name__, [_exact(each) for each in value]
        case _:
            return type(value).__name__, repr(value)


def _events(events: list[HostEvent]) -> object:
    return [(repr(event), _exact([m.value for m in getattr(event, "metrics", ())])) for event in events]


def _columns(batch: Batch) -> object:
    return [
        (
            part.order,
            [(tag.key, tag.newest_ms) for tag in part.tags],
            part.at_ms,
            part.received_ms,
            _exact(part.cells),
            part.quality,
            part.marks,
        )
        for part in (batch.fresh, batch.doubtful)
    ], batch.size


def _heard(kind: str, device: str | None, payload: bytes) -> Message:
    topic = f"spBv1.0/{NODE.group_id}/{kind}/{NODE.edge_node_id}" + (f"/{device}" if device else "")
    return Message(topic, payload, 0, retain=False)


def _told_apart(steps: Steps, seed: int, messages: int) -> tuple[int, int]:
    """Compare both ways over a stream of messages; return how many the compiled step took, and how many it left."""
    taken = left = 0

    def counting(
        messages: Sequence[Heard],
        start: int,
        routes: dict[str, Route],
        events: list[HostEvent],
        now_ms: int,
        most_bytes: int,
        most_metrics: int,
        /,
    ) -> int:
        nonlocal taken, left
        stopped = steps.walk(messages, start, routes, events, now_ms, most_bytes, most_metrics)
        taken, left = taken + stopped - start, left + (stopped < len(messages))
        return stopped

    rng = random.Random(seed)
    writer = _Writer(rng)
    pure, fast = _Side(None, None), _Side(counting, steps.take)
    now_ms, sent = NOW, 0

    def both(*heard: Message) -> None:
        shown = [(message.topic, message.payload.hex()) for message in heard]
        assert _events(fast.hear(heard, now_ms)) == _events(pure.hear(heard, now_ms)), shown
        assert fast.tables() == pure.tables(), shown

    while sent < messages:
        now_ms += 1
        if pure.core.state(NODE) is not NodeState.ONLINE:
            both(_heard("NBIRTH", None, _birth(0, now_ms - NOW + 1, is_node=True)))
            both(_heard("DBIRTH", "d", _birth(1, now_ms - NOW + 1, is_node=False)))
        snapshot = pure.core.snapshot(NODE)
        assert snapshot is not None
        assert snapshot == fast.core.snapshot(NODE) or "nan" in repr(snapshot)
        batch: list[Message] = []
        for ahead in range(rng.choice((1, 1, 2, 5))):
            seq = (snapshot.seq + 1 + ahead) % 256 if rng.random() < 0.98 else rng.randrange(300)
            payload = writer.message(seq)
            if rng.random() < 0.2:
                payload = writer.broken(payload)
            if rng.random() < 0.02:
                batch.append(_heard("DDEATH", "d", b"\x18" + bytes((seq % 128,))))
            batch.append(_heard(*(("NDATA", None) if rng.random() < 0.3 else ("DDATA", "d")), payload))
        both(*batch)
        sent += len(batch)
        if rng.random() < 0.05:
            assert _columns(fast.recorder.take()) == _columns(pure.recorder.take())
    assert _columns(fast.recorder.take()) == _columns(pure.recorder.take())
    return taken, left


@pytest.mark.parametrize("seed", range(4))
def test_with_compiled_steps_everything_is_what_it_is_without(steps: Steps, seed: int) -> None:
    taken, left = _told_apart(steps, seed, 1_000)
    assert taken > 200
    assert left > 200


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_with_compiled_steps_everything_is_what_it_is_without_for_long(steps: Steps) -> None:
    for seed in range(100, 300):
        taken, left = _told_apart(steps, seed, 2_000)
        assert taken > 400, seed
        assert left > 400, seed


@pytest.mark.parametrize("seed", range(2))
def test_the_compiled_walk_takes_any_bytes_whole_or_not_at_all(steps: Steps, seed: int) -> None:
    rng = random.Random(seed)
    core = HostSession(SETTINGS)
    core.accelerate(steps.walk)
    core.receive(f"spBv1.0/{NODE.group_id}/NBIRTH/{NODE.edge_node_id}", _birth(0, 1, is_node=True), NOW)
    core.receive_batch([_heard("NDATA", None, b"\x18\x01")], NOW)
    writer = _Writer(rng)
    payload = b""
    while not payload or len(payload) < 120:
        payload = writer.message(2)
    before = core.metrics(NODE)

    def is_left(part: bytes) -> bool:
        told: list[HostEvent] = []
        return steps.walk([_heard("NDATA", None, part)], 0, core._routes, told, NOW, 900, 24) == 0 and not told

    assert all(is_left(payload[:end]) for end in range(len(payload)))  # the seq is last, so no beginning is a message
    assert all(is_left(rng.randbytes(size)) for size in range(64))
    assert core.metrics(NODE) == before


def _packets(rng: random.Random, *, is_v5: bool) -> Iterator[bytes]:
    """Write what a broker sends: mostly plain messages, of which some are odd, and at last perhaps one that no broker would send."""
    topics = [b"a", "grüße/1".encode(), b"x" * 200, b"\xff\xfe", b"spBv1.0/g/NDATA/n"]
    for _ in range(rng.randrange(2, 60)):
        match rng.choice((0, 0, 0, 0, 0, 0, 1, 2)):
            case 0 | 1 as qos:
                name = rng.choice(topics)
                payload = rng.randbytes(rng.choice((0, 1, 100, 127, 128, 300, 20_000)))
                first = 0x30 | qos << 1 | (rng.random() < 0.2) | (8 if rng.random() < 0.05 else 0)
                extras = rng.randbytes(2) if qos else b""
                if is_v5:
                    extras += rng.choice((b"\0", b"\0", b"\x05\x02\0\0\0\x07", b"\x80\0"))
                yield _packet(first, struct.pack(">H", len(name)) + name + extras + payload)
            case _:
                yield rng.choice((b"\xd0\0", _packet(0x90, b"\0\x01\0"), b"\x30\x83\x00\0\x01a"))
    if rng.random() < 0.5:
        yield rng.choice(
            (b"\x30\x01a", b"\x30\x02\0\0", b"\x30\x03\0\x09a", b"\x34\x05\0\x01a\0\x01", b"\x30" + b"\xff" * 5)
        )


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + remaining_length(len(body)) + body


def _arrived(arrived: Arrived) -> object:
    return arrived, [type(message) for message in arrived.messages]


@pytest.mark.parametrize("is_v5", [False, True])
def test_with_the_compiled_step_the_stream_holds_the_same_packets(steps: Steps, *, is_v5: bool) -> None:
    plain = 0

    def counting(
        data: bytes, position: int, topics: dict[bytes, str], messages: list[Message], is_v5: bool, most: int, /
    ) -> tuple[int, int]:
        nonlocal plain
        before = len(messages)
        stopped = steps.packets(data, position, topics, messages, is_v5, most)
        plain += len(messages) - before
        return stopped

    for seed in range(150):
        rng = random.Random(seed)
        wire = b"".join(_packets(rng, is_v5=is_v5))
        pure, fast = (PacketStream(is_v5=is_v5, max_packet_bytes=19_000, walk=walk) for walk in (None, counting))
        if rng.random() < 0.7:
            pure, fast = (PacketStream(is_v5=is_v5, walk=walk) for walk in (None, counting))
        while wire:
            cut = rng.choice((1, 2, 3, 50, 1_000, 65_536))
            piece, wire = wire[:cut], wire[cut:]
            here, there = pure.take(piece), fast.take(piece)
            assert _arrived(here) == _arrived(there), seed
            if here.problem is not None:
                break
    assert plain > 300
