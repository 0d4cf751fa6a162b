"""Units, samples, marks, intervals and windows in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from namespace.contracts.oee import KpiWindowClosed
from namespace.isa95 import EquipmentPath
from namespace.store import Database, Queries, Transaction
from services.oee.application.figures import parts_document
from services.oee.application.results import reason_of
from services.oee.application.units import Closed, Unit, Units
from services.oee.domain.history import History
from services.oee.domain.kpi import Totals
from services.oee.domain.plan import Window
from services.oee.domain.restatement import Archived
from services.oee.domain.sample import (
    Channel,
    Classification,
    CounterName,
    CycleMark,
    JobMark,
    Reading,
    Sample,
    Signal,
)
from services.oee.domain.snapshot import (
    SnapshotError,
    from_document,
    history_document,
    history_from_document,
    to_document,
    totals_from_document,
)
from services.oee.domain.state_log import StateInterval
from services.oee.domain.unit import WindowResult


class _Sql(Queries):
    load_units: str
    save_unit: str
    emitted: str
    add_samples: str
    load_samples: str
    last_sample: str
    forget_samples: str
    add_mark: str
    load_marks: str
    marks_at: str
    add_intervals: str
    save_window: str
    window_event: str
    page_intervals: str
    page_windows: str
    page_revisions: str
    add_revision: str
    intervals_of_window: str
    remove_intervals: str
    archived: str
    keep_samples: str
    add_word: str
    untaken_words: str
    take_words: str
    parts: str


_DAY_MS = 86_400_000
_SQL = _Sql.load("services.oee.adapters", "units.sql")


async def load(database: Database, units: Units) -> list[str]:
    """Bring `units` back to where they were; return the paths of those whose document could not be read."""
    unreadable = []
    async with database.transaction() as tx:
        for record in await tx.fetch(_SQL.load_units):
            unit = units.by_path.get(EquipmentPath.parse(record["path"]))
            if unit is None:
                continue
            try:
                unit.state = from_document(json.loads(record["document"]), unit.profile)
            except SnapshotError:
                unreadable.append(record["path"])
            else:
                for signal in unit.state.history.signals:
                    unit.remember(signal)
            unit.emitted_until_ms = record["emitted_until_ms"]
            unit.saved_now()
        for unit in units.by_path.values():
            known = frozenset() if unit.state is None else frozenset(unit.state.history.marks)
            unit.pending = [mark for mark in await marks_of(tx, unit) if mark not in known]
        for record in await tx.fetch(_SQL.load_samples):
            unit = units.by_path.get(EquipmentPath.parse(record["path"]))
            if unit is not None:
                sample = _sample(record)
                unit.pending.append(sample)
                if isinstance(sample, Signal):
                    unit.remember(sample)
    return unreadable


async def marks_of(tx: Transaction, unit: Unit) -> list[JobMark]:
    """Read the beginnings and ends of job orders that can still matter to a unit."""
    since_ms = 0 if unit.state is None else unit.state.history.horizon_ms - _DAY_MS
    return [_mark(record) for record in await tx.fetch(_SQL.load_marks, str(unit.path), since_ms)]


async def marks_at(tx: Transaction, unit: Unit, times_ms: Iterable[int]) -> list[JobMark]:
    """Read the beginnings and ends of job orders at some times."""
    return [_mark(record) for record in await tx.fetch(_SQL.marks_at, str(unit.path), list(times_ms))]


async def add_samples(tx: Transaction, samples: Sequence[tuple[Unit, Sample]]) -> None:
    """Write samples down before they are used."""
    rows = [_row(unit, sample) for unit, sample in samples]
    await tx.execute(_SQL.add_samples, *(list(column) for column in zip(*rows, strict=True)))


async def save(tx: Transaction, unit: Unit, included_id: int) -> None:
    """Save a unit's state whole; the samples up to `included_id` are in it."""
    if unit.state is not None:
        await tx.execute(_SQL.save_unit, str(unit.path), json.dumps(to_document(unit.state)), unit.emitted_until_ms)
        await tx.execute(_SQL.forget_samples, str(unit.path), included_id)


async def last_sample_id(tx: Transaction) -> int:
    """Read the id of the newest sample."""
    newest: int = await tx.fetchval(_SQL.last_sample)
    return newest


async def add_mark(tx: Transaction, paths: Iterable[EquipmentPath], event_id: UUID, mark: JobMark) -> None:
    """Write down that a job order begins or ceases to run at some units."""
    cycle_s = (
        None
        if mark.ideal_cycle_ms is None
        else Decimal(mark.ideal_cycle_ms.numerator) / (1000 * mark.ideal_cycle_ms.denominator)
    )
    await tx.execute(
        _SQL.add_mark,
        [str(path) for path in paths],
        event_id,
        mark.at_ms,
        mark.ordinal,
        mark.job_order,
        mark.running,
        cycle_s,
        mark.material,
    )


async def add_intervals(tx: Transaction, closed: Iterable[Closed]) -> list[Closed]:
    """Write closed intervals down, and up to where they were published; return those that were not there yet."""
    told = list(closed)
    if not told:
        return []
    new = await _add(tx, [(item.unit.path, item.interval, 1) for item in told])
    until_ms = {str(item.unit.path): item.unit.emitted_until_ms for item in told}
    await tx.execute(_SQL.emitted, list(until_ms), list(until_ms.values()))
    return [item for item in told if (str(item.unit.path), item.interval.start_ms) in new]


async def _add(tx: Transaction, told: Iterable[tuple[EquipmentPath, StateInterval, int]]) -> set[tuple[str, int]]:
    """Write intervals down, each with its revision; return unit and beginning of those that say something new."""
    rows = [(str(path), *_said(interval), revision) for path, interval, revision in told]
    found = await tx.fetch(_SQL.add_intervals, *(list(column) for column in zip(*rows, strict=True)))
    return {(record["path"], record["start_ms"]) for record in found}


async def restate_intervals(
    tx: Transaction, path: EquipmentPath, log: Sequence[StateInterval]
) -> list[tuple[StateInterval, int]]:
    """Make the intervals of a stretch of time those of `log`, which has no gap; return the new ones, each with its revision."""
    if not log:
        return []
    told = await tx.fetch(_SQL.intervals_of_window, str(path), log[0].start_ms, log[-1].end_ms)
    wanted = {_said(interval): interval for interval in log}
    stale = [record for record in told if tuple(record.values())[1:] not in wanted]
    kept = {tuple(record.values())[1:] for record in told}
    new = []
    for said, interval in wanted.items():
        if said in kept:
            continue
        over = [
            record["revision"]
            for record in stale
            if record["start_ms"] < interval.end_ms and interval.start_ms < record["end_ms"]
        ]
        new.append((interval, max(over, default=0) + 1))
    if stale:
        await tx.execute(_SQL.remove_intervals, str(path), [record["start_ms"] for record in stale])
    if new:
        await _add(tx, [(path, interval, revision) for interval, revision in new])
    return new


def _said(interval: StateInterval) -> tuple[object, ...]:
    return (
        interval.start_ms,
        interval.end_ms,
        interval.element.value,
        reason_of(interval),
        interval.job_order,
        interval.shift,
        interval.source.value,
        interval.reason,
        interval.stop_reason,
        interval.material,
        interval.minor_stop,
    )


async def save_window(
    tx: Transaction,
    said: WindowResult,
    path: EquipmentPath,
    event_id: UUID,
    *,
    payload: KpiWindowClosed,
    history: History | None,
) -> None:
    """Write down what was last said about a window, and for a final one what it was judged from."""
    parts = parts_document(said)
    document = payload.model_dump_json()
    await tx.execute(
        _SQL.save_window,
        str(path),
        said.window.start_ms,
        said.window.end_ms,
        said.window.name,
        payload.revision,
        payload.status,
        event_id,
        document,
        said.window.date,
        json.dumps(parts),
        None if history is None else json.dumps(history_document(history)),
        said.evaluation.fingerprint,
    )
    await tx.execute(_SQL.add_revision, str(path), said.window.start_ms, payload.revision, payload.status, document)


async def archived(tx: Transaction, unit: Unit, since_ms: int, until_ms: int) -> list[Archived]:
    """Read the final windows of a unit that end after `since_ms` and begin before `until_ms`, in order of time."""
    found = []
    for record in await tx.fetch(_SQL.archived, str(unit.path), since_ms, until_ms):
        totals = sum((totals_from_document(part) for *_, part in json.loads(record["parts"])), Totals())
        history = history_from_document(json.loads(record["samples"]), unit.profile)
        window = Window(record["shift"], record["shift_date"], record["start_ms"], record["end_ms"])
        found.append(Archived(window, record["revision"], totals, record["fingerprint"], history))
    return found


async def keep_samples(tx: Transaction, path: EquipmentPath, item: Archived) -> None:
    """Write down samples of a final window that change nothing of what is said about it."""
    document = json.dumps(history_document(item.history))
    await tx.execute(_SQL.keep_samples, str(path), item.window.start_ms, document)


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said about a unit.

    Attributes:
        key: Of the command and its part.
        path: The unit.
        kind: `classification`, `ideal_cycle` or `restate`.
        document: What was said.
        actor: Id of the person.
        why: In the person's words.
        said_ms: When, ms since the epoch.
    """

    key: str
    path: EquipmentPath
    kind: str
    document: dict[str, Any]
    actor: str
    why: str
    said_ms: int


async def add_word(tx: Transaction, word: Word) -> None:
    """Write down what a person said about a unit."""
    document = json.dumps(word.document)
    await tx.execute(_SQL.add_word, word.key, str(word.path), word.kind, document, word.actor, word.why, word.said_ms)


async def untaken_words(tx: Transaction) -> list[Any]:
    """Read what persons said and no unit was judged with yet, in the order in which it was said."""
    return list(await tx.fetch(_SQL.untaken_words))


async def take_words(tx: Transaction, keys: Iterable[str]) -> None:
    """Note that units were judged with these words."""
    await tx.execute(_SQL.take_words, list(keys))


async def window_event(tx: Transaction, path: EquipmentPath, start_ms: int) -> UUID | None:
    """Read the event that last spoke of a window."""
    event_id: UUID | None = await tx.fetchval(_SQL.window_event, str(path), start_ms)
    return event_id


async def page_intervals(
    database: Database, path: str, *, since_ms: int, until_ms: int, after_ms: int, limit: int
) -> list[Any]:
    """Read intervals of a unit that end after `since_ms` and begin before `until_ms`, from `after_ms` on."""
    async with database.transaction() as tx:
        return list(await tx.fetch(_SQL.page_intervals, path, since_ms, until_ms, after_ms, limit))


async def page_windows(database: Database, place: str, before_ms: int, before_path: str, limit: int) -> list[Any]:
    """Read windows at or below a place that come before a position, newest first."""
    async with database.transaction() as tx:
        return list(await tx.fetch(_SQL.page_windows, place, before_ms, before_path, limit))


async def page_revisions(
    database: Database, place: str, before_id: int, limit: int, *, since_ms: int, until_ms: int, after_revision: int
) -> list[Any]:
    """Read what was said about windows at or below a place before a position, newest first."""
    async with database.transaction() as tx:
        return list(await tx.fetch(_SQL.page_revisions, place, before_id, limit, since_ms, until_ms, after_revision))


async def parts(database: Database, place: str, since_ms: int, until_ms: int) -> list[Any]:
    """Read the parts of the windows at or below a place that end after `since_ms` and begin before `until_ms`."""
    async with database.transaction() as tx:
        return list(await tx.fetch(_SQL.parts, place, since_ms, until_ms))


def _row(unit: Unit, sample: Sample) -> tuple[str, int, str, Decimal | None, int, bool]:
    path = str(unit.path)
    match sample:
        case Signal():
            value = None if sample.value is None else Decimal(sample.value)
            return path, sample.at_ms, sample.channel.value, value, sample.ordinal, False
        case Reading():
            return path, sample.at_ms, sample.counter.value, Decimal(sample.value), sample.ordinal, sample.baseline
        case JobMark() | CycleMark() | Classification():
            raise TypeError("marks of job orders and words of persons have tables of their own")


def _sample(record: Any) -> Sample:
    value = None if record["value"] is None else int(record["value"])
    if record["channel"] in _COUNTERS:
        name = CounterName(record["channel"])
        return Reading(record["at_ms"], name, value or 0, baseline=record["baseline"], ordinal=record["ordinal"])
    return Signal(record["at_ms"], Channel(record["channel"]), value, record["ordinal"])


def _mark(record: Any) -> JobMark:
    cycle_s = record["ideal_cycle_s"]
    return JobMark(
        record["at_ms"],
        record["job_order"],
        record["running"],
        material=record["material"],
        ideal_cycle_ms=None if cycle_s is None else Fraction(cycle_s) * 1000,
        ordinal=record["ordinal"],
    )


_COUNTERS = frozenset(name.value for name in CounterName)
