"""The host session: who is there and who is not: later births, deaths, and what goes with them."""

import pytest

from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    DeviceDeath,
    HostSession,
    Ignored,
    IgnoredReason,
    Metric,
    NodeBirth,
    NodeDeath,
    NodeStale,
    NodeState,
    RebirthWanted,
    Rejected,
    WantedReason,
)
from namespace.sparkplug.host_event import NODE_TRANSITIONS, NodeTrigger
from tests.unit.sparkplug.line import NODE, NOW, SETTINGS, Line, bd_seq, born_line, of_kind, raw


@pytest.mark.tck(
    "operational-behavior-edge-node-termination-host-action-ndeath-node-offline",
    "operational-behavior-edge-node-termination-host-action-ndeath-devices-offline",
)
@pytest.mark.trap(24)
def test_ndeath_takes_the_node_and_its_devices_with_it_by_our_clock() -> None:
    line = born_line()
    (death,) = line.heard(line.will)

    assert death == NodeDeath(NODE, 0, line.now)
    assert line.host.state(NODE) is NodeState.OFFLINE
    assert line.host.devices(NODE) == {"d": False}
    assert line.values()["count"] == 0


@pytest.mark.trap(24)
def test_ndeath_does_not_wait_behind_a_hole() -> None:
    """NDEATH has no seq and bypasses the order."""
    line = born_line()
    line.count(1)
    line.heard(line.count(2))

    assert [type(event) for event in line.heard(line.will)] == [NodeDeath]
    assert line.host.tick(line.now + 60_000) == []


@pytest.mark.tck("payloads-ndeath-bdseq")
@pytest.mark.trap(24)
def test_ndeath_of_another_connection_is_ignored() -> None:
    line = born_line()
    old_will = line.will
    line.edge.disconnected()
    line.edge.connect(1, line.now)
    line.heard(*line.edge.subscribed(line.now))

    assert line.heard(old_will) == [Ignored(old_will.topic, IgnoredReason.DEATH_OF_OTHER_SESSION)]
    assert line.host.state(NODE) is NodeState.ONLINE


def test_a_second_ndeath_and_one_of_a_stranger_are_ignored() -> None:
    """With MQTT 5 the published NDEATH and the Will both arrive."""
    line = born_line()
    line.heard(line.will)

    assert line.heard(line.will) == [Ignored(line.will.topic, IgnoredReason.REPEATED)]
    assert HostSession().receive(line.will.topic, line.will.payload, NOW) == [
        Ignored(line.will.topic, IgnoredReason.DEATH_OF_OTHER_SESSION)
    ]


@pytest.mark.tck("topics-ndeath-payload")
def test_an_ndeath_without_bdseq_is_rejected() -> None:
    line = born_line()
    (rejected,) = line.heard(raw("NDEATH", (), seq=None))

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "bd_seq"


def test_a_peer_that_never_says_bdseq_lives_and_dies_all_the_same() -> None:
    """Tolerant inbound."""
    host = HostSession(SETTINGS)
    host.receive(*raw("NBIRTH", (), seq=0)[:2], NOW)
    (death,) = host.receive(*raw("NDEATH", (), seq=None)[:2], NOW + 1)

    assert death == NodeDeath(NODE, None, NOW + 1)


@pytest.mark.tck("operational-behavior-edge-node-termination-host-action-ddeath-devices-offline")
@pytest.mark.trap(24)
def test_ddeath_takes_the_device_by_its_own_time() -> None:
    line = born_line()
    (message,) = line.edge.device_death("d", NOW + 77)

    assert line.heard(message) == [DeviceDeath(NODE, "d", NOW + 77)]
    assert line.host.devices(NODE) == {"d": False}
    assert line.host.state(NODE) is NodeState.ONLINE


def test_a_device_that_does_not_come_back_after_a_birth_is_told_dead() -> None:
    """A birth voids the devices of before; silence about one must not leave it alive."""
    line = born_line()
    line.edge.device_death("d", line.now)
    line.heard(*line.edge.rebirth(line.now + 1))

    assert line.host.tick(line.now + 10) == []
    (death,) = line.host.tick(line.now + 1_000)
    assert death == DeviceDeath(NODE, "d", line.now + 1_000)


def test_an_older_or_repeated_birth_of_the_same_connection_is_ignored() -> None:
    """It would bring back values and aliases of before."""
    line = Line()
    births = line.edge.subscribed(line.now)
    line.heard(*births, line.count(8))

    assert line.heard(births[0]) == [Ignored(births[0].topic, IgnoredReason.OLDER_BIRTH)]
    assert line.values()["count"] == 8


def test_a_birth_with_another_bdseq_always_counts() -> None:
    """Also with a clock that was set back by an hour."""
    line = born_line()
    line.edge.disconnected()
    line.edge.connect(1, NOW - 3_600_000)
    events = line.heard(*line.edge.subscribed(NOW - 3_600_000))

    assert [type(event) for event in events] == [NodeBirth, DeviceBirth]


@pytest.mark.parametrize("kind", ["NBIRTH", "DBIRTH"])
def test_a_broken_birth_takes_what_it_would_have_replaced(kind: str) -> None:
    """Its aliases are unknown, so those of before must not be used any longer."""
    line = born_line()
    device = "/d" if kind == "DBIRTH" else ""
    events = line.host.receive(f"spBv1.0/g/{kind}/n{device}", b"\x12\xff", line.now)

    assert isinstance(events[0], Rejected)
    assert type(events[1]) is (DeviceDeath if device else NodeStale)
    assert events[2] == RebirthWanted(NODE, WantedReason.BIRTH_REFUSED)


def test_a_forgotten_node_is_as_if_never_heard() -> None:
    """Its topics mean a new record."""
    line = born_line()
    line.host.forget(NODE)
    line.host.forget(NODE)

    assert line.host.edge_nodes() == ()
    assert line.host.snapshot(NODE) is None
    assert line.host.metrics(NODE) == ()
    assert of_kind(line.heard(line.count(1)), RebirthWanted) == [RebirthWanted(NODE, WantedReason.NO_BIRTH)]


def test_every_state_answers_every_trigger() -> None:
    """The table has no holes, and leads from anywhere to online."""
    assert set(NODE_TRANSITIONS) == {(state, trigger) for state in NodeState for trigger in NodeTrigger}
    assert {NODE_TRANSITIONS[state, NodeTrigger.BIRTH] for state in NodeState} == {NodeState.ONLINE}


def test_a_device_that_comes_back_after_a_birth_is_not_told_dead() -> None:
    line = born_line()
    line.heard(*line.edge.rebirth(line.now))

    assert line.host.tick(line.now + SETTINGS.reorder_timeout_ms) == []
    assert line.host.devices(NODE) == {"d": True}


def test_a_second_birth_of_the_same_first_moment_is_an_old_one() -> None:
    host = HostSession(SETTINGS)
    for seq in (0, 0):
        birth = raw("NBIRTH", (bd_seq(0),), seq=seq, at=1)
        events = host.receive(birth.topic, birth.payload, NOW)

    assert events == [Ignored(birth.topic, IgnoredReason.OLDER_BIRTH)]


def test_until_its_own_birth_comes_a_device_of_a_node_that_is_reborn_is_not_there() -> None:
    line = born_line()
    birth, _ = line.edge.rebirth(line.now + 1)
    line.heard(birth)
    assert line.host.devices(NODE) == {"d": False}


def test_who_is_forgotten_is_unknown_from_then_on() -> None:
    """An unknown one can be forgotten too."""
    line = born_line()
    line.heard(line.count(1))
    line.count(2)
    line.heard(line.count(3))  # behind a hole, for which time would tell
    for _ in range(2):
        line.host.forget(NODE)
    assert line.host.tick(line.now + 60_000) == []

    events = line.heard(line.count(4))
    assert of_kind(events, Data) == []
    assert of_kind(events, RebirthWanted) == [RebirthWanted(NODE, WantedReason.NO_BIRTH)]


def test_a_device_may_die_instead_of_coming_back_after_a_birth_and_once_only() -> None:
    line = born_line()
    birth, _ = line.edge.rebirth(line.now + 1)
    deaths = [raw("DDEATH", (), seq=seq, at=line.now + 2, device="d") for seq in (1, 2)]
    line.heard(birth)

    assert [type(event) for event in line.heard(*deaths)] == [DeviceDeath, Ignored]
    assert line.host.tick(line.now + SETTINGS.reorder_timeout_ms) == []


def test_a_device_whose_new_birth_is_refused_is_there_no_more() -> None:
    """What the earlier one said of aliases counts no more either."""
    line = born_line()
    twice = tuple(Metric(name=name, alias=9, datatype=DataType.Int32, value=1) for name in "ab")
    events = line.heard(raw("DBIRTH", twice, seq=2, at=line.now, device="d"))

    assert [type(event) for event in events] == [Rejected, DeviceDeath, RebirthWanted]
    assert line.host.devices(NODE) == {"d": False}
