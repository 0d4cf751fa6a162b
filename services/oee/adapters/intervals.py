"""Intervals as they are judged now: what was written down, and from the present shift on what the units' memory says.

What is written down of the present shift is what was published of it; a word of a person about it shows in memory first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from namespace.contracts.event_log import iso
from namespace.contracts.oee_arguments import IntervalArgs, IntervalsArgs, TimelineArgs
from namespace.isa95 import LossClass, SiteModel
from namespace.runtime import Page, QueryFailed, fit_page, from_ms, to_ms
from namespace.runtime.queries import QueryHandler
from namespace.store import Database, Queries
from services.oee.adapters.interval_rows import (
    Key,
    Meaning,
    current_row,
    key_of,
    open_log,
    open_window,
    said_window,
    telling,
    told_row,
    word_document,
)
from services.oee.adapters.windows import Windows
from services.oee.application.timeline import Stroke, strokes
from services.oee.application.units import Unit, Units
from services.oee.domain.classification import Cause, Element
from services.oee.domain.losses import is_lost, loss_of
from services.oee.domain.state_log import StateInterval

_END_OF_TIME_MS = 253_370_764_800_000
"""Year 9999."""
_PAGE_BYTES = 55 * 1024
_FRAME_BYTES = 60
"""What stands around the rows of a unit, without its path."""
_WORTH_BYTES = 4 * 1024
"""With less room than this a unit begins on the next page."""
PRODUCTION = "production"
"""Stands for a loss where no time was lost."""


class _Sql(Queries):
    timeline: str
    meanings: str
    intervals_newest: str
    intervals_longest: str
    interval_at: str
    window_at: str
    words_over: str


_SQL = _Sql.load("services.oee.adapters", "intervals.sql")

_CAUSES = {cause.value: cause for cause in Cause}


class Intervals:
    """Answers questions about intervals.

    Args:
        database: The service's schema.
        units: The units of the site.
        site: For its places and reasons.
    """

    def __init__(self, database: Database, units: Units, site: SiteModel) -> None:
        self._database = database
        self._units = units
        self._reasons = site.reasons
        self._windows = Windows(database, units, site)

    def handlers(self) -> dict[str, QueryHandler]:
        """Return the handler of each query of the contract."""
        return {"timeline": self.timeline, "intervals": self.intervals, "interval": self.interval}

    async def timeline(self, arguments: TimelineArgs) -> Page:
        """Answer `timeline`."""
        place, wanted = self._windows.place(arguments.place), arguments.units
        units = [unit for unit in self._units.at(place) if wanted is None or str(unit.path) in wanted]
        first, since_ms = _position(arguments.cursor, to_ms(arguments.since))
        until_ms, resolution_ms = to_ms(arguments.until), arguments.resolution_ms
        answer: list[dict[str, Any]] = []
        room, room_bytes = arguments.limit, _PAGE_BYTES
        for number, unit in enumerate(units[first:], first):
            found = await self._strokes(unit, since_ms, until_ms, resolution_ms, room + 1)
            rows = [stroke.row() for stroke in found]
            count = min(_fitting(rows, room_bytes), room)
            if count or not rows:
                now_ms = None if unit.state is None else unit.state.now_ms
                answer.append({"unit": str(unit.path), "now_ms": now_ms, "rows": rows[:count]})
            if count < len(rows):
                return Page(answer, f"{number}|{rows[count - 1][1] if count else since_ms}")
            room -= count
            room_bytes -= _length(rows) + len(str(unit.path)) + _FRAME_BYTES
            since_ms = to_ms(arguments.since)
        return Page(answer)

    async def _strokes(self, unit: Unit, since_ms: int, until_ms: int, resolution_ms: int, limit: int) -> list[Stroke]:
        log = open_log(unit)
        open_ms = log[0].start_ms if log else _END_OF_TIME_MS
        async with self._database.transaction() as tx:
            records = await tx.fetch(
                _SQL.timeline, str(unit.path), since_ms, min(until_ms, open_ms), resolution_ms, limit
            )
        found = [
            Stroke(
                record["start_ms"],
                record["end_ms"],
                tuple(zip(record["kinds"], record["lengths_ms"], strict=True)),
                record["number"],
                record["words"],
            )
            for record in records
        ]
        inside = [interval for interval in log if interval.end_ms > since_ms and interval.start_ms < until_ms]
        return [*found, *strokes(inside, resolution_ms)][:limit]

    async def intervals(self, arguments: IntervalsArgs) -> Page:
        """Answer `intervals`."""
        place = self._windows.place(arguments.place)
        units = {str(unit.path): unit for unit in self._units.at(place)}
        logs = {path: open_log(unit) for path, unit in units.items()}
        since_ms, until_ms = to_ms(arguments.since), to_ms(arguments.until)
        paths = list(units)
        bounds = [min(until_ms, logs[path][0].start_ms if logs[path] else until_ms) for path in paths]
        is_wanted = self._filter(arguments)
        before = _before(arguments.cursor)
        async with self._database.transaction() as tx:
            meanings: list[Meaning] = [
                tuple(record.values()) for record in await tx.fetch(_SQL.meanings, paths, bounds, since_ms)
            ]
            meant = [key_of(meaning) for meaning in meanings if is_wanted(meaning)]
            sql = _SQL.intervals_longest if arguments.order == "longest" else _SQL.intervals_newest
            told = [
                told_row(record)
                for record in await tx.fetch(sql, paths, bounds, since_ms, meant, *before, arguments.limit + 1)
            ]
        current = [
            row
            for path, log in logs.items()
            for row in map(partial(current_row, path), log)
            if row.end_ms > since_ms and row.start_ms < until_ms and is_wanted(row.meaning)
        ]
        current = [row for row in current if row.key(arguments.order) < before]
        ordered = sorted([*told, *current], key=lambda row: row.key(arguments.order), reverse=True)
        found = [{**row.document, "loss": self._loss(row.meaning)} for row in ordered[: arguments.limit]]
        count = fit_page(found) if found else 0
        if count == len(ordered):
            return Page(found)
        return Page(found[:count], "|".join(map(str, ordered[count - 1].key(arguments.order))))

    async def interval(self, arguments: IntervalArgs) -> Page:
        """Answer `interval`."""
        place = self._windows.place(arguments.place)
        unit, at_ms = self._units.by_path.get(place), to_ms(arguments.at)
        if unit is None:
            raise QueryFailed("UnknownPlace", f"{place} is no work unit; intervals belong to work units")
        current = next((item for item in open_log(unit) if item.start_ms <= at_ms < item.end_ms), None)
        async with self._database.transaction() as tx:
            told = await tx.fetchrow(_SQL.interval_at, str(place), at_ms)
            window = await tx.fetchrow(_SQL.window_at, str(place), at_ms)
            row = current_row(str(place), current) if current is not None else None if told is None else told_row(told)
            if row is None:
                raise QueryFailed("NothingRecorded", f"nothing is written down about {place} at {iso(from_ms(at_ms))}")
            words = await tx.fetch(_SQL.words_over, str(place), row.start_ms, row.end_ms)
        return Page(
            {
                **row.document,
                "loss": self._loss(row.meaning),
                "told": None if told is None else telling(place, told),
                "window": open_window(unit, at_ms) if window is None else said_window(window),
                "words": [word_document(record) for record in words],
                "metrics": sorted(self._units.metrics_of(place)),
            }
        )

    def _filter(self, arguments: IntervalsArgs) -> Callable[[Meaning], bool]:
        tree, loss = self._reasons, arguments.loss
        if loss not in {None, PRODUCTION, *(kind.value for kind in LossClass)}:
            known = ", ".join([PRODUCTION, *(kind.value for kind in LossClass)])
            raise QueryFailed("BadArguments", f"no loss is called {loss!r}; there are {known}")

        def is_wanted(meaning: Meaning) -> bool:
            element, cause, code, _ = meaning
            if loss is not None and self._loss(meaning) != loss:
                return False
            if arguments.element is not None and element != arguments.element:
                return False
            if arguments.cause is not None and cause != arguments.cause:
                return False
            if arguments.reason is None:
                return True
            return code is None if not arguments.reason else code is not None and arguments.reason in tree.path(code)

        return is_wanted

    def _loss(self, meaning: Meaning) -> str | None:
        """The loss that time with a meaning goes to, `production`, or None where it is no planned busy time."""
        element, cause, code, minor_stop = meaning
        interval = StateInterval(
            0, 0, Element(element), _CAUSES.get(cause), None, None, None, minor_stop=minor_stop, reason=code
        )
        if is_lost(interval, unknown_is_delay=self._unknown_is_delay):
            return loss_of(interval, self._reasons).value
        return PRODUCTION if interval.element is Element.APT else None

    @property
    def _unknown_is_delay(self) -> bool:
        return any(unit.profile.unknown_is_delay for unit in self._units.by_path.values())


def _length(rows: list[Any]) -> int:
    return len(json.dumps(rows, separators=(",", ":")))


def _fitting(rows: list[Any], room_bytes: int) -> int:
    """How many leading rows fit; at least one on an empty page."""
    if _length(rows) <= room_bytes:
        return len(rows)
    if room_bytes < _PAGE_BYTES and room_bytes < _WORTH_BYTES:
        return 0
    return fit_page(rows, limit_bytes=room_bytes)


def _position(cursor: str | None, since_ms: int) -> tuple[int, int]:
    if cursor is None:
        return 0, since_ms
    number, _, after_ms = cursor.partition("|")
    return _integers(cursor, (number, after_ms))[0], int(after_ms)


def _before(cursor: str | None) -> Key:
    if cursor is None:
        return _END_OF_TIME_MS, _END_OF_TIME_MS, ""
    first, second, path = (*cursor.split("|", 2), "", "")[:3]
    rank, start_ms = _integers(cursor, (first, second))
    return rank, start_ms, path


def _integers(cursor: str, texts: Iterable[str]) -> list[int]:
    try:
        return [int(text) for text in texts]
    except ValueError:
        raise QueryFailed("BadCursor", f"{cursor!r} is no cursor of this query; begin again without one") from None
