"""Sparkplug topics: the one place that knows how a topic is written.

Everything else speaks of edge nodes, devices and message types. What the parts of a topic mean in the plant
(which place a device id names) is not known here either.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from namespace.sparkplug.errors import TopicError

NAMESPACE = "spBv1.0"
STATE = "STATE"
_FORBIDDEN = frozenset("+#/\x00")


class MessageType(StrEnum):
    """The message types that name an edge node (Sparkplug 3.0, 4.1.3); STATE has a topic of its own."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    NDATA = "NDATA"
    DDATA = "DDATA"
    NCMD = "NCMD"
    DCMD = "DCMD"

    @property
    def names_device(self) -> bool:
        """Whether the topic of this type ends in a device id."""
        return self.value[0] == "D"

    @property
    def is_command(self) -> bool:
        """Whether a host application sends this type."""
        return self.value[1:] == "CMD"


_MESSAGE_TYPES = {member.value: member for member in MessageType}


class EdgeNodeDescriptor(NamedTuple):
    """What names an edge node in the whole infrastructure: its group and its own id."""

    group_id: str
    edge_node_id: str

    def __str__(self) -> str:
        return f"{self.group_id}/{self.edge_node_id}"

    @classmethod
    def parse(cls, text: str) -> "EdgeNodeDescriptor":
        """Read the `group/node` form.

        Raises:
            TopicError: the text has another shape or an id holds a forbidden character.
        """
        parts = text.split("/")
        if len(parts) != 2:
            raise TopicError(f"an edge node is written group/node, not {text!r}")
        return cls(check_id("group_id", parts[0]), check_id("edge_node_id", parts[1]))


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic of one message of, or to, an edge node or one of its devices."""

    group_id: str
    message_type: MessageType
    edge_node_id: str
    device_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Topic":
        """Read `spBv1.0/group/TYPE/node[/device]`.

        Raises:
            TopicError: anything else (Sparkplug 3.0, tck-id-topic-structure and the ids below it).
        """
        parts = text.split("/")
        if parts[0] != NAMESPACE:
            raise TopicError(f"the namespace of {_shown(text)} is not {NAMESPACE}")
        if len(parts) not in {4, 5}:
            raise TopicError(f"{_shown(text)} has {len(parts)} levels, a Sparkplug topic has 4 or 5")
        message_type = _MESSAGE_TYPES.get(parts[2])
        if message_type is None:
            raise TopicError(f"{_shown(text)} has an unknown message type")
        if message_type.names_device != (len(parts) == 5):
            raise TopicError(f"{_shown(text)}: a device id belongs to device messages, and to each of them")
        device_id = check_id("device_id", parts[4]) if len(parts) == 5 else None
        return cls(check_id("group_id", parts[1]), message_type, check_id("edge_node_id", parts[3]), device_id)

    @property
    def edge_node(self) -> EdgeNodeDescriptor:
        """Group and edge node id."""
        return EdgeNodeDescriptor(self.group_id, self.edge_node_id)

    def __str__(self) -> str:
        text = f"{NAMESPACE}/{self.group_id}/{self.message_type.value}/{self.edge_node_id}"
        return text if self.device_id is None else f"{text}/{self.device_id}"


@dataclass(frozen=True, slots=True)
class StateTopic:
    """The topic on which one host application says whether it is online."""

    host_id: str

    def __str__(self) -> str:
        return f"{NAMESPACE}/{STATE}/{self.host_id}"


def parse_topic(text: str) -> Topic | StateTopic:
    """Read any topic of the Sparkplug B namespace.

    Args:
        text: the topic as it came from the broker.

    Returns:
        A `StateTopic` for `spBv1.0/STATE/host`, a `Topic` for everything else.

    Raises:
        TopicError: it is neither (Sparkplug 3.0, 4.1 and tck-id-host-topic-phid-birth-topic).
    """
    if text.startswith(f"{NAMESPACE}/{STATE}/"):
        parts = text.split("/")
        if len(parts) == 3:
            return StateTopic(check_id("host_id", parts[2]))
    return Topic.parse(text)


def check_id(kind: str, text: str) -> str:
    """Return an id unchanged when MQTT and Sparkplug allow it in a topic.

    Args:
        kind: what the id names, for the message.
        text: the id.

    Raises:
        TopicError: it is empty, or holds `+`, `/`, `#`, NUL or half a surrogate pair
            (tck-id-topic-structure-namespace-valid-group-id, -edge-node-id, -device-id).
    """
    if not text:
        raise TopicError(f"{kind} is empty")
    if not _FORBIDDEN.isdisjoint(text) or any("\ud800" <= character <= "\udfff" for character in text):
        raise TopicError(f"{kind} {_shown(text)} holds a character that a topic level may not hold")
    return text


def _shown(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "...")
