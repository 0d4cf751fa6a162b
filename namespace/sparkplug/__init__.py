"""Sparkplug B 3.0: codec, topics, edge-node and host-application sessions; pure, no I/O, no clock."""

from namespace.sparkplug.command import command, rebirth_request
from namespace.sparkplug.compression import COMPRESSED_UUID
from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.decoder import Resolve, decode_payload
from namespace.sparkplug.definition import (
    BD_SEQ,
    REBIRTH,
    EdgeNodeConfig,
    MetricDefinition,
    MetricUpdate,
)
from namespace.sparkplug.edge_action import (
    Action,
    CommandReceived,
    CommandRefused,
    EdgeNodeState,
    HostReturned,
    Leave,
    Send,
)
from namespace.sparkplug.edge_node import EdgeNodeSession
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.errors import (
    LocalProtocolError,
    Reason,
    RemoteProtocolError,
    SparkplugError,
    TopicError,
)
from namespace.sparkplug.forwarding import Forwarding, ForwardingSettings, Source, Span, Want
from namespace.sparkplug.host_application import HostSession
from namespace.sparkplug.host_event import (
    Data,
    DeviceBirth,
    DeviceDeath,
    HostEvent,
    Ignored,
    IgnoredReason,
    NodeBirth,
    NodeDeath,
    NodeStale,
    NodeState,
    RebirthWanted,
    Rejected,
    WantedReason,
)
from namespace.sparkplug.host_settings import HostSettings
from namespace.sparkplug.host_view import HostView, MetricStanding, Since, Standing
from namespace.sparkplug.message import OutgoingMessage
from namespace.sparkplug.metric import (
    Cell,
    DataSet,
    MetaData,
    Metric,
    Parameter,
    PropertySet,
    PropertyValue,
    Quality,
    Template,
    Value,
)
from namespace.sparkplug.metric_columns import Columns, MetricValue, Slot
from namespace.sparkplug.payload import Limits, Payload
from namespace.sparkplug.quick_walk import Walk
from namespace.sparkplug.resending import Resend, Undeliverable, resend
from namespace.sparkplug.snapshot import DeviceSnapshot, NodeSnapshot, dump_snapshot, load_snapshot
from namespace.sparkplug.state import HostState, PrimaryHostGate, StatePayload
from namespace.sparkplug.stored_report import StoredReport, decode_report, encode_report
from namespace.sparkplug.topic import (
    EdgeNodeDescriptor,
    MessageType,
    StateTopic,
    Topic,
    parse_topic,
)

__all__ = [
    "BD_SEQ",
    "COMPRESSED_UUID",
    "REBIRTH",
    "Action",
    "Cell",
    "Columns",
    "CommandReceived",
    "CommandRefused",
    "Data",
    "DataSet",
    "DataType",
    "DeviceBirth",
    "DeviceDeath",
    "DeviceSnapshot",
    "EdgeNodeConfig",
    "EdgeNodeDescriptor",
    "EdgeNodeSession",
    "EdgeNodeState",
    "Forwarding",
    "ForwardingSettings",
    "HostEvent",
    "HostReturned",
    "HostSession",
    "HostSettings",
    "HostState",
    "HostView",
    "Ignored",
    "IgnoredReason",
    "Leave",
    "Limits",
    "LocalProtocolError",
    "MessageType",
    "MetaData",
    "Metric",
    "MetricDefinition",
    "MetricStanding",
    "MetricUpdate",
    "MetricValue",
    "NodeBirth",
    "NodeDeath",
    "NodeSnapshot",
    "NodeStale",
    "NodeState",
    "OutgoingMessage",
    "Parameter",
    "Payload",
    "PrimaryHostGate",
    "PropertySet",
    "PropertyValue",
    "Quality",
    "Reason",
    "RebirthWanted",
    "Rejected",
    "RemoteProtocolError",
    "Resend",
    "Resolve",
    "Send",
    "Since",
    "Slot",
    "Source",
    "Span",
    "SparkplugError",
    "Standing",
    "StatePayload",
    "StateTopic",
    "StoredReport",
    "Template",
    "Topic",
    "TopicError",
    "Undeliverable",
    "Value",
    "Walk",
    "Want",
    "WantedReason",
    "command",
    "decode_payload",
    "decode_report",
    "dump_snapshot",
    "encode_payload",
    "encode_report",
    "load_snapshot",
    "parse_topic",
    "rebirth_request",
    "resend",
]
