"""The host session: a snapshot in place of births, and what has none."""

from namespace.sparkplug import (
    DeviceBirth,
    DeviceDeath,
    HostSession,
    Ignored,
    IgnoredReason,
    NodeBirth,
    NodeDeath,
    NodeState,
    dump_snapshot,
    load_snapshot,
)
from tests.unit.sparkplug.line import NODE, NOW, SETTINGS, Line, born_line, counts, raw


def test_a_snapshot_takes_the_place_of_births_and_is_followed_by_what_was_buffered() -> None:
    """A late host needs no rebirth: what the snapshot includes is a repeat, what follows is news."""
    line = born_line()
    included, newer = line.count(1), line.count(2)
    line.heard(included)
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    late = HostSession(SETTINGS)
    events = late.restore([load_snapshot(dump_snapshot(snapshot))], NOW)

    assert [type(event) for event in events] == [NodeBirth, DeviceBirth]
    assert all(event.restored for event in events if isinstance(event, NodeBirth | DeviceBirth))
    assert late.receive(included.topic, included.payload, NOW) == [Ignored(included.topic, IgnoredReason.REPEATED)]
    assert counts(late.receive(newer.topic, newer.payload, NOW)) == [2]


def test_a_snapshot_does_not_replace_a_birth_that_was_heard() -> None:
    """Heard is newer than told."""
    line = born_line()
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    line.heard(line.count(9))

    assert line.host.restore([snapshot], line.now) == []
    assert line.values()["count"] == 9


def test_a_snapshot_of_what_is_offline_brings_last_values_and_the_death() -> None:
    """The last value of a dead machine is worth knowing, as stale."""
    line = born_line()
    line.heard(line.count(4), line.will)
    snapshot = line.host.snapshot(NODE)
    assert snapshot is not None
    late = HostSession(SETTINGS)
    events = late.restore([snapshot], NOW)

    assert [type(event) for event in events] == [NodeBirth, DeviceBirth, DeviceDeath, NodeDeath]
    assert late.state(NODE) is NodeState.OFFLINE
    assert {metric.name: metric.value for metric in late.metrics(NODE, "d")}["count"] == 4


def test_a_node_that_was_only_guessed_at_has_no_snapshot() -> None:
    """Before the first birth there is nothing to hand on."""
    host = HostSession()
    host.receive(*raw("NDATA", (), seq=1)[:2], NOW)

    assert host.snapshot(NODE) is None


def test_a_birth_that_is_heard_is_not_one_that_another_tells_of() -> None:
    """Whoever counts on from a birth must know which it is."""
    births = Line().born()

    assert [event.restored for event in births if isinstance(event, NodeBirth | DeviceBirth)] == [False, False]
