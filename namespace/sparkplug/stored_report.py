"""What an edge node reported, in the form in which it is stored until it has surely arrived.

Aliases last no longer than a birth, so a stored report names its metrics and their data types: a Sparkplug payload like that of a birth.
Sent again later it is history under the aliases of the present birth; what the node does not have any more in that form is left out and
counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from namespace.sparkplug.decoder import decode_payload
from namespace.sparkplug.definition import MetricUpdate
from namespace.sparkplug.edge_node import EdgeNodeSession
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.errors import LocalProtocolError, Reason
from namespace.sparkplug.message import OutgoingMessage
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.payload import Payload


@dataclass(frozen=True, slots=True)
class Recalled:
    """Stored reports of one device as they go out now.

    Attributes:
        messages: What to publish.
        refused: Why readings were left out, one entry for each.
    """

    messages: list[OutgoingMessage] = field(default_factory=list)
    refused: list[Reason] = field(default_factory=list)


def encode_report(core: EdgeNodeSession, device_id: str | None, updates: Iterable[MetricUpdate]) -> tuple[bytes, int]:
    """Return the stored form of a report and the number of readings in it; transient metrics, which are not for history, are left out.

    Args:
        core: Whose metrics they are.
        device_id: The device; None for the edge node itself.
        updates: As `EdgeNodeSession.changes` returns them.

    Raises:
        LocalProtocolError: Unknown device, or a value that does not fit.
    """
    metrics: list[Metric] = []
    for update in updates:
        definition = core.definition(device_id, update.name)
        if definition is None or definition.is_transient:
            continue
        metrics.append(
            Metric(
                name=update.name,
                timestamp=update.timestamp,
                datatype=definition.datatype,
                value=update.value,
                properties=update.properties,
            )
        )
    return (encode_payload(Payload(metrics=tuple(metrics))) if metrics else b"", len(metrics))


def decode_report(data: bytes) -> tuple[Metric, ...]:
    """Return the readings of a stored report.

    Raises:
        RemoteProtocolError: It has been damaged.
    """
    return decode_payload(data).metrics


def recall(core: EdgeNodeSession, device_id: str | None, readings: Iterable[Metric], now_ms: int) -> Recalled:
    """Send stored readings of one device as history.

    Args:
        core: A born edge node with that device alive.
        device_id: The device; None for the edge node itself.
        readings: Of stored reports, in order.
        now_ms: ms since the epoch, UTC.
    """
    recalled = Recalled()
    updates: list[MetricUpdate] = []
    for reading in readings:
        definition = core.definition(device_id, reading.name or "")
        if definition is None:
            recalled.refused.append(Reason.UNKNOWN_METRIC)
        elif definition.datatype is not reading.datatype:
            recalled.refused.append(Reason.DATATYPE_CHANGED)
        else:
            updates.append(
                MetricUpdate(
                    definition.name, reading.value, reading.timestamp, is_historical=True, properties=reading.properties
                )
            )
    try:
        recalled.messages.extend(core.update(device_id, updates, now_ms))
    except LocalProtocolError:  # one does not fit what is born now, such as a template that has other members: find it
        for update in updates:
            try:
                recalled.messages.extend(core.update(device_id, [update], now_ms))
            except LocalProtocolError:
                recalled.refused.append(Reason.VALUE)
    return recalled
