"""Snapshots that arrive when something else has happened meanwhile (ARCHITECTURE, 3.3)."""

from namespace.sparkplug import (
    EdgeNodeSession,
    HostSession,
    Ignored,
    IgnoredReason,
    MetricDefinition,
    NodeSnapshot,
    NodeState,
    RebirthWanted,
)
from namespace.sparkplug.datatype import DataType
from tests.unit.sparkplug.test_host_application import CONFIG, NODE, NOW, SETTINGS, Line


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
