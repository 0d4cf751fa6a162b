"""What can go wrong on the wire, split by whose fault it is.

A `LocalProtocolError` is our bug: a caller asked for something Sparkplug forbids, and nothing was sent. A
`RemoteProtocolError` is theirs: bytes came in that do not follow the rules. It carries a short reason that
can be counted, because the set of reasons is closed; the detail is for a person who reads the log. Nothing
here decides what happens next: sessions turn a remote error into an event and carry on.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why something from outside was refused; short, closed, fit for a metric label."""

    TOPIC = "topic"
    PAYLOAD_SIZE = "payload_size"
    PROTOBUF = "protobuf"
    UTF8 = "utf8"
    METRIC_COUNT = "metric_count"
    VALUE_COUNT = "value_count"
    NESTING = "nesting"
    COMPRESSION = "compression"
    DECOMPRESSED_SIZE = "decompressed_size"
    DATATYPE = "datatype"
    DATATYPE_CHANGED = "datatype_changed"
    VALUE = "value"
    ARRAY = "array"
    DATASET = "dataset"
    PROPERTY_SET = "property_set"
    METRIC_NAME = "metric_name"
    ALIAS_CONFLICT = "alias_conflict"
    UNKNOWN_METRIC = "unknown_metric"
    UNKNOWN_ALIAS = "unknown_alias"
    UNKNOWN_DEVICE = "unknown_device"
    SEQ = "seq"
    BD_SEQ = "bd_seq"
    STATE = "state"
    NODE_COUNT = "node_count"
    DEVICE_COUNT = "device_count"
    NOT_WRITABLE = "not_writable"


class SparkplugError(Exception):
    """Root of every error that this package raises."""


class LocalProtocolError(SparkplugError):
    """A caller in this process asked for something that Sparkplug does not allow; nothing was sent."""


class RemoteProtocolError(SparkplugError):
    """Somebody else's bytes break the rules.

    Attributes:
        reason: the short code to count.
        detail: what was found, for a person.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class TopicError(RemoteProtocolError):
    """A topic is not a Sparkplug B topic."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.TOPIC, detail)
