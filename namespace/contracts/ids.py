"""Identifiers of events and commands: UUIDv7 for what begins here, UUIDv5 for what follows from an event.

An original carries a time-ordered UUIDv7. What a consumer derives from an event carries an id computed from
the consumer, the event and a number, so that doing the work twice yields the same ids and no second effect.
Time and randomness are arguments: nothing here reads a clock or a source of entropy.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

RANDOM_BYTES = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DERIVED = UUID("6f1d3f0e-5d4b-5c8a-9a53-0d6a3c2f7b11")


def uuid7(now: datetime, randomness: bytes) -> UUID:
    """Make a time-ordered id of an original event or command.

    Args:
        now: Aware time of creation; it counts in whole milliseconds.
        randomness: Ten random bytes (`os.urandom(RANDOM_BYTES)`), of which 74 bits are used.

    Returns:
        The UUIDv7.

    Raises:
        ValueError: `now` is naive or before 1970, or `randomness` has another length.

    Source: RFC 9562, section 5.7.
    """
    if now.tzinfo is None:
        raise ValueError("the time of a UUIDv7 must be aware: pass a datetime with a time zone")
    if len(randomness) != RANDOM_BYTES:
        raise ValueError(f"a UUIDv7 takes {RANDOM_BYTES} random bytes, not {len(randomness)}")
    milliseconds = (now - _EPOCH) // _MILLISECOND
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError(f"{now.isoformat()} is outside the range of a UUIDv7")
    bits = int.from_bytes(randomness, "big")
    rand_a = bits >> 68
    rand_b = bits & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b)


def derived_id(consumer: str, cause: UUID, ordinal: int) -> UUID:
    """Compute the id of what `consumer` derives from the event `cause`.

    Args:
        consumer: Name of the service that derives, for example `oee`.
        cause: `event_id` of the event that causes it.
        ordinal: Which of the things derived from that event, counted from 0.

    Returns:
        A UUIDv5, the same for the same arguments at every attempt.

    Raises:
        ValueError: `ordinal` is negative or `consumer` is empty.

    Source: RFC 9562, section 5.5; ARCHITECTURE, event log, point 4.
    """
    if ordinal < 0 or not consumer:
        raise ValueError(f"a derived id needs a consumer and an ordinal from 0, not {consumer!r} and {ordinal}")
    return uuid5(_DERIVED, f"{consumer}\n{cause}\n{ordinal}")
