"""The state log as a picture needs it: short intervals drawn together to what a screen can show, without losing a stop.

The SQL of the adapter does the same with what is written down; this is for what is still open, and the definition of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from services.oee.domain.classification import Cause, Element
from services.oee.domain.state_log import StateInterval

MINOR = "MINOR"
"""Production time that is a stop below the threshold."""
MINOR_WAITING = "MINOR_WAITING"
"""The same, because the unit was blocked, starved or suspended."""
WAITING = "WAITING"
"""Delay because the unit was blocked, starved or suspended: the fault is elsewhere."""
_WAITS = frozenset({Cause.BLOCKED, Cause.STARVED, Cause.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Stroke:
    """What is drawn as one: an interval, or several short ones.

    Attributes:
        start_ms: of the first.
        end_ms: of the last, exclusive.
        lengths_ms: time by kind (a time element, `MINOR`, `MINOR_WAITING` or `WAITING`), sorted by kind.
        number: how many intervals.
        words: the reason code, else the cause; None for several.
    """

    start_ms: int
    end_ms: int
    lengths_ms: tuple[tuple[str, int], ...]
    number: int
    words: str | None

    def row(self) -> list[Any]:
        """Return it as a row of the answer: begin, end, time by kind, number, words."""
        return [self.start_ms, self.end_ms, dict(self.lengths_ms), self.number, self.words]


def kind_of(interval: StateInterval) -> str:
    """Return what an interval is drawn as."""
    if interval.minor_stop:
        return MINOR_WAITING if interval.cause in _WAITS else MINOR
    if interval.element is Element.ADET and interval.cause in _WAITS:
        return WAITING
    return interval.element.value


def strokes(log: Iterable[StateInterval], resolution_ms: int) -> list[Stroke]:
    """Draw intervals together.

    Args:
        log: In order of time, without overlap.
        resolution_ms: Intervals shorter than this that begin in the same stretch of this length become one.
    """
    found: list[Stroke] = []
    for _, group in groupby(log, key=lambda interval: _bucket(interval, resolution_ms)):
        members = list(group)
        lengths: dict[str, int] = {}
        for interval in members:
            kind = kind_of(interval)
            lengths[kind] = lengths.get(kind, 0) + interval.length_ms
        words = words_of(members[0]) if len(members) == 1 else None
        lengths_ms = tuple(sorted(lengths.items()))
        found.append(Stroke(members[0].start_ms, members[-1].end_ms, lengths_ms, len(members), words))
    return found


def words_of(interval: StateInterval) -> str:
    """Return the reason code of an interval, else why it is what it is."""
    if interval.reason is not None:
        return interval.reason
    if interval.planned_down is not None:
        return interval.planned_down
    words = "" if interval.cause is None else interval.cause.value
    return words or ("minor stop" if interval.minor_stop else "running")


def _bucket(interval: StateInterval, resolution_ms: int) -> tuple[bool, int]:
    if interval.length_ms >= resolution_ms:
        return True, interval.start_ms
    return False, interval.start_ms // resolution_ms
