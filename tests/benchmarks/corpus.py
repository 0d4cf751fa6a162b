"""The traffic of a benchmark, made once from a seed: ready MQTT packets of Sparkplug B births and data, and the state they lead to.

Every consumer is fed the same bytes. The state that each must end in is known from the generator, never from a consumer, so a consumer
that drops, mixes up or misreads something is found out whatever its neighbours do.

A data message is a DDATA of ten metrics by alias - four Double, three Int64, two Boolean, one String, each with time and datatype - of one
of 20 edge nodes with 5 devices of 50 metrics; about 256 bytes on the wire. Numbers are such that Python and JavaScript agree on them.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from namespace.sparkplug import DataType
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from tests.benchmarks.consumers.measure import canonical, state_checksum

GROUP = "Bench"
NODES, DEVICES, SETS = 20, 5, 5
T0_MS = 1_780_000_000_000
MARKS = (1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 40_000, 60_000, 100_000, 200_000)
"""After so many data messages the expected state is known."""
METRICS = 10
"""In one data message."""

_SEED = 20260801
_FORMAT = 4
_SET = (*[DataType.Double] * 4, *[DataType.Int64] * 3, *[DataType.Boolean] * 2, DataType.String)
_FIELD = {
    DataType.Double: "double_value",
    DataType.Int64: "long_value",
    DataType.Boolean: "boolean_value",
    DataType.String: "string_value",
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Packets in files, and what they mean.

    Attributes:
        births: PUBLISH packets of all births.
        data: PUBLISH packets of all data messages, back to back.
        ends: Where each data packet ends in `data`.
        checksums: The state after so many data messages.
    """

    births: bytes
    data: bytes
    ends: tuple[int, ...]
    checksums: dict[int, str]

    def first(self, count: int) -> memoryview:
        """Return the packets of the first `count` data messages."""
        return memoryview(self.data)[: self.ends[count - 1]]


def packet(topic: str, payload: bytes) -> bytes:
    """Return an MQTT PUBLISH of QoS 0."""
    name = topic.encode()
    rest = len(name) + 2 + len(payload)
    length = bytearray()
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            break
    return b"\x30" + bytes(length) + struct.pack(">H", len(name)) + name + payload


def messages(packets: bytes | memoryview) -> Iterator[tuple[str, bytes]]:
    """Take packets apart again: topic and payload of each."""
    data = bytes(packets)
    at = 0
    while at < len(data):
        length, shift, here = 0, 0, at + 1
        while True:
            digit = data[here]
            length |= (digit & 127) << shift
            here, shift = here + 1, shift + 7
            if digit < 128:
                break
        name = here + 2
        end = name + struct.unpack_from(">H", data, here)[0]
        at = here + length
        yield data[name:end].decode(), data[end:at]


def load(folder: Path, *, messages: int, named: bool = False) -> Corpus:
    """Return the traffic, made now or taken from `folder`.

    Args:
        folder: Keeps it between runs.
        messages: Data messages at least.
        named: Metrics by name instead of by alias, for consumers that know no alias.
    """
    wanted = next(mark for mark in MARKS if mark >= messages)
    home = folder / f"corpus-{_FORMAT}-{_SEED}-{'named' if named else 'alias'}-{wanted}"
    if not (home / "index.json").exists():
        _write(home, wanted, named=named)
    index = json.loads((home / "index.json").read_text(encoding="utf-8"))
    return Corpus(
        births=(home / "births.bin").read_bytes(),
        data=(home / "data.bin").read_bytes(),
        ends=tuple(struct.unpack(f"<{wanted}I", (home / "ends.bin").read_bytes())),
        checksums={int(mark): checksum for mark, checksum in index["checksums"].items()},
    )


def _write(home: Path, messages: int, *, named: bool) -> None:
    home.mkdir(parents=True, exist_ok=True)
    plant = Plant(named=named)
    (home / "births.bin").write_bytes(b"".join(plant.births(T0_MS)))
    ends, checksums, end = [], {}, 0
    with (home / "data.bin").open("wb") as file:
        for number in range(1, messages + 1):
            end += file.write(plant.data(T0_MS + 1_000 + number))
            ends.append(end)
            if number in MARKS:
                checksums[number] = plant.checksum()
    (home / "ends.bin").write_bytes(struct.pack(f"<{messages}I", *ends))
    (home / "index.json").write_text(json.dumps({"checksums": checksums}), encoding="utf-8")


class Plant:
    """Edge nodes that say something, and what is true of them.

    Args:
        named: Data carries names instead of aliases.
        seed: Of all values and of who speaks next.
    """

    def __init__(self, *, named: bool = False, seed: int = _SEED) -> None:
        self._named = named
        self._random = random.Random(seed)
        self._seq = [0] * NODES
        self._said = 0
        self._state: dict[tuple[int, int, str], str] = {}
        self._topics = [[packet_topic("DDATA", n, d) for d in range(DEVICES)] for n in range(NODES)]
        self._names = [[f"Process/Set{s}/{kind.name}{i}" for i, kind in enumerate(_SET)] for s in range(SETS)]

    def births(self, at_ms: int) -> list[bytes]:
        """Return the births of all nodes and devices."""
        packets = []
        for node in range(NODES):
            payload = pb.Payload(timestamp=at_ms, seq=0)
            payload.metrics.add(name="bdSeq", timestamp=at_ms, datatype=DataType.Int64, long_value=0)
            payload.metrics.add(
                name="Node Control/Rebirth", timestamp=at_ms, datatype=DataType.Boolean, boolean_value=False
            )
            packets.append(packet(packet_topic("NBIRTH", node), payload.SerializeToString()))
            packets += [self._device_birth(node, device, at_ms) for device in range(DEVICES)]
            self._seq[node] = DEVICES + 1
        return packets

    def data(self, at_ms: int) -> bytes:
        """Return the next data message. At first everybody speaks once: not every consumer reads births."""
        if self._said < NODES * DEVICES * SETS:
            node, rest = self._said % NODES, self._said // NODES
            device, chosen = rest % DEVICES, rest // DEVICES
        else:
            node, device, chosen = (self._random.randrange(most) for most in (NODES, DEVICES, SETS))
        self._said += 1
        payload = pb.Payload(timestamp=at_ms, seq=self._seq[node])
        self._seq[node] = (self._seq[node] + 1) % 256
        self._fill(payload, node, device, chosen, at_ms, is_birth=False)
        return packet(self._topics[node][device], payload.SerializeToString())

    def checksum(self) -> str:
        """Return the checksum of what is true now."""
        return state_checksum((name_of(n, d), metric, said) for (n, d, metric), said in self._state.items())

    def _device_birth(self, node: int, device: int, at_ms: int) -> bytes:
        payload = pb.Payload(timestamp=at_ms, seq=device + 1)
        for chosen in range(SETS):
            self._fill(payload, node, device, chosen, at_ms, is_birth=True)
        return packet(packet_topic("DBIRTH", node, device), payload.SerializeToString())

    def _fill(self, payload: pb.Payload, node: int, device: int, chosen: int, at_ms: int, *, is_birth: bool) -> None:
        for number, kind in enumerate(_SET):
            name = self._names[chosen][number]
            value = self._value(kind)
            metric = payload.metrics.add(timestamp=at_ms, datatype=kind)
            if is_birth or self._named:
                metric.name = name
            if not self._named:
                metric.alias = (device * SETS + chosen) * METRICS + number + 1
            setattr(metric, _FIELD[kind], value)
            self._state[node, device, name] = canonical(value, at_ms)

    def _value(self, kind: DataType) -> float | int | str:
        chance = self._random.random()
        match kind:
            case DataType.Double:
                return int(chance * 4e6) / 4 + 0.25
            case DataType.Int64:
                return int(chance * 1e12)
            case DataType.Boolean:
                return chance < 0.5
            case _:
                return f"Recipe-{int(chance * 1000):03d}"


def name_of(node: int, device: int) -> str:
    """Return the name of a device in checksums."""
    return f"{GROUP}/node{node:02d}/dev{device}"


def packet_topic(kind: str, node: int, device: int | None = None) -> str:
    """Return the topic of a message."""
    topic = f"spBv1.0/{GROUP}/{kind}/node{node:02d}"
    return topic if device is None else f"{topic}/dev{device}"
