"""What an edge node reported, in the form in which it is stored until it has surely arrived.

Aliases last no longer than a birth, so a stored report names its metrics and their data types: it is a Sparkplug payload like that of a
birth.
"""

from collections.abc import Iterable
from typing import NamedTuple

from namespace.sparkplug.decoder import decode_payload
from namespace.sparkplug.definition import MetricUpdate
from namespace.sparkplug.edge_node import EdgeNodeSession
from namespace.sparkplug.encoder import encode_payload
from namespace.sparkplug.forwarding import Source
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.payload import Payload


class StoredReport(NamedTuple):
    """One report as it is kept.

    Attributes:
        number: its place in the order of reporting.
        stamp_ms: when it was reported, by the clock of the store.
        source: the device; None for the edge node itself.
        readings: how many it holds.
        payload: see `encode_report`.
    """

    number: int
    stamp_ms: int
    source: Source
    readings: int
    payload: bytes


def encode_report(core: EdgeNodeSession, device_id: Source, updates: Iterable[MetricUpdate]) -> tuple[bytes, int]:
    """Return the stored form of a report and how many readings it holds; transient metrics, which are not for history, are left out.

    Args:
        core: whose metrics they are.
        device_id: the device; None for the edge node itself.
        updates: as `EdgeNodeSession.changes` returns them.

    Raises:
        LocalProtocolError: unknown device, or a value that does not fit.
    """
    readings: list[Metric] = []
    for update in updates:
        definition = core.definition(device_id, update.name)
        if definition is None or definition.is_transient:
            continue
        readings.append(
            Metric(
                name=update.name,
                timestamp=update.timestamp,
                datatype=definition.datatype,
                value=update.value,
                properties=update.properties,
            )
        )
    return encode_readings(readings), len(readings)


def encode_readings(readings: Iterable[Metric]) -> bytes:
    """Return the stored form of readings that have their names and data types."""
    return encode_payload(Payload(metrics=tuple(readings)))


def decode_report(data: bytes) -> tuple[Metric, ...]:
    """Return the readings of a stored report.

    Raises:
        RemoteProtocolError: it has been damaged.
    """
    return decode_payload(data).metrics
