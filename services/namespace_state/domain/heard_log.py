"""What is remembered of one event log: the highest row heard in each of its epochs, as a proof that it existed.

A row replaces the one remembered before only where it is known to continue it. Where something in between was not heard, both
are kept: the log may have been restored meanwhile, and then only the older one tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from namespace.contracts.event_log import EventRow, LogHead, chain_hash

_MOST_POINTS = 16
_MOST_EPOCHS = 8


@dataclass(frozen=True, slots=True)
class Point:
    """A row that was heard, or without a hash a head that was announced.

    Attributes:
        epoch: The epoch in which it was heard.
        seq: Its place.
        hash: Its hash.
        heard_at: When, UTC.
    """

    epoch: UUID
    seq: int
    hash: str | None
    heard_at: datetime


class HeardLog:
    """The memory of one log."""

    def __init__(self) -> None:
        self._points: dict[UUID, list[Point]] = {}

    def __iter__(self) -> Iterator[Point]:
        """Yield everything that is remembered."""
        for points in self._points.values():
            yield from points

    def remember(self, points: Iterable[Point]) -> bool:
        """Add what was remembered elsewhere; tell whether anything is new."""
        news = False
        for point in points:
            known = self._points.setdefault(point.epoch, [])
            if all(point.seq != each.seq for each in known):
                known.append(point)
                known.sort(key=_seq)
                news = True
            self._thin(point.epoch)
        return news

    def heard(self, log: LogHead, rows: Sequence[EventRow], now: datetime) -> bool:
        """Take in what one message says of the log; tell whether anything is new.

        Args:
            log: What it announces.
            rows: The batch it carries, in order and without gap; may be empty.
            now: The time, UTC.
        """
        news = False
        if rows:
            news = self._advance(Point(log.epoch, rows[-1].seq, rows[-1].hash, now), rows)
        if log.head > 0 and (not rows or log.head != rows[-1].seq):
            news = self._advance(Point(log.epoch, log.head, log.hash, now), ()) or news
        return news

    def _advance(self, point: Point, rows: Sequence[EventRow]) -> bool:
        known = self._points.setdefault(point.epoch, [])
        top = known[-1] if known else None
        if top is not None and point.seq <= top.seq:
            if point.seq < top.seq or top.hash is not None or point.hash is None:
                return False
            known.pop()  # the same head, now with its hash
        elif top is not None and _continues(top, rows):
            known.pop()
        known.append(point)
        self._thin(point.epoch)
        return True

    def _thin(self, epoch: UUID) -> None:
        known = self._points[epoch]
        if len(known) > _MOST_POINTS:
            del known[1]
        if len(self._points) > _MOST_EPOCHS:
            del self._points[min(self._points, key=lambda each: self._points[each][-1].heard_at)]


def _seq(point: Point) -> int:
    return point.seq


def _continues(top: Point, rows: Sequence[EventRow]) -> bool:
    """Return whether the rows are known to continue the log that has `top`."""
    if top.hash is None or not rows or rows[0].seq > top.seq + 1:
        return False
    if rows[0].seq == top.seq + 1:
        return chain_hash(rows[0], top.hash) == rows[0].hash
    same = next((row for row in rows if row.seq == top.seq), None)
    return same is not None and same.hash == top.hash
