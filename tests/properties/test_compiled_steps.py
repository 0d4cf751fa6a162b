"""The optional compiled steps change nothing: the same events, tables and journal columns for whatever arrives, bit for bit.

Two host sessions and recorders hear the same bytes, one with the steps and one without. The bytes are written here field by field, so that
they hold what no protobuf library would write; then some are broken.
"""

from __future__ import annotations

import os
import random
import struct
from pathlib import Path

import pytest

from namespace.isa95 import load_site
from namespace.runtime.accelerated import compiled_walk
from namespace.sparkplug import EdgeNodeDescriptor, HostEvent, HostSession, HostSettings, Limits, NodeState, Slot, Walk
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.quick_walk import Walked
from services.historian.adapters.compiled import compiled_extend
from services.historian.application.recorder import Extend, Recorder
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


@pytest.fixture(scope="module")
def steps() -> tuple[Walk, Extend]:
    walk, extend = compiled_walk(), compiled_extend()
    if walk is None or extend is None:
        assert not os.environ.get("UNS_REQUIRE_COMPILED"), "the compiled steps are to be proven here, and are not built"
        pytest.skip("the optional compiled steps are not built: make accelerate")
    return walk, extend


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

    def __init__(self, walk: Walk | None, extend: Extend | None) -> None:
        self.core = HostSession(SETTINGS)
        self.core.accelerate(walk)
        self.recorder = Recorder(SITE, Tags(), lambda: NOW, extend)

    def hear(self, topic: str, payload: bytes, now_ms: int) -> list[HostEvent]:
        events = self.core.receive(topic, payload, now_ms)
        self.recorder.told(events)
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


def _told_apart(steps: tuple[Walk, Extend], seed: int, messages: int) -> tuple[int, int]:
    """Compare both ways over a stream of messages; return how many the compiled step took, and how many it left."""
    taken = left = 0

    def counting(
        payload: bytes, by_alias: dict[int, Slot], expected: int, born_at: int, now_ms: int, most: int, /
    ) -> Walked | None:
        nonlocal taken, left
        walked = steps[0](payload, by_alias, expected, born_at, now_ms, most)
        taken, left = taken + (walked is not None), left + (walked is None)
        return walked

    rng = random.Random(seed)
    writer = _Writer(rng)
    pure, fast = _Side(None, None), _Side(counting, steps[1])
    now_ms, seq = NOW, 0

    def both(kind: str, device: str | None, payload: bytes) -> None:
        topic = f"spBv1.0/{NODE.group_id}/{kind}/{NODE.edge_node_id}" + (f"/{device}" if device else "")
        assert _events(fast.hear(topic, payload, now_ms)) == _events(pure.hear(topic, payload, now_ms)), payload.hex()
        assert fast.tables() == pure.tables(), payload.hex()

    for _ in range(messages):
        now_ms += 1
        if pure.core.state(NODE) is not NodeState.ONLINE:
            both("NBIRTH", None, _birth(0, now_ms - NOW + 1, is_node=True))
            both("DBIRTH", "d", _birth(1, now_ms - NOW + 1, is_node=False))
        snapshot = pure.core.snapshot(NODE)
        assert snapshot is not None
        assert snapshot == fast.core.snapshot(NODE) or "nan" in repr(snapshot)
        seq = (snapshot.seq + 1) % 256 if rng.random() < 0.98 else rng.randrange(300)
        payload = writer.message(seq)
        if rng.random() < 0.2:
            payload = writer.broken(payload)
        both(*(("NDATA", None) if rng.random() < 0.3 else ("DDATA", "d")), payload)
        if rng.random() < 0.05:
            assert _columns(fast.recorder.take()) == _columns(pure.recorder.take())
    assert _columns(fast.recorder.take()) == _columns(pure.recorder.take())
    return taken, left


@pytest.mark.parametrize("seed", range(4))
def test_with_compiled_steps_everything_is_what_it_is_without(steps: tuple[Walk, Extend], seed: int) -> None:
    taken, left = _told_apart(steps, seed, 1_000)
    assert taken > 200
    assert left > 200


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_with_compiled_steps_everything_is_what_it_is_without_for_long(steps: tuple[Walk, Extend]) -> None:
    for seed in range(100, 300):
        taken, left = _told_apart(steps, seed, 2_000)
        assert taken > 400, seed
        assert left > 400, seed


@pytest.mark.parametrize("seed", range(2))
def test_the_compiled_walk_takes_any_bytes_whole_or_not_at_all(steps: tuple[Walk, Extend], seed: int) -> None:
    rng = random.Random(seed)
    core = HostSession(SETTINGS)
    core.receive(f"spBv1.0/{NODE.group_id}/NBIRTH/{NODE.edge_node_id}", _birth(0, 1, is_node=True), NOW)
    writer = _Writer(rng)
    payload = b""
    while not payload or len(payload) < 120:
        payload = writer.message(1)
    before = core.metrics(NODE)
    for end in range(len(payload)):  # a buffer that ends anywhere; the seq is last, so no beginning is a message
        core.accelerate(steps[0])
        walked = steps[0](payload[:end], {}, 1, 0, NOW, 100)
        assert walked is None or not walked[1]
    for size in range(64):
        assert steps[0](rng.randbytes(size), {}, 1, 0, NOW, 100) is None
    assert core.metrics(NODE) == before
