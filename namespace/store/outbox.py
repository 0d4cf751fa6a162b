"""The outbox: events are written in the transaction that makes them true.

Either both the state change and its events are committed, or neither. This module only writes; giving events
their place in the log and publishing them is the relay's work (`namespace.store.relay`).
"""

from collections.abc import Sequence

from namespace.contracts.canonical import canonical_json
from namespace.contracts.event_log import MAX_EVENT_BYTES, NewEvent, encoded_size
from namespace.store.database import Transaction
from namespace.store.errors import EventTooLarge
from namespace.store.event_columns import event_arrays, event_values
from namespace.store.queries import Queries


class _Sql(Queries):
    append: str
    notify: str


_SQL = _Sql.load("namespace.store", "outbox.sql")


def outbox_channel(schema: str) -> str:
    """Name the NOTIFY channel on which a schema's relay is woken from other processes."""
    return f"uns_outbox_{schema}"


async def append(tx: Transaction, events: Sequence[NewEvent]) -> None:
    """Write events into the outbox, in order, as part of the transaction.

    Append after the reads and row locks that an event rests on, never before: an event then stands in the log
    behind everything its transaction had seen.

    Args:
        tx: The business transaction.
        events: What happened; may be empty.

    Raises:
        EventFormatError: A payload has no canonical JSON, for example because of a float.
        EventTooLarge: An event takes more than `MAX_EVENT_BYTES` as a row; nothing is written.
        DatabaseUnavailable: The connection was lost.
    """
    if not events:
        return
    rows = []
    for event in events:
        payload_json = canonical_json(event.payload)
        size = encoded_size(event, payload_json)
        if size > MAX_EVENT_BYTES:
            raise EventTooLarge(
                f"{event.type} {event.event_id} about {event.subject} takes {size} bytes, "
                f"an event may take {MAX_EVENT_BYTES}",
                "Say it in several events, or keep the bulk in a table and name it in the event.",
            )
        rows.append((*event_values(event, payload_json), size))
    await tx.execute(_SQL.append, *event_arrays(rows))
    if tx.database.has_relay:
        tx.after_commit(tx.database.appended)
    else:
        # Nobody here moves the outbox: tell the process that does. NOTIFY makes commits queue, so not always.
        await tx.execute(_SQL.notify, outbox_channel(tx.database.schema))
