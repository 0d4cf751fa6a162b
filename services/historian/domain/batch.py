"""What was heard and is not in the database yet: columns of samples, and the births, deaths and gaps among them.

A batch knows the order in which its rows came. It is filled on the hot path: one append to each column, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from struct import Struct
from zlib import crc32

from services.historian.domain.tag import Tag

Cell = bool | int | float | str | bytes | None
"""A value as it is journaled: bytes are what has no plainer form, as a Sparkplug payload of one metric."""

_DOUBLE = Struct("<d").pack
_MASK = 0x7FFFFFFF
_MOST_MS = 2**63 - 1


class Mark(IntFlag):
    """What else is known of a sample."""

    BASELINE = 1
    """It stands in the first birth of a new session of its source."""
    HISTORICAL = 2
    """An old value that did not replace the current one."""
    IN_BIRTH = 4
    """It stands in a birth, so it may repeat what was said before."""
    FROM_SNAPSHOT = 8
    """Learned from `namespace_state`, not heard."""


class NoteKind(StrEnum):
    """What kind of thing happened to a source."""

    BIRTH = "birth"
    DEATH = "death"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Note:
    """A birth or death of an edge node or device, or that something of it was missed.

    Attributes:
        order: How many samples and notes of the batch came before.
        kind: What happened.
        group_id: Of the edge node.
        edge_node_id: The edge node.
        device_id: Empty for the edge node itself.
        at_ms: Since when, ms since the epoch: by the source's clock for births and deaths of devices, else by ours.
        received_ms: When we learned of it, ms since the epoch.
        bd_seq: Of the session, where known.
        reason: A short code, where there is one.
        places: ISA-95 paths for which the source speaks.
        is_machine: Whether the source is a foreign edge node.
    """

    order: int
    kind: NoteKind
    group_id: str
    edge_node_id: str
    device_id: str
    at_ms: int
    received_ms: int
    bd_seq: int | None = None
    reason: str = ""
    places: tuple[str, ...] = ()
    is_machine: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A time for which the journal may be incomplete.

    Attributes:
        reason: A short code.
        since_ms: Begin, ms since the epoch, our clock; together with reason and edge node it identifies the gap.
        until_ms: End; None while it lasts.
        group_id: Of the edge node; empty when all are concerned.
        edge_node_id: The edge node.
        lost: Samples known to be lost; 0 when nobody can know.
    """

    reason: str
    since_ms: int
    until_ms: int | None = None
    group_id: str = ""
    edge_node_id: str = ""
    lost: int = 0


@dataclass(slots=True)
class Columns:
    """Samples, one list for each attribute.

    Attributes:
        order: How many samples and notes of the batch came before each.
        tags: Whose they are.
        at_ms: Source times, ms since the epoch.
        received_ms: When each was heard, ms since the epoch.
        cells: Values.
        quality: 192 good, 0 bad, 500 stale, as the source declares it.
        marks: `Mark`s.
    """

    order: list[int] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    at_ms: list[int] = field(default_factory=list)
    received_ms: list[int] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.order)

    def part(self, start: int, stop: int) -> Columns:
        """Return the rows from `start` up to `stop`, exclusive."""
        return Columns(*(getattr(self, name)[start:stop] for name in _COLUMNS))

    def rows(self, numbers: Sequence[int]) -> Columns:
        """Return some of the rows."""
        return Columns(*([column[row] for row in numbers] for column in (getattr(self, name) for name in _COLUMNS)))


_COLUMNS = ("order", "tags", "at_ms", "received_ms", "cells", "quality", "marks")


@dataclass(slots=True)
class Batch:
    """What came together.

    Attributes:
        fresh: Samples later than everything recorded of their tag before: they cannot be repetitions.
        doubtful: The others: resent history, births, what comes out of order.
        notes: Births, deaths and losses.
        gaps: Gaps that began or ended.
        size: Samples and notes so far.
    """

    fresh: Columns = field(default_factory=Columns)
    doubtful: Columns = field(default_factory=Columns)
    notes: list[Note] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    size: int = 0

    @property
    def samples(self) -> int:
        """How many samples it holds."""
        return len(self.fresh) + len(self.doubtful)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.size or self.gaps)

    @property
    def oldest_received_ms(self) -> int | None:
        """When the oldest sample was heard, ms since the epoch."""
        firsts = [columns.received_ms[0] for columns in (self.fresh, self.doubtful) if columns.received_ms]
        return min(firsts, default=None)

    def add(
        self, tag: Tag, at_ms: int, received_ms: int, cell: Cell, *, quality: int, mark: int, is_doubtful: bool
    ) -> None:
        """Append one sample.

        Args:
            tag: Whose it is.
            at_ms: Source time, ms since the epoch, of any size.
            received_ms: When it was heard, ms since the epoch.
            cell: The value.
            quality: As declared.
            mark: `Mark`s.
            is_doubtful: It may have been recorded before, whatever its time.
        """
        at_ms = min(at_ms, _MOST_MS)
        columns = self.fresh if at_ms > tag.newest_ms and not is_doubtful else self.doubtful
        tag.newest_ms = max(tag.newest_ms, at_ms)
        columns.order.append(self.size)
        columns.tags.append(tag)
        columns.at_ms.append(at_ms)
        columns.received_ms.append(received_ms)
        columns.cells.append(cell)
        columns.quality.append(quality)
        columns.marks.append(mark)
        self.size += 1

    def note(self, note: Note) -> None:
        """Append a birth, death or loss."""
        self.notes.append(note)
        self.size += 1

    def halves(self) -> tuple[Batch, Batch]:
        """Split in two, the second with the gaps; order and numbers stay. For finding a row that cannot be written."""
        if self.fresh and self.doubtful:
            return Batch(fresh=self.fresh, size=self.size), Batch(
                doubtful=self.doubtful, notes=self.notes, gaps=self.gaps, size=self.size
            )
        columns = self.fresh or self.doubtful
        middle = len(columns) // 2
        first, second = columns.part(0, middle), columns.part(middle, len(columns))
        if self.fresh:
            return Batch(fresh=first, size=self.size), Batch(second, Columns(), self.notes, self.gaps, self.size)
        return Batch(doubtful=first, size=self.size), Batch(Columns(), second, self.notes, self.gaps, self.size)


def occurrence(cell: Cell) -> int:
    """Return what tells samples of one tag with one source time apart, 0 to 2^31 - 1; -1 for null, which is no value, not even 0.

    It is made of the value alone, so it is the same whenever and in whatever order a sample is resent, by whatever process. A repeated
    value at a repeated source time says nothing new and is the same sample.
    """
    match cell:
        case None:
            return -1
        case int():
            return cell & _MASK
        case float():
            return crc32(_DOUBLE(cell)) & _MASK
        case str():
            return crc32(cell.encode("utf-8", "surrogatepass")) & _MASK
        case bytes():
            return crc32(cell) & _MASK


def occurrences(cells: Sequence[Cell]) -> list[int]:
    """Return `occurrence` of each cell; numbers, which are nearly all there is, without a call apiece."""
    found = [0] * len(cells)
    for row, cell in enumerate(cells):
        kind = cell.__class__
        if kind is float:
            found[row] = crc32(_DOUBLE(cell)) & _MASK
        elif kind is int or kind is bool:
            found[row] = cell & _MASK  # type: ignore[operator]
        else:
            found[row] = occurrence(cell)
    return found
