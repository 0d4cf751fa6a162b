"""Taking messages in batches, by the short ways that the hot path has, means the same as taking them one by one by the long way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.sparkplug import HostEvent, HostSession, HostSettings, OutgoingMessage
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.host_node import Route

from .test_sparkplug_loop import Network, World


class _LongWay(HostSession):
    """A host session without the short ways: for data whose turn it is, and for metrics whose value is plain and current."""

    def receive(self, topic: str, payload: bytes, now_ms: int) -> list[HostEvent]:
        for node in self._nodes.values():
            for table in (node.table, *(device.table for device in node.devices.values())):
                for slot in table._by_alias.values():
                    slot.quick = None
        return super().receive(topic, payload, now_ms)

    def _take_next(self, route: Route, message: pb.Payload, now_ms: int) -> bool:
        return False


@dataclass
class _Recording(World):
    """A world that remembers what its host heard, and when."""

    arrived: list[tuple[OutgoingMessage, int]] = field(default_factory=list)

    def deliver(self, messages: list[OutgoingMessage]) -> None:
        self.arrived += [(message, self.now) for message in messages]
        super().deliver(messages)


def _recorded(steps: list[int], faults_: list[int]) -> list[tuple[OutgoingMessage, int]]:
    world = _Recording(Network(iter(faults_)))
    world.connect()
    for step in steps:
        world.step(step)
    world.deliver(world.network.flush())
    return world.arrived


def _mangled(payload: bytes, rng: random.Random) -> bytes:
    """Break or change a payload now and then: flags that make a metric unusual, missing and foreign aliases, other types, bytes."""
    kind = rng.randrange(12)
    if kind == 0:
        return payload[: rng.randrange(len(payload) + 1)]
    message = pb.Payload.FromString(payload)
    if kind == 10:
        message.timestamp = rng.choice((0, 1, 2_000_000))
    elif kind == 11:
        message.ClearField("seq")
    for metric in message.metrics:
        match kind if rng.random() < 0.5 else None:
            case 1:
                metric.is_historical = True
            case 2:
                metric.is_transient = True
            case 3:
                metric.is_null = True
            case 4:
                metric.datatype = rng.randrange(36)
            case 5:
                metric.alias = rng.randrange(8)
            case 6:
                metric.ClearField("value")  # type: ignore[arg-type]
            case 7:
                metric.properties.keys.append("Quality")
                metric.properties.values.add(type=3, int_value=rng.choice((0, 192, 500)))
            case 8:
                metric.ClearField("timestamp")
            case 9:
                metric.double_value = 0.0
    return message.SerializeToString()


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_batches_mean_what_their_messages_mean(seed: int) -> None:
    rng = random.Random(seed)
    steps = [rng.randrange(24) if rng.random() < 0.3 else rng.randrange(10) for _ in range(100)]
    heard = [
        (message._replace(payload=_mangled(message.payload, rng)) if rng.random() < 0.3 else message, at_ms)
        for message, at_ms in _recorded(steps, rng.choices((0, 1, 2, 3, 5, 9), (40, 1, 2, 2, 1, 1), k=200))
    ]
    host_settings = HostSettings(reorder_timeout_ms=500)
    one_by_one, in_batches = _LongWay(host_settings), HostSession(host_settings)
    expected: list[HostEvent] = []
    as_told: list[str] = []
    told: list[HostEvent] = []

    def expect(events: list[HostEvent]) -> None:
        expected.extend(events)
        as_told.extend(map(repr, events))

    while heard:
        batch, heard = heard[: (size := rng.randint(1, 12))], heard[size:]
        now_ms = batch[-1][1]
        for message, _ in batch:
            expect(one_by_one.receive(message.topic, message.payload, now_ms))
        told += in_batches.receive_batch([message for message, _ in batch], now_ms)
        if rng.random() < 0.3:
            expect(one_by_one.tick(now_ms + 600))
            told += in_batches.tick(now_ms + 600)
    assert told == expected
    assert [repr(event) for event in told] == as_told  # read at the end, it still says what was true then
    for node in one_by_one.edge_nodes():
        assert in_batches.snapshot(node) == one_by_one.snapshot(node)
