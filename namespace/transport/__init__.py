"""The MQTT port, its adapters (`namespace.transport.mqtt`, `namespace.transport.memory`) and what they share."""

from namespace.transport.broker_url import BrokerUrl, BrokerUrlError
from namespace.transport.port import (
    BrokerUnreachable,
    Connection,
    ConnectionLost,
    ConnectRefused,
    Counters,
    LostReason,
    Message,
    PublishRefused,
    RefusalReason,
    SubscribeRefused,
    Transport,
    TransportError,
    Will,
)
from namespace.transport.server_walk import ServerWalk
from namespace.transport.topic_filter import TopicFilterError, check_topic, check_topic_filter, topic_matches

__all__ = [
    "BrokerUnreachable",
    "BrokerUrl",
    "BrokerUrlError",
    "ConnectRefused",
    "Connection",
    "ConnectionLost",
    "Counters",
    "LostReason",
    "Message",
    "PublishRefused",
    "RefusalReason",
    "ServerWalk",
    "SubscribeRefused",
    "TopicFilterError",
    "Transport",
    "TransportError",
    "Will",
    "check_topic",
    "check_topic_filter",
    "topic_matches",
]
