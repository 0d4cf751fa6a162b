"""The event log's row: what an event says, and how rows are chained by hashes.

A producer's log is a gapless sequence of rows. Each row carries the SHA-256 of itself and of the row before
it, so a consumer that holds one hash can tell whether any later row belongs to the history it has seen. This
module does no I/O and knows no form on the wire (`namespace.contracts.event_wire`); storing, publishing and
following are the business of `namespace.store` and `namespace.runtime`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, Final
from uuid import UUID

from namespace.contracts.canonical import MAX_SAFE_INTEGER, EventFormatError, canonical_json, check_characters

GENESIS_HASH: Final = "0" * 64
"""What stands for the previous hash in the first row of a log."""

MAX_EVENT_BYTES: Final = 32 * 1024
MAX_BATCH_ROWS: Final = 200
MAX_BATCH_BYTES: Final = 64 * 1024
BATCH_OVERHEAD_BYTES: Final = 2 * 1024
"""Room kept in a message or page for column names, the announcement of the log and the envelope."""

MAX_TEXT_LENGTH: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """Something that happened, as the service that knows it writes it down.

    Times are kept in whole milliseconds of UTC, as they travel.

    Attributes:
        event_id: UUIDv7 of an original, UUIDv5 of a derived event (`namespace.contracts.ids`).
        type: Name of the event, for example `JobOrderStored`.
        schema: Contract name and version of the payload, for example `JobOrderStored/1`.
        occurred_at: Business time, from the source.
        scope: Place as ISA-95 path, for example `Acme/Dallas/Packaging/Line1`.
        subject: What it is about, the unit of order and of parking, for example the job order's id.
        payload: JSON object without floats: quantities are decimal strings with a unit.
        job_order: Job order concerned, if any.
        lot: Material lot concerned, if any.
        actor: Id of the person or system that acted, never a name.
        correlation: What it belongs to, for example a `command_id`.
        causation: `event_id` or `command_id` of its cause.
    """

    event_id: UUID
    type: str
    schema: str
    occurred_at: datetime
    scope: str
    subject: str
    payload: Mapping[str, Any]
    job_order: str | None = None
    lot: str | None = None
    actor: str | None = None
    correlation: str | None = None
    causation: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "occurred_at", _whole_milliseconds("occurred_at", self.occurred_at))
        for field in ("type", "schema", "scope", "subject"):
            _check_text(field, getattr(self, field))
        for field in ("job_order", "lot", "actor", "correlation", "causation"):
            if (value := getattr(self, field)) is not None:
                _check_text(field, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow(NewEvent):
    """An event with its place in a producer's log.

    Attributes:
        seq: Position in the log, counted from 1 without gaps.
        recorded_at: When the producer wrote it down.
        hash: 64 hex digits, `chain_hash` of this row and the hash before it.
    """

    seq: int
    recorded_at: datetime
    hash: str

    def __post_init__(self) -> None:
        NewEvent.__post_init__(self)
        object.__setattr__(self, "recorded_at", _whole_milliseconds("recorded_at", self.recorded_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """What a producer announces of its log in births and heartbeats.

    Attributes:
        epoch: Changes when the log was restored from an older copy of its database.
        head: Highest `seq` handed to the broker (in a page: the highest there is).
        previous_epoch: Epoch that this one continues, if any.
        fork_seq: Last `seq` shared with the previous epoch.
        hash: Hash of the row at `head`: whoever holds another one there has another history. None where it was not said.
    """

    epoch: UUID
    head: int
    previous_epoch: UUID | None = None
    fork_seq: int | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """One answer to the query `events`.

    Attributes:
        log: The log as it stood when the page was read.
        rows: Rows in order of `seq`.
        through: Every row up to this `seq` that was asked for is in this page or an earlier one; go on at
            `through + 1`. Without a filter it is the last row's `seq`.
    """

    log: LogHead
    rows: tuple[EventRow, ...]
    through: int

    @property
    def is_last(self) -> bool:
        """Whether the log had nothing beyond this page when it was read."""
        return self.through >= self.log.head


def chain_hash(row: EventRow, previous_hash: str, payload_json: str | None = None) -> str:
    """Compute the hash that chains a row to the one before it; the row's own `hash` does not enter.

    Args:
        row: The row.
        previous_hash: Hash of row `seq - 1`, `GENESIS_HASH` for the first.
        payload_json: The payload's canonical JSON where the caller has it at hand.

    Returns:
        SHA-256 over the canonical JSON of the row's fields and `previous_hash`, as 64 hex digits.
    """
    document = _document(row, row.seq, row.recorded_at, previous_hash, payload_json)
    return hashlib.sha256(document.encode()).hexdigest()


def encoded_size(event: NewEvent, payload_json: str | None = None) -> int:
    """Bound the bytes that an event takes as a row, in a DataSet as well as in a page.

    Args:
        event: The event, which needs no place in a log yet.
        payload_json: The payload's canonical JSON where the caller has it at hand.

    Returns:
        Bytes.

    Raises:
        EventFormatError: The payload has no canonical form.
    """
    return len(_document(event, MAX_SAFE_INTEGER, event.occurred_at, GENESIS_HASH, payload_json).encode())


def _document(event: NewEvent, seq: int, recorded_at: datetime, previous_hash: str, payload_json: str | None) -> str:
    # The members in sorted order by hand: the payload's canonical text goes in as it is, unparsed.
    payload = canonical_json(event.payload) if payload_json is None else payload_json
    return (
        f'{{"actor":{_quoted(event.actor)},"causation":{_quoted(event.causation)}'
        f',"correlation":{_quoted(event.correlation)},"event_id":"{event.event_id}"'
        f',"job_order":{_quoted(event.job_order)},"lot":{_quoted(event.lot)}'
        f',"occurred_at":"{iso(event.occurred_at)}","payload":{payload},"previous_hash":"{previous_hash}"'
        f',"recorded_at":"{iso(recorded_at)}","schema":{_quoted(event.schema)},"scope":{_quoted(event.scope)}'
        f',"seq":{seq},"subject":{_quoted(event.subject)},"type":{_quoted(event.type)}}}'
    )


def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


def _check_text(field: str, text: object) -> None:
    if not isinstance(text, str) or not text:
        raise EventFormatError(field, "expected a text that is not empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise EventFormatError(field, f"longer than {MAX_TEXT_LENGTH} characters; details belong into the payload")
    check_characters(field, text)


def _whole_milliseconds(field: str, instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise EventFormatError(field, "the time has no zone; pass an aware datetime")
    instant = instant.astimezone(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def iso(instant: datetime) -> str:
    """Write an instant as everywhere in the log: ISO 8601, UTC, milliseconds, `Z`."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
