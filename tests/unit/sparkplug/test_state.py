"""STATE: the host's side, the edge node's view, and the payload."""

import json

import pytest

from namespace.sparkplug import (
    HostState,
    LocalProtocolError,
    PrimaryHostGate,
    RemoteProtocolError,
    StatePayload,
    TopicError,
)

NOW = 1_700_000_000_000
TOPIC = "spBv1.0/STATE/scada"


@pytest.mark.tck(
    "payloads-state-will-message",
    "payloads-state-will-message-qos",
    "payloads-state-will-message-retain",
    "payloads-state-will-message-payload",
    "host-topic-phid-death-topic",
)
def test_the_will_says_offline_with_the_time_of_the_connection() -> None:
    will = HostState("scada").connect(NOW)

    assert (will.topic, will.qos, will.retain) == (TOPIC, 1, True)
    assert json.loads(will.payload) == {"online": False, "timestamp": NOW}


@pytest.mark.tck("payloads-state-subscribe", "payloads-state-birth", "host-topic-phid-birth-payload-timestamp")
@pytest.mark.trap(9)
def test_the_birth_follows_the_subscription_and_carries_the_time_of_the_will() -> None:
    state = HostState("scada")
    state.connect(NOW)
    assert not state.is_online
    (birth,) = state.subscribed()

    assert state.subscriptions() == [(TOPIC, 1)]
    assert (birth.topic, birth.qos, birth.retain) == (TOPIC, 1, True)
    assert json.loads(birth.payload) == {"online": True, "timestamp": NOW}
    assert state.is_online


@pytest.mark.tck("message-flow-hid-sparkplug-state-message-delivered")
@pytest.mark.trap(10)
def test_a_false_offline_is_contradicted_at_once_with_the_time_of_the_connection() -> None:
    """A late Will of the connection before."""
    state = HostState("scada")
    state.connect(NOW)
    late = StatePayload(online=False, timestamp=NOW - 60_000).encode()
    assert state.receive(TOPIC, late) == []
    birth = state.subscribed()

    assert state.receive(TOPIC, late) == birth
    assert state.receive(TOPIC, birth[0].payload) == []
    assert state.receive("spBv1.0/STATE/other", late) == []
    assert state.receive(TOPIC, b"junk") == []


def test_copies_of_a_false_offline_are_contradicted_once_and_a_new_one_again() -> None:
    """Filters that overlap bring every STATE twice, our answer among them."""
    state = HostState("scada")
    state.connect(NOW)
    (birth,) = state.subscribed()
    late = StatePayload(online=False, timestamp=NOW - 60_000).encode()

    for _ in range(2):
        assert [state.receive(TOPIC, late) for _ in range(2)] == [[birth], []]
        assert [state.receive(TOPIC, birth.payload) for _ in range(2)] == [[], []]


@pytest.mark.tck(
    "operational-behavior-host-application-termination",
    "operational-behavior-host-application-death-payload",
    "operational-behavior-host-application-death-qos",
    "operational-behavior-host-application-death-retained",
)
@pytest.mark.trap(9)
def test_leaving_says_offline_with_the_time_of_leaving_and_does_not_contradict_itself() -> None:
    state = HostState("scada")
    state.connect(NOW)
    state.subscribed()
    (death,) = state.disconnect(NOW + 5)

    assert (death.topic, death.qos, death.retain) == (TOPIC, 1, True)
    assert json.loads(death.payload) == {"online": False, "timestamp": NOW + 5}
    assert state.receive(TOPIC, death.payload) == []
    assert state.disconnect(NOW + 6) == []


@pytest.mark.tck("operational-behavior-host-application-multi-server-timestamp")
@pytest.mark.trap(4)
def test_every_connection_has_its_own_time() -> None:
    """After a reconnect, too."""
    state = HostState("scada")
    state.connect(NOW)
    state.subscribed()
    state.disconnected()
    with pytest.raises(LocalProtocolError):
        state.subscribed()
    will = state.connect(NOW + 100)

    assert json.loads(will.payload)["timestamp"] == json.loads(state.subscribed()[0].payload)["timestamp"] == NOW + 100


@pytest.mark.tck("host-topic-phid-birth-payload", "host-topic-phid-death-payload")
@pytest.mark.trap(8)
@pytest.mark.parametrize(
    "payload",
    [
        b"ONLINE",
        b"OFFLINE",
        b"",
        b"\xff",
        b"true",
        b"[]",
        b"{}",
        b'{"online": true}',
        b'{"online": "true", "timestamp": 1}',
        b'{"online": 1, "timestamp": 1}',
        b'{"online": true, "timestamp": 1.5}',
        b'{"online": true, "timestamp": "1"}',
        b'{"online": true, "timestamp": true}',
        b'{"online": true, "timestamp": -1}',
        b"[" * 4000,
        b'{"online": true, "timestamp": 1, "x": "' + b"x" * 5000 + b'"}',
    ],
)
def test_other_forms_of_state_are_refused(payload: bytes) -> None:
    """Those of Sparkplug 2.2 among them."""
    with pytest.raises(RemoteProtocolError):
        StatePayload.decode(payload)


def test_a_state_payload_reads_as_written_and_unknown_members_do_not_matter() -> None:
    """Tolerant of fields to come."""
    state = StatePayload(online=True, timestamp=NOW)

    assert StatePayload.decode(state.encode()) == state
    assert StatePayload.decode(b'{"online": false, "timestamp": 7, "bdSeq": 1}') == StatePayload(False, 7)


@pytest.mark.tck("message-flow-edge-node-birth-publish-phid-wait-timestamp")
@pytest.mark.trap(11)
def test_the_gate_goes_by_the_newest_state() -> None:
    """The first counts, older ones do not."""
    gate = PrimaryHostGate("scada")
    assert not gate.is_open
    for online, timestamp, is_open in [
        (True, 100, True),
        (False, 99, True),
        (False, 100, False),
        (True, 99, False),
        (True, 100, True),
        (True, 200, True),
        (False, 150, True),
    ]:
        gate.receive(StatePayload(online, timestamp).encode())
        assert gate.is_open is is_open
    gate.reset()
    assert not gate.is_open
    gate.receive(StatePayload(online=True, timestamp=1).encode())
    assert gate.is_open


def test_a_host_id_must_fit_in_a_topic() -> None:
    with pytest.raises(TopicError):
        HostState("a/b")


def test_a_state_of_the_longest_length_is_read_and_a_longer_one_is_not() -> None:
    """Hosts may write it with blanks; nobody has to read a book."""
    text = b'{"online": true, "timestamp": 5}'
    assert StatePayload.decode(text.ljust(4096)) == StatePayload(online=True, timestamp=5)
    with pytest.raises(RemoteProtocolError):
        StatePayload.decode(text.ljust(4097))


def test_each_false_offline_is_contradicted_once() -> None:
    """Copies of it are not; a later one is, once the contradiction itself has come back."""
    host = HostState("scada")
    host.connect(100)
    (birth,) = host.subscribed()
    offline = StatePayload(online=False, timestamp=99).encode()
    said = [host.receive(birth.topic, payload) for payload in (*3 * [offline], birth.payload, offline)]

    assert said == [[birth], [], [], [], [birth]]
