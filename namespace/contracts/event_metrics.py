"""The event log as Sparkplug metrics of its producer's node: what is written, and how it is read without a birth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from namespace.contracts.event_log import EventRow, LogHead
from namespace.contracts.event_wire import COLUMNS, row_from_columns, row_to_columns
from namespace.contracts.node import (
    EPOCH_METRIC,
    EVENTS_METRIC,
    FORK_SEQ_METRIC,
    HEAD_HASH_METRIC,
    HEAD_METRIC,
    PREVIOUS_EPOCH_METRIC,
)
from namespace.sparkplug import DataSet, DataType, Metric, MetricValue, Payload, Value

_NAMES = tuple(name for name, _ in COLUMNS)
_TYPES = tuple(DataType[name] for _, name in COLUMNS)

_ANNOUNCED = frozenset({HEAD_METRIC, EPOCH_METRIC, PREVIOUS_EPOCH_METRIC, FORK_SEQ_METRIC, HEAD_HASH_METRIC})

NO_EVENTS = DataSet(_NAMES, _TYPES)
"""What births carry: every column and no row."""


def events_value(rows: Sequence[EventRow]) -> DataSet:
    """Return the value of `EventLog/Events` for a batch of rows."""
    return DataSet(_NAMES, _TYPES, tuple(row_to_columns(row) for row in rows))


def head_values(log: LogHead) -> dict[str, Value]:
    """Return the metrics that announce a log: head, epoch, and where it forked, if it did."""
    return {
        HEAD_METRIC: log.head,
        EPOCH_METRIC: str(log.epoch),
        PREVIOUS_EPOCH_METRIC: None if log.previous_epoch is None else str(log.previous_epoch),
        FORK_SEQ_METRIC: log.fork_seq,
        HEAD_HASH_METRIC: log.hash,
    }


@dataclass(frozen=True, slots=True)
class LogMessage:
    """What one message of a producer says about its log.

    Attributes:
        log: The announced head; None where the message announces none.
        rows: The events it carries.
    """

    log: LogHead | None
    rows: tuple[EventRow, ...]


def read_log_message(payload: Payload) -> LogMessage:
    """Return what a producer's NBIRTH or NDATA says about its event log.

    Raises:
        EventFormatError: A row is not one.
    """
    return read_log_metrics(payload.metrics)


def read_log_metrics(metrics: Iterable[Metric | MetricValue]) -> LogMessage:
    """Return what metrics of a producer's node say about its event log, as a host hears them.

    Raises:
        EventFormatError: A row is not one.
    """
    values: dict[str, Value] = {}
    rows: list[EventRow] = []
    for metric in metrics:
        if metric.name == EVENTS_METRIC and isinstance(metric.value, DataSet):
            rows.extend(row_from_columns(row, metric.value.columns) for row in metric.value.rows)
        elif metric.name in _ANNOUNCED:
            values[metric.name] = metric.value
    return LogMessage(_head(values), tuple(rows))


def _head(values: dict[str, Value]) -> LogHead | None:
    head, epoch = values.get(HEAD_METRIC), values.get(EPOCH_METRIC)
    if not isinstance(head, int) or not isinstance(epoch, str):
        return None
    previous, fork_seq = values.get(PREVIOUS_EPOCH_METRIC), values.get(FORK_SEQ_METRIC)
    row_hash = values.get(HEAD_HASH_METRIC)
    try:
        return LogHead(
            epoch=UUID(epoch),
            head=head,
            previous_epoch=UUID(previous) if isinstance(previous, str) and previous else None,
            fork_seq=fork_seq if isinstance(fork_seq, int) and previous else None,
            hash=row_hash if isinstance(row_hash, str) and row_hash else None,
        )
    except ValueError:
        return None
