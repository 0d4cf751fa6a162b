"""The states of an edge-node session as a table, and what it asks its caller to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.errors import Reason
from namespace.sparkplug.message import OutgoingMessage
from namespace.sparkplug.metric import Value


class EdgeNodeState(Enum):
    """Where a session stands."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    WAITING = "waiting"
    ONLINE = "online"


class EdgeNodeTrigger(Enum):
    """What moves it on."""

    CONNECT = "connect"
    SUBSCRIBED = "subscribed"
    HOST_ONLINE = "host online"
    HOST_OFFLINE = "host offline"
    DISCONNECT = "disconnect"
    LOST = "lost"


TRANSITIONS: Mapping[tuple[EdgeNodeState, EdgeNodeTrigger], EdgeNodeState] = {
    (EdgeNodeState.OFFLINE, EdgeNodeTrigger.CONNECT): EdgeNodeState.CONNECTING,
    (EdgeNodeState.OFFLINE, EdgeNodeTrigger.DISCONNECT): EdgeNodeState.OFFLINE,
    (EdgeNodeState.OFFLINE, EdgeNodeTrigger.LOST): EdgeNodeState.OFFLINE,
    (EdgeNodeState.CONNECTING, EdgeNodeTrigger.CONNECT): EdgeNodeState.CONNECTING,
    (EdgeNodeState.CONNECTING, EdgeNodeTrigger.SUBSCRIBED): EdgeNodeState.WAITING,
    (EdgeNodeState.CONNECTING, EdgeNodeTrigger.DISCONNECT): EdgeNodeState.OFFLINE,
    (EdgeNodeState.CONNECTING, EdgeNodeTrigger.LOST): EdgeNodeState.OFFLINE,
    (EdgeNodeState.WAITING, EdgeNodeTrigger.HOST_ONLINE): EdgeNodeState.ONLINE,
    (EdgeNodeState.WAITING, EdgeNodeTrigger.DISCONNECT): EdgeNodeState.OFFLINE,
    (EdgeNodeState.WAITING, EdgeNodeTrigger.LOST): EdgeNodeState.OFFLINE,
    (EdgeNodeState.ONLINE, EdgeNodeTrigger.HOST_OFFLINE): EdgeNodeState.OFFLINE,
    (EdgeNodeState.ONLINE, EdgeNodeTrigger.DISCONNECT): EdgeNodeState.OFFLINE,
    (EdgeNodeState.ONLINE, EdgeNodeTrigger.LOST): EdgeNodeState.OFFLINE,
}
"""Every move there is; anything else is a mistake of the caller."""


@dataclass(frozen=True, slots=True)
class Send:
    """Publish these, in this order."""

    messages: tuple[OutgoingMessage, ...]


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """Somebody wrote to a writable metric; nothing has been changed yet.

    Attributes:
        device_id: the device it belongs to; None for the edge node itself.
        timestamp: ms since the epoch, as the sender gave it.
    """

    device_id: str | None
    name: str
    datatype: DataType
    value: Value
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command, or one metric of it, that was not carried out; `reason` is for counting."""

    topic: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The primary host is offline: publish these, disconnect, go to the next server and start over."""

    messages: tuple[OutgoingMessage, ...]


@dataclass(frozen=True, slots=True)
class HostReturned:
    """The primary host has built its connection anew without having been seen offline: it may have missed what was sent of late."""


Action = Send | CommandReceived | CommandRefused | Leave | HostReturned
