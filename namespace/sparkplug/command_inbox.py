"""Reading commands that arrive at an edge node: what is asked for, and what is refused and why."""

from typing import NamedTuple

from namespace.sparkplug.decoder import MetricReader
from namespace.sparkplug.definition import REBIRTH
from namespace.sparkplug.edge_action import CommandReceived, CommandRefused
from namespace.sparkplug.errors import Reason, RemoteProtocolError
from namespace.sparkplug.frame import parse_payload
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.metric_set import MetricSet
from namespace.sparkplug.payload import Limits


class Command(NamedTuple):
    """A command message, metric by metric, and whether it asks for a rebirth."""

    actions: list[CommandReceived | CommandRefused]
    asks_rebirth: bool = False


def read_command(topic: str, metrics: MetricSet, payload: bytes, limits: Limits) -> Command:
    """Read an NCMD or DCMD.

    Args:
        topic: for the record of what is refused.
        metrics: those of the edge node or device it is addressed to. A metric may come by name or by alias,
            with or without its data type.
        payload: as it came, from anybody.
        limits: how much we are willing to read.
    """
    try:
        message = parse_payload(payload, limits)
    except RemoteProtocolError as error:
        return Command([CommandRefused(topic, error.reason, error.detail)])
    reader = MetricReader(limits)
    actions: list[CommandReceived | CommandRefused] = []
    asks_rebirth = False
    for entry in message.metrics:
        try:
            metric = reader.metric(entry, metrics.born)
        except RemoteProtocolError as error:
            actions.append(CommandRefused(topic, error.reason, error.detail))
            continue
        if metrics.device_id is None and metric.name == REBIRTH:
            asks_rebirth = asks_rebirth or metric.value is True
        else:
            actions.append(_judged(topic, metrics, metric))
    return Command(actions, asks_rebirth)


def _judged(topic: str, metrics: MetricSet, metric: Metric) -> CommandReceived | CommandRefused:
    definition = metrics.find(metric.name, metric.alias)
    if definition is None:
        return CommandRefused(topic, Reason.UNKNOWN_METRIC, f"no metric {metric.name or metric.alias!r}")
    if not definition.writable:
        return CommandRefused(topic, Reason.NOT_WRITABLE, f"{definition.name} takes no commands")
    return CommandReceived(metrics.device_id, definition.name, definition.datatype, metric.value, metric.timestamp)
