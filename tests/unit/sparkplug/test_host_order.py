"""The host session: the order of what an edge node sends, holes in it, and repeats."""

import pytest

from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    HostEvent,
    HostSession,
    HostSettings,
    Ignored,
    IgnoredReason,
    Metric,
    MetricUpdate,
    NodeBirth,
    NodeStale,
    NodeState,
    RebirthWanted,
    Rejected,
    WantedReason,
)
from tests.unit.sparkplug.line import NODE, NOW, SETTINGS, Line, born_line, counts, of_kind, raw


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


@pytest.mark.tck("operational-behavior-host-reordering-start", "operational-behavior-host-reordering-success")
@pytest.mark.trap(24)
def test_messages_out_of_order_are_put_in_order_without_a_rebirth() -> None:
    line = born_line()
    first, second, third = (line.count(number) for number in (1, 2, 3))

    assert line.heard(third) == []
    assert line.heard(second) == []
    assert counts(line.heard(first)) == [1, 2, 3]
    line.now += 10_000
    assert line.host.tick(line.now) == []


@pytest.mark.tck("operational-behavior-host-reordering-rebirth", "operational-behavior-host-reordering-param")
@pytest.mark.trap(24)
def test_a_gap_that_is_not_filled_in_time_makes_the_node_stale_and_wants_a_rebirth() -> None:
    line = born_line()
    line.count(1)
    line.heard(line.count(2))
    opened = line.now

    assert line.host.tick(opened + 999) == []
    stale, wanted = line.host.tick(opened + 1_000)
    assert stale == NodeStale(NODE, WantedReason.SEQUENCE_GAP, opened + 1_000, dropped=1)
    assert wanted == RebirthWanted(NODE, WantedReason.SEQUENCE_GAP)
    assert line.host.state(NODE) is NodeState.STALE
    assert line.values()["count"] == 0


def test_the_timeout_counts_even_when_nobody_ticks() -> None:
    """A busy stream alone brings the gap to light."""
    line = born_line()
    line.count(1)
    line.heard(line.count(2))
    line.now += 1_000
    events = line.heard(line.count(3))

    assert [type(event) for event in events] == [NodeStale, RebirthWanted]


@pytest.mark.tck("operational-behavior-host-reordering-success")
def test_a_late_fill_of_the_first_hole_gives_the_second_hole_its_own_time() -> None:
    """The timer stops and starts anew."""
    line = born_line()
    first, second, _, fourth = (line.count(number) for number in (1, 2, 3, 4))
    line.heard(second, fourth)
    line.now += 900
    assert counts(line.heard(first)) == [1, 2]
    filled = line.now

    assert line.host.tick(filled + 900) == []
    assert len(line.host.tick(filled + 1_000)) == 2


def test_data_while_a_birth_is_awaited_has_no_effect() -> None:
    """Aliases may have changed with the message that was missed: nothing is guessed."""
    line = born_line()
    line.count(1)
    line.heard(line.count(2))
    line.host.tick(line.now + 1_000)
    events = line.heard(line.count(3))

    assert events == [Ignored("spBv1.0/g/DDATA/n/d", IgnoredReason.AWAITING_BIRTH)]
    rebirth = line.heard(*line.edge.rebirth(line.now + 2_000))
    assert [type(event) for event in rebirth] == [NodeBirth, DeviceBirth]
    assert line.values()["count"] == 3


def test_the_missing_message_that_comes_too_late_has_no_effect_although_its_number_is_next() -> None:
    line = born_line()
    missing, later = line.count(1), line.count(2)
    line.heard(later)
    line.now += SETTINGS.reorder_timeout_ms
    line.host.tick(line.now)
    assert line.host.state(NODE) is NodeState.STALE

    assert line.heard(missing) == [Ignored(missing.topic, IgnoredReason.AWAITING_BIRTH)]
    assert line.values()["count"] == 0


def test_a_repeated_message_is_ignored_also_after_more_have_come() -> None:
    """QoS 1 bridges repeat."""
    line = born_line()
    messages = [line.count(number) for number in (1, 2, 3)]
    line.heard(*messages)

    assert of_kind(line.heard(*messages), Ignored) == [
        Ignored(message.topic, IgnoredReason.REPEATED) for message in messages
    ]
    assert line.values()["count"] == 3
    assert counts(line.heard(line.count(4))) == [4]


def test_a_repeat_behind_a_hole_is_ignored() -> None:
    """The same message twice while the one before it is missing."""
    line = born_line()
    first, second = line.count(1), line.count(2)

    assert line.heard(second) == []
    assert line.heard(second) == [Ignored(second.topic, IgnoredReason.REPEATED)]
    assert counts(line.heard(first)) == [1, 2]


def test_the_loss_of_more_than_half_a_round_is_not_taken_for_a_repeat() -> None:
    """A queue that overflows loses hundreds of messages at once."""
    line = born_line()
    line.heard(*(line.count(number) for number in range(5)))
    for number in range(200):
        line.count(number)
    line.heard(line.count(777))

    assert line.values()["count"] == 4
    assert [type(event) for event in line.host.tick(line.now + 1_000)] == [NodeStale, RebirthWanted]


def test_two_different_messages_with_one_number_show_a_lost_round() -> None:
    """One of them belongs 256 messages later."""
    line = born_line()
    line.count(0)
    held = line.count(1)
    for number in range(255):
        line.count(number)
    other = line.count(2)

    assert line.heard(held) == []
    events = line.heard(other)
    assert [type(event) for event in events] == [NodeStale, RebirthWanted]
    assert of_kind(events, RebirthWanted) == [RebirthWanted(NODE, WantedReason.SEQUENCE_CONFLICT)]


def test_what_waits_behind_a_hole_is_limited() -> None:
    """Hostile or not, one edge node cannot fill the memory."""
    line = Line(HostSettings(max_held_bytes=100))
    line.born()
    line.count(0)
    events: list[HostEvent] = []
    for number in range(20):
        events += line.heard(line.count(number))

    assert [type(event) for event in events[:2]] == [NodeStale, RebirthWanted]


def test_data_sent_before_a_rebirth_and_arriving_after_it_is_ignored() -> None:
    """Two messages with seq 1: only the time tells which belongs to the birth."""
    line = Line()
    births = line.edge.subscribed(line.now)
    late = raw("NDATA", (Metric(name="version", datatype=DataType.String, value="old"),), seq=1, at=NOW - 1)
    line.heard(births[0])

    assert line.heard(late) == [Ignored(late.topic, IgnoredReason.OLDER_THAN_BIRTH)]
    assert [type(event) for event in line.heard(births[1])] == [DeviceBirth]


def test_a_dbirth_that_overtakes_its_nbirth_waits_for_it() -> None:
    """Same instant, two messages, the wrong way round, on a node that is known."""
    line = born_line()
    node_birth, device_birth = line.edge.rebirth(line.now + 5)

    assert line.heard(device_birth) in ([], [Ignored(device_birth.topic, IgnoredReason.REPEATED)])
    events = line.heard(node_birth)
    assert [type(event) for event in events] == [NodeBirth, DeviceBirth]


@pytest.mark.tck("payloads-sequence-num-always-included")
@pytest.mark.parametrize("seq", [None, 256, 2**40])
def test_a_message_without_a_proper_sequence_number_is_rejected(seq: int | None) -> None:
    line = born_line()
    payload = b"" if seq is None else b"\x18" + _varint(seq)
    (rejected,) = line.host.receive("spBv1.0/g/NDATA/n", payload, line.now)

    assert isinstance(rejected, Rejected)
    assert rejected.reason == "seq"


def test_a_reader_of_some_topics_sees_holes_and_does_not_mind() -> None:
    """By-place subscribers do no sequence check and ask for no rebirth."""
    line = Line(HostSettings(check_sequence=False))
    births = line.edge.subscribed(line.now)
    events = line.heard(births[1])
    for number in range(5):
        line.edge.update(None, [MetricUpdate("version", str(number))], line.now)
        events += line.heard(line.count(number))

    assert [type(event) for event in events] == [DeviceBirth] + [Data] * 5
    assert line.host.tick(line.now + 60_000) == []


def test_a_birth_takes_with_it_what_was_held_back_from_before_it() -> None:
    """Else it would be told as news once the numbers come to it."""
    line = born_line()
    line.count(1)
    line.heard(line.count(2), line.count(3))  # behind a hole
    line.now += 1_000
    births = line.edge.rebirth(line.now)
    told = line.heard(*births, *(line.count(value) for value in range(11, 16)))

    assert counts(told) == [11, 12, 13, 14, 15]


def test_what_a_host_holds_back_of_one_node_may_reach_the_limit_and_not_go_beyond_it() -> None:
    line = born_line()
    _, *others = [line.count(value) for value in range(4)]
    size = len(others[0].payload)
    assert {len(message.payload) for message in others} == {size}
    host = HostSession(HostSettings(reorder_timeout_ms=1_000, max_held_bytes=2 * size))
    for at in (NOW, NOW + 10_000):  # the second time around, what was held back the first time counts no more
        line.now = at
        for message in line.edge.rebirth(at):
            host.receive(message.topic, message.payload, at)
        _, *held = [line.count(value) for value in range(4)]
        assert [host.receive(m.topic, m.payload, line.now) for m in held[:2]] == [[], []]
        assert isinstance(host.receive(held[2].topic, held[2].payload, line.now)[0], NodeStale)


@pytest.mark.parametrize(
    ("late_ms", "is_late"), [(SETTINGS.reorder_timeout_ms, True), (SETTINGS.reorder_timeout_ms + 1, False)]
)
def test_a_message_from_before_the_birth_may_be_late_for_as_long_as_messages_are_waited_for(
    late_ms: int, is_late: bool
) -> None:
    """After that its clock was set back, and what it says is news."""
    line = born_line()
    born_here = line.now - 1
    (told,) = line.host.receive(*raw("NDATA", (), seq=2, at=NOW - 1)[:2], born_here + late_ms)

    assert isinstance(told, Ignored if is_late else Data)


def test_what_has_been_handed_on_is_held_no_more() -> None:
    """A link that swaps messages now and then never reaches the limit of what is held back."""
    line = born_line()
    size = len(line.count(1).payload)
    host = HostSession(HostSettings(reorder_timeout_ms=1_000, max_held_bytes=2 * size))
    births = line.edge.rebirth(line.now)
    swapped = [message for _ in range(5) for message in reversed([line.count(2), line.count(3)])]
    events = [event for m in (*births, *swapped) for event in host.receive(m.topic, m.payload, line.now)]

    assert counts(events) == [2, 3] * 5
    assert of_kind(events, NodeStale) == []
