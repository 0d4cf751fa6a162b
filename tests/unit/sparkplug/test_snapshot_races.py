"""Snapshots that arrive when something else has happened meanwhile (ARCHITECTURE, 3.3)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from namespace.sparkplug import (
    Data,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    HostEvent,
    HostSession,
    HostSettings,
    Ignored,
    IgnoredReason,
    Metric,
    MetricDefinition,
    NodeBirth,
    NodeDeath,
    NodeSnapshot,
    NodeState,
    RebirthWanted,
    Rejected,
    decode_payload,
)
from namespace.sparkplug.datatype import DataType
from tests.unit.sparkplug.line import CONFIG, NODE, NOW, SETTINGS, Line


def taken(line: Line) -> NodeSnapshot:
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    return snapshot


def born() -> Line:
    line = Line()
    line.born()
    return line


def test_a_birth_during_the_snapshot_wins_also_over_its_aliases() -> None:
    """The node came back with other metrics, which reuse the aliases of the old ones, while the registry was answering."""
    line = born()
    old = taken(line)
    late = HostSession(SETTINGS)
    reborn = EdgeNodeSession(CONFIG, [], {"d": [MetricDefinition(name="speed", datatype=DataType.Double, value=2.5)]})
    reborn.connect(1, NOW + 50)
    for message in reborn.subscribed(NOW + 50):
        late.receive(message.topic, message.payload, NOW + 50)

    assert late.restore([old], NOW + 60) == []
    assert {metric.name: metric.value for metric in late.metrics(NODE, "d")} == {"speed": 2.5}


def test_the_snapshot_of_a_registry_that_fell_behind_takes_nobody_back() -> None:
    """The registry was restarted from an older state; what we knew is stale, and what it tells is older still."""
    line = born()
    old = taken(line)
    line.now = NOW + 1_000
    line.heard(*line.edge.rebirth(NOW + 1_000), line.count(8))
    line.host.disconnected(line.now)
    line.host.connected(line.now)

    (ignored,) = line.host.restore([old], line.now)
    assert ignored == Ignored(str(NODE), IgnoredReason.OLDER_BIRTH)
    assert line.host.state(NODE) is NodeState.STALE
    assert line.values()["count"] == 8
    assert [type(event) for event in line.host.tick(line.now)] == [RebirthWanted]


def test_a_death_that_we_heard_is_not_undone_by_a_snapshot_from_before_it() -> None:
    """No second NDEATH would follow."""
    line = born()
    before = taken(line)
    line.heard(line.will)

    assert line.host.restore([before], line.now) == [Ignored(str(NODE), IgnoredReason.OLDER_BIRTH)]
    assert line.host.state(NODE) is NodeState.OFFLINE


def test_a_snapshot_of_a_newer_session_brings_back_what_we_saw_die() -> None:
    """It was born again while we were away."""
    line = born()
    line.heard(line.will)
    registry = Line()
    registry.edge.connect(1, NOW + 9_000)
    registry.heard(*registry.edge.subscribed(NOW + 9_000))
    line.host.restore([taken(registry)], NOW + 9_500)

    assert line.host.state(NODE) is NodeState.ONLINE


def test_a_snapshot_of_the_same_birth_fills_what_we_missed() -> None:
    """The connection broke and came back within one session of the node."""
    line, registry = born(), born()
    line.host.disconnected(NOW + 10)
    missed = registry.count(5)
    registry.heard(missed)
    line.host.connected(NOW + 20)
    line.host.restore([taken(registry)], NOW + 30)

    assert line.host.state(NODE) is NodeState.ONLINE
    assert line.values()["count"] == 5
    assert line.host.tick(NOW + 60_000) == []


def test_of_an_older_round_nothing_is_taken_for_what_comes_next() -> None:
    """Numbers come round: a message from before the snapshot may carry the very number that follows it."""
    line = born()
    old = line.count(1)
    snapshot = replace(taken(line), seq=(decode_payload(old.payload).seq or 0) - 1, sent_at=line.now + 5_000)
    late = HostSession(SETTINGS)
    late.disconnected(NOW)
    late.restore([snapshot], NOW)

    assert late.receive(old.topic, old.payload, NOW) == [Ignored(old.topic, IgnoredReason.REPEATED)]


def test_what_was_taken_in_while_a_late_snapshot_came_is_taken_in_again_for_whom_it_is_news() -> None:
    line, other = born(), EdgeNodeSession(EdgeNodeConfig(group_id="g", edge_node_id="other"))
    registry = taken(line)
    late = HostSession(SETTINGS)
    other.connect(0, NOW)
    (birth,) = other.subscribed(NOW)
    late.receive(birth.topic, birth.payload, NOW)
    meanwhile = [line.count(value) for value in (1, 2)]
    for message in meanwhile:
        late.receive(message.topic, message.payload, line.now)
    events = late.restore([registry], line.now, meanwhile={NODE: meanwhile, other.config.edge_node: [birth]})

    assert [event.metrics[0].value for event in events if isinstance(event, Data)] == [1, 2]
    assert [event.edge_node for event in events if isinstance(event, NodeBirth)] == [NODE]
    following = line.count(3)
    (data,) = late.receive(following.topic, following.payload, line.now)
    assert isinstance(data, Data)


def _older(snapshot: NodeSnapshot) -> NodeSnapshot:
    return replace(snapshot, born_at=snapshot.born_at - 1)


def _useless(snapshot: NodeSnapshot) -> NodeSnapshot:
    twice = tuple(Metric(name=name, alias=9, datatype=DataType.Int8, value=1) for name in "ab")
    return replace(snapshot, born_at=snapshot.born_at + 1, metrics=twice)


@pytest.mark.parametrize(("told", "kind"), [(_older, Ignored), (_useless, Rejected)])
def test_what_was_taken_in_meanwhile_is_not_taken_in_again_for_whom_the_snapshot_is_no_use(
    told: Callable[[NodeSnapshot], NodeSnapshot], kind: type[HostEvent]
) -> None:
    """Whatever was told of it would be told twice."""
    line = born()
    line.heard(line.will)
    meanwhile = line.count(1)
    assert [type(event) for event in line.heard(meanwhile)] == [Ignored, RebirthWanted]
    events = line.host.restore([told(taken(line))], line.now, meanwhile={NODE: [meanwhile]})

    assert [type(event) for event in events] == [kind]


def test_more_edge_nodes_than_a_host_keeps_are_refused_from_a_snapshot_too() -> None:
    late = HostSession(HostSettings(max_nodes=1))
    snapshot = taken(born())
    events = late.restore([snapshot, replace(snapshot, edge_node=EdgeNodeDescriptor("g", "one too many"))], NOW)

    assert [event.reason for event in events if isinstance(event, Rejected)] == ["node_count"]


def test_devices_of_an_edge_node_that_is_not_there_are_not_there_either() -> None:
    """Whatever the snapshot says of each."""
    late = HostSession(SETTINGS)
    late.restore([replace(taken(born()), online=False)], NOW)

    assert late.devices(NODE) == {"d": False}


def test_a_death_that_we_heard_is_completed_by_a_snapshot_that_knows_of_it() -> None:
    """It may hold the last values that we missed."""
    line, registry = born(), born()
    registry.heard(registry.count(9))
    line.heard(line.will)
    events = line.host.restore([replace(taken(registry), online=False)], line.now)

    assert [type(event) for event in events][-1] is NodeDeath
    assert line.values()["count"] == 9
