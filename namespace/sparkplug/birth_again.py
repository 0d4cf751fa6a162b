"""Reading a birth that says what the one before it said, but for the values: nearly every birth that is not the first.

When many edge nodes are reborn at once, it is this that a host is busy with. What the birth settles of a metric is taken over from before;
whatever is not quite the same is left to the full reading, which alone knows what is wrong with it.
"""

from collections.abc import Sequence

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.decoder import MetricReader
from namespace.sparkplug.errors import RemoteProtocolError
from namespace.sparkplug.metric_columns import Slot
from namespace.sparkplug.payload import Limits


def born_again(message: pb.Payload, before: Sequence[Slot], received_at_ms: int, limits: Limits) -> list[Slot] | None:
    """Return the metrics of a birth; None for one that lists others than before, or anything unusual.

    Args:
        message: NBIRTH or DBIRTH.
        before: what the birth before it settled, in its order, no metric twice.
        received_at_ms: for metrics of a payload without any timestamp, ms since the epoch.
        limits: how much we are willing to read.
    """
    if len(before) != len(message.metrics):
        return None
    reader = MetricReader(limits)
    sent_at = message.timestamp or received_at_ms
    metrics: list[Slot] = []
    try:
        reader.spend(len(before))
        for entry, slot in zip(message.metrics, before, strict=True):
            if not (slot.name and _is_same(entry, slot)):
                return None
            (_, field, is_plain, read) = slot.form
            if not (is_plain and entry.HasField(field)):
                return None
            if entry.HasField("properties"):
                if reader.properties(entry.properties) != slot.properties:
                    return None
            elif slot.properties is not None:
                return None
            raw = getattr(entry, field)
            at_ms = entry.timestamp
            if not at_ms or at_ms == sent_at:
                at_ms = sent_at  # one object for all, as a birth's values mostly are of one moment
            metrics.append(slot.renewed(raw if read is None else read(raw), at_ms))
    except RemoteProtocolError:
        return None
    return metrics


def _is_same(entry: pb.Payload.Metric, slot: Slot) -> bool:
    """Whether an entry is of the same definition, its properties aside, and says its value plainly."""
    return (
        entry.name == slot.name
        and entry.datatype == slot.datatype
        and entry.alias == (slot.alias or 0)
        and (slot.alias is not None) == (bool(slot.alias) or entry.HasField("alias"))
        and not (entry.is_null or entry.is_historical or entry.is_transient or slot.is_transient)
        and slot.metadata is None
        and not entry.HasField("metadata")
    )
