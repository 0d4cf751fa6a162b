"""Sequence numbers: the counter of an edge node, and the host's window over what it sends.

`seq` runs 0 to 255 over all messages of an edge node and its devices. The window says of each message whether
it is next, ahead of a hole, or seen before; whether to wait, and how long, is the session's decision.
"""

from array import array
from collections.abc import Iterator
from enum import Enum
from typing import Generic, TypeVar

SEQ_MODULUS = 256

Held = TypeVar("Held")


class SequenceCounter:
    """The next `seq` of an edge node; a birth starts again at 0 (tck-id-topics-nbirth-seq-num)."""

    def __init__(self) -> None:
        self._next = 0

    def restart(self) -> None:
        """Make 0 the next number."""
        self._next = 0

    @property
    def upcoming(self) -> int:
        """The number that the next message carries."""
        return self._next

    def advance(self) -> None:
        """Move on once that message is made (tck-id-payloads-sequence-num-incrementing)."""
        self._next = (self._next + 1) % SEQ_MODULUS


class Order(Enum):
    """Where a message stands in the sequence."""

    NEXT = "next"
    AHEAD = "ahead"
    REPEATED = "repeated"
    CONFLICT = "conflict"


class SequenceWindow(Generic[Held]):
    """The order of one edge node's messages as a host sees it, with those held back behind a hole.

    A repeated message is known by its sequence number together with its sending time; the number alone could
    also mean that some hundred messages were lost.
    """

    __slots__ = ("_held", "_known_until", "_sent_at", "expected")

    def __init__(self) -> None:
        self.expected = 0
        self._held: dict[int, tuple[int, Held]] = {}
        self._sent_at: array[int] | None = None
        self._known_until = 0

    @property
    def is_waiting(self) -> bool:
        """Whether messages are held back behind a hole."""
        return bool(self._held)

    def restart(self, seq: int) -> None:
        """Begin again after a birth with this number; what is held back stays until asked for."""
        self.expected = (seq + 1) % SEQ_MODULUS
        self._sent_at = None
        self._known_until = 0

    def resume(self, seq: int, sent_at_ms: int) -> None:
        """Begin after a message that somebody else has seen; messages sent up to then count as repeated."""
        self.restart(seq)
        self._known_until = sent_at_ms

    def is_included(self, sent_at_ms: int) -> bool:
        """Whether a message was sent before the one that was resumed after, whatever its number: numbers come round."""
        return 0 < sent_at_ms < self._known_until

    def place(self, seq: int, sent_at_ms: int) -> Order:
        """Say where a message stands; the caller then accepts, holds or drops it.

        Args:
            seq: its sequence number.
            sent_at_ms: the timestamp of its payload, ms since the epoch; 0 when it has none.
        """
        if seq == self.expected:
            return Order.NEXT
        held = self._held.get(seq)
        if held is not None:
            return Order.REPEATED if held[0] == sent_at_ms and sent_at_ms else Order.CONFLICT
        if not sent_at_ms:
            return Order.AHEAD
        if sent_at_ms <= self._known_until:
            return Order.REPEATED
        if self._sent_at is not None and self._sent_at[seq] == sent_at_ms:
            return Order.REPEATED
        return Order.AHEAD

    def accept(self, sent_at_ms: int) -> None:
        """Move past the expected number."""
        seq = self.expected
        if self._sent_at is None:
            self._sent_at = array("Q", bytes(8 * SEQ_MODULUS))
        self._sent_at[seq] = sent_at_ms
        self.expected = 0 if seq == 255 else seq + 1

    def hold(self, seq: int, sent_at_ms: int, message: Held) -> None:
        """Keep a message until the hole before it is filled."""
        self._held[seq] = (sent_at_ms, message)

    def release(self) -> Iterator[tuple[int, Held]]:
        """Yield, with their sending times, the held messages that are next; accept each after handling."""
        while (held := self._held.pop(self.expected, None)) is not None:
            yield held

    def drop_held(self) -> list[tuple[int, int, Held]]:
        """Give up waiting: return what was held back as (seq, sent at, message), in order of sending."""
        dropped = [(seq, sent_at, message) for seq, (sent_at, message) in self._held.items()]
        self._held.clear()
        return sorted(dropped, key=lambda entry: (entry[1], (entry[0] - self.expected) % SEQ_MODULUS))
