"""Taking messages in batches, by the short ways that the hot path has, means the same as taking them one by one by the long way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.sparkplug import HostEvent, HostSession, HostSettings, OutgoingMessage
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.host_node import Route

from .test_sparkplug_loop import Network, World, actions, faults


class _LongWay(HostSession):
    """A host session without the short way for data whose turn it is."""

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


@given(
    actions,
    faults,
    st.randoms(use_true_random=False),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_batches_mean_what_their_messages_mean(steps: list[int], faults_: list[int], rng: random.Random) -> None:
    heard = [
        (
            OutgoingMessage(m.topic, m.payload if rng.random() < 0.7 else _mangled(m.payload, rng), m.qos, m.retain),
            at_ms,
        )
        for m, at_ms in _recorded(steps, faults_)
    ]
    host_settings = HostSettings(reorder_timeout_ms=500)
    one_by_one, in_batches = _LongWay(host_settings), HostSession(host_settings)
    expected: list[tuple[HostEvent, str]] = []
    told: list[HostEvent] = []
    while heard:
        size = rng.randint(1, 12)
        batch, heard = heard[:size], heard[size:]
        now_ms = batch[-1][1]
        for message, _ in batch:
            expected += [(event, repr(event)) for event in one_by_one.receive(message.topic, message.payload, now_ms)]
        told += in_batches.receive_batch([message for message, _ in batch], now_ms)
        if rng.random() < 0.3:
            expected += [(event, repr(event)) for event in one_by_one.tick(now_ms + 600)]
            told += in_batches.tick(now_ms + 600)
    assert told == [event for event, _ in expected]
    assert [repr(event) for event in told] == [
        text for _, text in expected
    ]  # what was told of a moment stays as it was then
    for node in one_by_one.edge_nodes():
        assert in_batches.snapshot(node) == one_by_one.snapshot(node)
