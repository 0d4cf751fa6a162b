"""Counting units by accumulating counters that roll over, are reset, and report late.

A track keeps every reading in source-time order. The step between two neighbours depends on these two alone,
so a late reading changes only the steps beside it. Readings are kept in blocks of columns that are never
changed once made: a new reading copies one small block and shares the rest.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.oee.domain.counter_rule import CounterRule
from services.oee.domain.sample import BEFORE_BIRTH, Reading

BLOCK_SIZE = 256
"""Readings in a block before it is split."""


class _Entry(NamedTuple):
    """A reading in the order of the track: by time, ordinal, baseline last, value."""

    at_ms: int
    tag: int
    value: int


@dataclass(frozen=True, slots=True)
class _Block:
    """Neighbouring readings as columns.

    Attributes:
        times: source times, ms since the epoch.
        tags: twice the ordinal, plus one for a baseline.
        values: what the counter showed.
        counts: units counted from the first reading of the block up to each.
    """

    times: array[int]
    tags: array[int]
    values: array[int]
    counts: array[int]

    @classmethod
    def of(cls, entries: Sequence[_Entry], rule: CounterRule) -> _Block:
        times, tags, values, counts = array("q"), array("q"), array("Q"), array("q")
        within = 0
        for index, entry in enumerate(entries):
            if index:
                within += _step(rule, _Entry(times[-1], tags[-1], values[-1]), entry)
            times.append(entry.at_ms)
            tags.append(entry.tag)
            values.append(entry.value)
            counts.append(within)
        return cls(times, tags, values, counts)

    def appended(self, entry: _Entry, rule: CounterRule) -> _Block:
        step = _step(rule, self.entry(-1), entry)
        return _Block(
            self.times + array("q", (entry.at_ms,)),
            self.tags + array("q", (entry.tag,)),
            self.values + array("Q", (entry.value,)),
            self.counts + array("q", (self.counts[-1] + step,)),
        )

    def position(self, entry: _Entry) -> int:
        """The place of the first reading that is not before `entry`."""
        found = bisect_left(self.times, entry.at_ms)
        while found < len(self.times) and self.entry(found) < entry:
            found += 1
        return found

    def inserted(self, position: int, entry: _Entry, rule: CounterRule) -> _Block:
        """The block with one more reading before the one at `position`, which there is."""
        reached = self.counts[position - 1] + _step(rule, self.entry(position - 1), entry) if position else 0
        shift = reached + _step(rule, entry, self.entry(position)) - self.counts[position]
        return _Block(
            self.times[:position] + array("q", (entry.at_ms,)) + self.times[position:],
            self.tags[:position] + array("q", (entry.tag,)) + self.tags[position:],
            self.values[:position] + array("Q", (entry.value,)) + self.values[position:],
            self.counts[:position] + array("q", (reached,)) + _shifted(self.counts[position:], shift),
        )

    def entries(self) -> list[_Entry]:
        return [_Entry(*columns) for columns in zip(self.times, self.tags, self.values, strict=True)]

    def entry(self, index: int) -> _Entry:
        return _Entry(self.times[index], self.tags[index], self.values[index])

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True, eq=False)
class CounterTrack:
    """All readings of one counter, in source-time order.

    Attributes:
        rule: how neighbours are compared.
        blocks: the readings; no block is empty.
        firsts: units counted up to the first reading of each block, so that any stretch is counted by two looks.
    """

    rule: CounterRule
    blocks: tuple[_Block, ...] = ()
    firsts: array[int] = field(default_factory=lambda: array("q"))

    def with_reading(self, reading: Reading) -> CounterTrack:
        """The track with one more reading; itself if it has that reading already."""
        if reading in self:
            return self
        entry = _entry_of(reading)
        if not self.blocks:
            return CounterTrack._of_blocks(self.rule, (_Block.of([entry], self.rule),))
        last = self.blocks[-1]
        if entry > last.entry(-1):
            if len(last) < BLOCK_SIZE:
                grown = (*self.blocks[:-1], last.appended(entry, self.rule))
                return CounterTrack(self.rule, grown, self.firsts)
            block = _Block.of([entry], self.rule)
            return CounterTrack._of_blocks(self.rule, (*self.blocks, block), self.firsts)
        return self._inserted(entry)

    def counted(self, start_ms: int, end_ms: int) -> int:
        """Units counted by the readings with a source time in `[start_ms, end_ms)`; never negative."""
        return self._counted_before(end_ms) - self._counted_before(start_ms) if start_ms < end_ms else 0

    def steps(self, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
        """The readings with a source time in `[start_ms, end_ms)` that counted something: `(at_ms, units)`, in order."""
        first = bisect_left(self.blocks, start_ms, key=_last_ms)
        for index in range(first, len(self.blocks)):
            block = self.blocks[index]
            for position in range(bisect_left(block.times, start_ms), len(block)):
                if block.times[position] >= end_ms:
                    return
                if units := self._counted_at(index, position):
                    yield block.times[position], units

    def steps_back(self, start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
        """The same, the latest first."""
        for index in range(bisect_left(self.blocks, end_ms, key=_first_ms) - 1, -1, -1):
            block = self.blocks[index]
            for position in range(bisect_left(block.times, end_ms) - 1, -1, -1):
                if block.times[position] < start_ms:
                    return
                if units := self._counted_at(index, position):
                    yield block.times[position], units

    def since(self, cutoff_ms: int) -> CounterTrack:
        """The track from `cutoff_ms` on, with the last reading before it: the next step needs that one."""
        first = next((index for index, block in enumerate(self.blocks) if block.times[-1] >= cutoff_ms), None)
        if first is None:
            kept = [self.blocks[-1].entry(-1)] if self.blocks else []
            return CounterTrack.of(self.rule, kept)
        block = self.blocks[first]
        position = bisect_left(block.times, cutoff_ms)
        entries = block.entries()[max(position - 1, 0) :]
        if position == 0 and first > 0:
            entries.insert(0, self.blocks[first - 1].entry(-1))
        return CounterTrack._of_blocks(self.rule, (_Block.of(entries, self.rule), *self.blocks[first + 1 :]))

    def until(self, end_ms: int) -> CounterTrack:
        """The track without what comes from `end_ms` on."""
        whole = [block for block in self.blocks if block.times[-1] < end_ms]
        if len(whole) < len(self.blocks):
            block = self.blocks[len(whole)]
            entries = block.entries()[: bisect_left(block.times, end_ms)]
            whole += [_Block.of(entries, self.rule)] if entries else []
        return CounterTrack._of_blocks(self.rule, tuple(whole))

    @classmethod
    def of(cls, rule: CounterRule, entries: Sequence[tuple[int, int, int]]) -> CounterTrack:
        """A track of `(at_ms, tag, value)` entries that are in order, as `entries` gave them."""
        ordered = [_Entry(*entry) for entry in entries]
        parts = [ordered[index : index + BLOCK_SIZE] for index in range(0, len(ordered), BLOCK_SIZE)]
        return cls._of_blocks(rule, tuple(_Block.of(part, rule) for part in parts))

    @classmethod
    def _of_blocks(cls, rule: CounterRule, blocks: tuple[_Block, ...], known: array[int] | None = None) -> CounterTrack:
        """A track of blocks; `known` are the units counted up to the first of them."""
        firsts = array("q", known or ())
        for index in range(len(firsts), len(blocks)):
            block = blocks[index]
            if index:
                before = blocks[index - 1]
                firsts.append(firsts[-1] + before.counts[-1] + _step(rule, before.entry(-1), block.entry(0)))
            else:
                firsts.append(0)
        return cls(rule, blocks, firsts)

    def entries(self) -> Iterator[tuple[int, int, int]]:
        """All readings as `(at_ms, tag, value)`, in order; the tag is twice the ordinal, plus one for a
        baseline.
        """
        for block in self.blocks:
            yield from block.entries()

    def __contains__(self, reading: Reading) -> bool:
        if not self.blocks or reading.at_ms > self.blocks[-1].times[-1]:
            return False
        entry = _entry_of(reading)
        if not reading.baseline and self._has(entry._replace(tag=entry.tag + 1)):
            return True  # said again, by a rebirth or a snapshot, after it had begun a session
        if reading.ordinal == BEFORE_BIRTH and self._has(entry._replace(tag=0)):
            return True  # sent again by an edge node that cannot know whether it arrived
        return self._has(entry)

    def __len__(self) -> int:
        return sum(len(block) for block in self.blocks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CounterTrack):
            return NotImplemented
        return self.rule == other.rule and (self.blocks == other.blocks or self._columns() == other._columns())

    def __hash__(self) -> int:
        return hash((self.rule, *self.entries()))

    def _columns(self) -> tuple[array[int], array[int], array[int]]:
        times, tags, values = array("q"), array("q"), array("Q")
        for block in self.blocks:
            times, tags, values = times + block.times, tags + block.tags, values + block.values
        return times, tags, values

    def _has(self, entry: _Entry) -> bool:
        index = bisect_left(self.blocks, entry, key=lambda block: block.entry(-1))
        if index == len(self.blocks):
            return False
        block = self.blocks[index]
        position = block.position(entry)
        return position < len(block) and block.entry(position) == entry

    def _inserted(self, entry: _Entry) -> CounterTrack:
        index = bisect_left(self.blocks, entry, key=lambda block: block.entry(-1))
        block = self.blocks[index]
        position = block.position(entry)
        grown = block.inserted(position, entry, self.rule)
        parts = [grown]
        if len(grown) > BLOCK_SIZE:
            entries = grown.entries()
            middle = len(entries) // 2
            parts = [_Block.of(half, self.rule) for half in (entries[:middle], entries[middle:])]
        blocks = (*self.blocks[:index], *parts, *self.blocks[index + 1 :])
        if len(parts) == 1 and index + 1 < len(blocks):
            return CounterTrack(self.rule, blocks, self._moved(index, grown))
        return CounterTrack._of_blocks(self.rule, blocks, self.firsts[:index])

    def _moved(self, index: int, grown: _Block) -> array[int]:
        """The units up to the first reading of each block once the one at `index` has grown."""
        first = self.firsts[index]
        if index:
            before = self.blocks[index - 1]
            step = _step(self.rule, before.entry(-1), grown.entry(0))
            first = self.firsts[index - 1] + before.counts[-1] + step
        shift = first + grown.counts[-1] - self.firsts[index] - self.blocks[index].counts[-1]
        return self.firsts[:index] + array("q", (first,)) + _shifted(self.firsts[index + 1 :], shift)

    def _counted_before(self, at_ms: int) -> int:
        index = bisect_left(self.blocks, at_ms, key=_first_ms) - 1
        if index < 0:
            return 0
        return self._counted_up_to(index, bisect_left(self.blocks[index].times, at_ms) - 1)

    def _counted_at(self, index: int, position: int) -> int:
        """Units counted by one reading."""
        counts = self.blocks[index].counts
        if position:
            return counts[position] - counts[position - 1]
        return self.firsts[index] + counts[0] - (self._counted_up_to(index - 1, -1) if index else 0)

    def _counted_up_to(self, index: int, position: int) -> int:
        return self.firsts[index] + self.blocks[index].counts[position]


def _step(rule: CounterRule, before: _Entry, after: _Entry) -> int:
    is_baseline = bool(after.tag & 1)
    return rule.step(before.value, after.value, baseline=is_baseline, elapsed_ms=after.at_ms - before.at_ms)


def _entry_of(reading: Reading) -> _Entry:
    return _Entry(reading.at_ms, reading.ordinal * 2 + reading.baseline, reading.value)


def _first_ms(block: _Block) -> int:
    return block.times[0]


def _last_ms(block: _Block) -> int:
    return block.times[-1]


def _shifted(counts: array[int], by: int) -> array[int]:
    return array("q", [count + by for count in counts]) if by else counts
