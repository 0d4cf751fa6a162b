"""What a session hands out to be sent: a finished MQTT message, or a Will."""

from typing import NamedTuple

from namespace.sparkplug.topic import Topic


class OutgoingMessage(NamedTuple):
    """One MQTT message, ready to publish in the order it was handed out, or to register as the Will."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


def unretained(topic: Topic, payload: bytes) -> OutgoingMessage:
    """Return a message the way every edge node and command message goes: QoS 0, not retained.

    Sparkplug 3.0, tck-id-topics-nbirth-mqtt and its siblings.
    """
    return OutgoingMessage(str(topic), payload)
