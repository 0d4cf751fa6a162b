"""STATE: how a host application says that it is online, and how an edge node waits for it.

The payload is JSON with a boolean and an integer time; the forms of Sparkplug 2.2 (a text ONLINE or OFFLINE,
a topic without the namespace) are refused. `HostState` is the host's side, `PrimaryHostGate` the edge node's.
"""

import json
from dataclasses import dataclass
from enum import Enum

from namespace.sparkplug.errors import LocalProtocolError, Reason, RemoteProtocolError
from namespace.sparkplug.message import OutgoingMessage
from namespace.sparkplug.topic import StateTopic, check_id

_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class StatePayload:
    """What a STATE message says; `timestamp` is ms since the epoch, UTC."""

    online: bool
    timestamp: int

    def encode(self) -> bytes:
        """Write the JSON form (tck-id-host-topic-phid-birth-payload, -death-payload)."""
        return json.dumps({"online": self.online, "timestamp": self.timestamp}).encode()

    @classmethod
    def decode(cls, data: bytes) -> "StatePayload":
        """Read the JSON form; unknown members are ignored.

        Raises:
            RemoteProtocolError: no such JSON, or a timestamp that is no unsigned integer.
        """
        if len(data) > _MAX_BYTES:
            raise RemoteProtocolError(Reason.PAYLOAD_SIZE, f"a STATE payload of {len(data)} bytes")
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RemoteProtocolError(Reason.STATE, f"no JSON: {error}") from None
        if not isinstance(document, dict):
            raise RemoteProtocolError(Reason.STATE, "a STATE payload is a JSON object")
        online, timestamp = document.get("online"), document.get("timestamp")
        if not isinstance(online, bool):
            raise RemoteProtocolError(Reason.STATE, "online is true or false")
        if not isinstance(timestamp, int) or isinstance(timestamp, bool) or timestamp < 0:
            raise RemoteProtocolError(Reason.STATE, "timestamp is an integer, ms since the epoch")
        return cls(online, timestamp)


class _Phase(Enum):
    OFFLINE = "offline"
    CONNECTING = "connecting"
    ONLINE = "online"


class HostState:
    """The STATE messages of one host application on one MQTT server.

    Make one for each server: the timestamp belongs to the connection
    (tck-id-operational-behavior-host-application-multi-server-timestamp).
    """

    def __init__(self, host_id: str) -> None:
        self._topic = str(StateTopic(check_id("host_id", host_id)))
        self._phase = _Phase.OFFLINE
        self._connected_at_ms = 0
        self._is_contradicting = False

    @property
    def is_online(self) -> bool:
        """Whether this host has said that it is online, and has not taken it back."""
        return self._phase is _Phase.ONLINE

    def connect(self, now_ms: int) -> OutgoingMessage:
        """Begin a connection.

        Returns:
            The Will to register: retained, QoS 1, offline as of now (tck-id-payloads-state-will-message).
        """
        self._phase, self._connected_at_ms = _Phase.CONNECTING, now_ms
        self._is_contradicting = False
        return self._message(online=False, timestamp=now_ms)

    def subscriptions(self) -> list[tuple[str, int]]:
        """Return the filter to subscribe to before the birth (tck-id-host-topic-phid-birth-sub-required)."""
        return [(self._topic, 1)]

    def subscribed(self) -> list[OutgoingMessage]:
        """Return the birth, to publish first; its timestamp is that of the Will.

        Raises:
            LocalProtocolError: there was no `connect`.
        """
        if self._phase is _Phase.OFFLINE:
            raise LocalProtocolError("a host application connects before it says that it is online")
        self._phase = _Phase.ONLINE
        return [self._message(online=True, timestamp=self._connected_at_ms)]

    def receive(self, topic: str, payload: bytes) -> list[OutgoingMessage]:
        """Contradict an "offline" on our own topic, which a late Will of an earlier connection leaves behind.

        Once: until the contradiction itself comes back, another "offline" is older than that or a copy, as a broker may deliver where
        filters overlap (MQTT 5.0, 3.3.4).

        Returns:
            The birth again, or nothing (tck-id-message-flow-hid-sparkplug-state-message-delivered). What
            cannot be read is left alone: it may be anybody's.
        """
        if topic != self._topic or self._phase is not _Phase.ONLINE:
            return []
        try:
            state = StatePayload.decode(payload)
        except RemoteProtocolError:
            return []
        if state.online or self._is_contradicting:
            self._is_contradicting = self._is_contradicting and not state.online
            return []
        self._is_contradicting = True
        return [self._message(online=True, timestamp=self._connected_at_ms)]

    def disconnect(self, now_ms: int) -> list[OutgoingMessage]:
        """Take the birth back before a DISCONNECT.

        Sparkplug 3.0, tck-id-operational-behavior-host-application-termination.
        """
        if self._phase is _Phase.OFFLINE:
            return []
        self._phase = _Phase.OFFLINE
        return [self._message(online=False, timestamp=now_ms)]

    def disconnected(self) -> None:
        """Note that the connection is gone; the broker publishes the Will."""
        self._phase = _Phase.OFFLINE

    def _message(self, *, online: bool, timestamp: int) -> OutgoingMessage:
        return OutgoingMessage(self._topic, StatePayload(online, timestamp).encode(), qos=1, retain=True)


class PrimaryHostGate:
    """An edge node's view of its primary host application on the server it is connected to.

    The first STATE counts; after it, one that is older than the last is ignored
    (tck-id-message-flow-edge-node-birth-publish-phid-wait-timestamp, ...-termination-host-offline-timestamp).
    """

    def __init__(self, host_id: str) -> None:
        self._topic = str(StateTopic(host_id))
        self._latest: StatePayload | None = None

    @property
    def topic(self) -> str:
        """The STATE topic of the host that counts (tck-id-...-phid-wait-id)."""
        return self._topic

    @property
    def is_open(self) -> bool:
        """Whether the host is online."""
        return self._latest is not None and self._latest.online

    def reset(self) -> None:
        """Forget what another connection said."""
        self._latest = None

    def receive(self, payload: bytes) -> bool:
        """Take in a STATE message from `topic`.

        Returns:
            Whether a host that was online says it again with a newer time: it has another connection, and nobody saw it go.

        Raises:
            RemoteProtocolError: it cannot be read; what was known stays.
        """
        state, known = StatePayload.decode(payload), self._latest
        if known is not None and state.timestamp < known.timestamp:
            return False
        self._latest = state
        return known is not None and known.online and state.online and state.timestamp > known.timestamp
