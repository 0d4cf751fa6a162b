"""A crowd of hostile peers and one honest edge node at one host: broken bytes, broken topics, and well-formed messages out of any order.

The everyday form is short; the long one (`make soak`) takes a million messages and writes down what they cost.
"""

from __future__ import annotations

import random
import resource
from collections import Counter
from dataclasses import dataclass, field

import pytest

from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    Ignored,
    Limits,
    MetricDefinition,
    MetricUpdate,
    NodeStale,
    NodeState,
    OutgoingMessage,
    RebirthWanted,
    Rejected,
    decode_payload,
)
from namespace.sparkplug.errors import RemoteProtocolError
from tests.properties.hostile_page import note
from tests.properties.test_sparkplug_fuzz import _mutated, _seed_payload

LIMITS = Limits(payload_bytes=4096, decompressed_bytes=8192, metrics=200, values=2_000, depth=4)
HOSTILE_NODES = 30
HONEST_EVERY = 200
HONEST = EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id="honest")
GROWTH_LIMIT_KB = 128 * 1024


class HostileNode:
    """An edge node that knows the protocol and keeps to nothing."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self._rng = rng
        self._edge = EdgeNodeSession(
            EdgeNodeConfig(group_id="Acme:Dallas", edge_node_id=f"hostile{number}", use_aliases=rng.random() < 0.7),
            [MetricDefinition(name="a", datatype=DataType.Int8), MetricDefinition(name="b", datatype=DataType.String)],
            {"dev": [MetricDefinition(name="c", datatype=DataType.Double)]},
        )
        self._bd_seq = 0
        self._kept: list[OutgoingMessage] = []

    def messages(self, now_ms: int) -> list[OutgoingMessage]:
        """Say something: right, lost, doubled, from long ago, or in another's name."""
        rng = self._rng
        match rng.randrange(8):
            case 0:
                self._edge.disconnected()
                self._bd_seq = rng.choice((self._bd_seq, self._bd_seq + 1, rng.randrange(256))) % 256
                said = [self._edge.connect(self._bd_seq, now_ms), *self._edge.subscribed(now_ms)]
            case 1:
                said = self._edge.rebirth(now_ms)
            case 2 if self._edge.is_born:
                said = self._edge.device_death("dev", now_ms) or self._edge.device_birth("dev", None, now_ms)
            case _:
                said = self._edge.update(None, [MetricUpdate("a", rng.randrange(-128, 128))], now_ms, force=True)
                said += self._edge.update("dev", [MetricUpdate("c", rng.random())], now_ms, force=True)
        self._kept = [*self._kept[-20:], *said]
        rng.shuffle(said)
        return [
            each for each in (*said, *rng.choices(self._kept or said, k=1 if self._kept else 0)) if rng.random() < 0.9
        ]


@dataclass
class Crowd:
    """The host, the honest node, and what came of it all."""

    rng: random.Random
    host: HostSession = field(
        default_factory=lambda: HostSession(
            HostSettings(limits=LIMITS, max_nodes=60, max_devices=8, max_held_bytes=20_000, reorder_timeout_ms=200)
        )
    )
    counted: Counter[str] = field(default_factory=Counter)
    messages: int = 0
    now_ms: int = 1_700_000_000_000

    def __post_init__(self) -> None:
        self.honest = EdgeNodeSession(HONEST, [MetricDefinition(name="m", datatype=DataType.Int64, value=0)])
        self.hostile = [HostileNode(number, self.rng) for number in range(HOSTILE_NODES)]
        self.honest.connect(0, self.now_ms)
        for message in self.honest.subscribed(self.now_ms):
            self.hear(message.topic, message.payload)

    def hear(self, topic: str, payload: bytes) -> None:
        self.messages += 1
        self.note(self.host.receive(topic, payload, self.now_ms))

    def note(self, events: list[HostEvent]) -> None:
        """Count what was refused, with its reason; the honest node is never touched by it."""
        for event in events:
            match event:
                case Rejected(reason=reason, detail=detail):
                    assert detail
                    self.counted[f"rejected {reason.value}"] += 1
                case Ignored(reason=ignored):
                    self.counted[f"ignored {ignored.value}"] += 1
                case NodeStale(edge_node=node) | RebirthWanted(edge_node=node):
                    assert node != HONEST.edge_node

    def go_on(self) -> None:
        """Let one hostile node say something, right or broken, or anybody write anything to any topic."""
        rng = self.rng
        self.now_ms += rng.choice((0, 1, 5, 100))
        if rng.random() < 0.3:
            kind = rng.choice(
                ("NBIRTH", "NDATA", "DBIRTH", "DDATA", "DDEATH", "NDEATH", "NCMD", "STATE", "bad", "", "#")
            )
            device = rng.choice(("", "/dev", "/", "/a/b", "/\0"))
            self.hear(f"spBv1.0/Acme:Dallas/{kind}/x{rng.randrange(200)}{device}", _mutated(_SEED, rng))
            return
        for message in rng.choice(self.hostile).messages(self.now_ms):
            broken = rng.random() < 0.4
            self.hear(message.topic, _mutated(message.payload, rng) if broken else message.payload)

    def honest_word(self) -> None:
        """The honest node says the next number, and the host has it."""
        number = self.messages
        for message in self.honest.update(None, [MetricUpdate("m", number)], self.now_ms):
            self.hear(message.topic, message.payload)
        self.note(self.host.tick(self.now_ms))
        assert self.host.state(HONEST.edge_node) is NodeState.ONLINE
        assert [metric.value for metric in self.host.metrics(HONEST.edge_node) if metric.name == "m"] == [number]


_SEED = _seed_payload()


def assail(crowd: Crowd, messages: int) -> None:
    turns = 0
    while crowd.messages < messages:
        crowd.go_on()
        turns += 1
        if turns % HONEST_EVERY == 0:
            crowd.honest_word()
    assert len(crowd.host.edge_nodes()) <= 60
    assert sum(crowd.counted.values()) > messages // 10


@pytest.mark.trap(24)
@pytest.mark.parametrize("seed", range(3))
def test_hostile_peers_disturb_nobody_but_themselves(seed: int) -> None:
    crowd = Crowd(random.Random(seed))
    assail(crowd, 4_000)
    reasons = set(crowd.counted)
    assert {"rejected topic", "rejected protobuf", "ignored awaiting_birth"} <= reasons


@pytest.mark.soak
def test_a_million_hostile_messages_cost_no_memory_and_disturb_nobody() -> None:
    crowd = Crowd(random.Random(2026))
    assail(crowd, 100_000)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assail(crowd, 1_000_000)
    after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (after_kb - before_kb) / 1024
    summary = f"{crowd.messages:,} messages; peak of the process {after_kb / 1024:.0f} MiB, {grown:.1f} MiB of it since the first 100,000."
    note("The host session", summary, crowd.counted)
    assert after_kb - before_kb < GROWTH_LIMIT_KB


@pytest.mark.soak
def test_a_million_hostile_payloads_decode_or_are_refused_with_a_reason() -> None:
    rng, refused = random.Random(2027), Counter[str]()
    for _ in range(1_000_000):
        data = rng.randbytes(rng.randrange(80)) if rng.random() < 0.3 else _mutated(_SEED, rng)
        try:
            decode_payload(data, limits=LIMITS)
        except RemoteProtocolError as error:
            refused[error.reason.value] += 1
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read = 1_000_000 - sum(refused.values())
    note("The codec", f"1,000,000 payloads, {read:,} of them read; peak of the process {peak_mib:.0f} MiB.", refused)
    assert sum(refused.values()) > 100_000
    assert len(refused) > 8
