"""Keeps the units going: takes in what machines and `work_order` say, lets time pass, writes down and publishes what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from functools import partial
from uuid import UUID, uuid5

from namespace.contracts.event_log import EventRow, NewEvent
from namespace.contracts.oee import CONTRACT
from namespace.contracts.work_order import JobOrderStateChanged
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime import EdgeNode, Logger, MachineNews, from_ms, to_ms
from namespace.sparkplug import Value
from namespace.store import Database, DatabaseUnavailable, Transaction, TransactionConflict, append
from services.oee.adapters import postgres
from services.oee.application.results import (
    interval_payload,
    place_metrics,
    sums,
    unit_metrics,
    unscheduled_place_metrics,
    unscheduled_unit_metrics,
    window_payload,
)
from services.oee.application.units import Closed, Said, Unit, Units
from services.oee.domain.sample import JobMark
from services.oee.domain.unit import TooLate, WindowResult

_STEP_S = 1.0
_SAVE_S = 60.0
_IDS = UUID("5a0f4b0e-3d2f-5c86-9b57-0d0d7e7c6a11")
_SCHEMAS = {event.type: event.schema for event in CONTRACT.events}


class Keeper:
    """The running OEE of a site.

    Args:
        units: Its work units.
        database: The service's schema.
        node: Where results are published.
        site: For the places above units.
        now: Business time of a place.
        log: For people.
    """

    def __init__(
        self,
        units: Units,
        database: Database,
        node: EdgeNode,
        site: SiteModel,
        *,
        now: Callable[[EquipmentPath], datetime],
        log: Logger,
    ) -> None:
        self._units = units
        self._database = database
        self._node = node
        self._centers = [equipment.path for equipment in site.equipment.work_centers()]
        self._now = now
        self._log = log
        self._unsaid: list[Closed | Said] = []
        self._turn = asyncio.Lock()
        self._saved_at = 0.0
        self._unsettled: dict[EquipmentPath, set[JobMark]] = {}

    async def load(self) -> None:
        """Go on from where the service stopped."""
        for path in await postgres.load(self._database, self._units):
            self._log.warning("unit_begins_anew", unit=path, reason="its saved state is of another version")

    async def observe(self, news: Sequence[MachineNews]) -> None:
        """Take in what machines say: written down first, then used."""
        samples = self._units.samples(news)
        if not samples:
            return
        async with self._turn:
            async with self._database.transaction() as tx:
                await postgres.add_samples(tx, samples)
            for unit, sample in samples:
                unit.pending.append(sample)

    async def job_order_event(self, tx: Transaction, row: EventRow) -> None:
        """Apply one event of `work_order`: which job order runs on which units."""
        if row.type != JobOrderStateChanged.__name__:
            return
        change = JobOrderStateChanged.model_validate(row.payload)
        begins, ends = change.to_state == "Running", change.from_state == "Running"
        if begins == ends:
            return
        cycle_s = change.ideal_cycle_s
        mark = JobMark(
            to_ms(row.occurred_at),
            row.subject,
            begins,
            ideal_cycle_ms=None if cycle_s is None else Fraction(cycle_s) * 1000,
            ordinal=row.seq,
        )
        for unit in self._units.at(EquipmentPath.parse(change.work_center)):
            await postgres.add_mark(tx, unit.path, row.event_id, mark)
            self._unsettled.setdefault(unit.path, set()).add(mark)
            tx.after_commit(partial(self._settle, unit, mark))

    def _settle(self, unit: Unit, mark: JobMark) -> None:
        unit.pending.append(mark)
        self._unsettled.get(unit.path, set()).discard(mark)

    async def run(self) -> None:
        """Let time pass until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(_STEP_S)

    async def step(self) -> None:
        """Take in what is pending, let business time move on, publish what is current and write down what follows.

        Nothing is taken in between a unit's step and its being written down, so its document, the samples that are in it and what was
        said by it never disagree, wherever the process ends.
        """
        async with self._turn:
            for unit in self._units.by_path.values():
                self._unsaid += self._units.step(unit, self._now(unit.path))
                await asyncio.sleep(0)  # a unit at the end of a long shift takes some ms: let others speak
            self._publish()
            try:
                await self._write()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._log.warning("results_wait_for_database", waiting=len(self._unsaid), error=str(unavailable))

    def _publish(self) -> None:
        results: dict[EquipmentPath, WindowResult] = {}
        for path, unit in self._units.by_path.items():
            if unit.state is None:
                continue
            if unit.result is not None:
                results[path] = unit.result
            metrics = unscheduled_unit_metrics() if unit.result is None else unit_metrics(unit.result)
            self._node.set(path.device_id, metrics, from_ms(unit.state.now_ms))
        for place, totals in sums(results, self._centers).items():
            below = [result for path, result in results.items() if path.is_within(place)]
            if not below and any(unit.state is not None for unit in self._units.at(place)):
                self._node.set(place.device_id, unscheduled_place_metrics())
            elif below:
                window: dict[str, Value] = {
                    "OEE/Shift": below[0].window.name,
                    "OEE/WindowStart": below[0].window.start_ms,
                }
                self._node.set(place.device_id, {**place_metrics(totals), **window})

    async def _write(self) -> None:
        """Write down what is to be said, with its events, and now and then the units whole; all or nothing."""
        now_s = asyncio.get_running_loop().time()
        is_due = now_s - self._saved_at >= _SAVE_S
        if not (self._unsaid or is_due or any(self._unsettled.values())):
            return
        said = self._unsaid
        settled = {id(item.unit) for item in said if isinstance(item, Said)}
        dirty = [
            unit
            for unit in self._units.by_path.values()
            if unit.is_dirty and (is_due or id(unit) in settled or not unit.is_saved)
        ]
        async with self._database.transaction() as tx:
            included_id = await postgres.last_sample_id(tx)
            for unit in dirty:
                await postgres.save(tx, unit, included_id)
            closed = await postgres.add_intervals(tx, (item for item in said if isinstance(item, Closed)))
            events = [_interval_event(item) for item in closed]
            for item in said:
                if isinstance(item, Said):
                    events += await self._window_events(tx, item)
            if events:
                await append(tx, events)
            await self._look_for_marks(tx)
        self._unsaid = []
        for unit in dirty:
            unit.is_dirty = False
        if is_due:
            self._saved_at = now_s

    async def _look_for_marks(self, tx: Transaction) -> None:
        """Read marks back whose transaction ended without our learning how; a mark that is known already changes nothing."""
        for path, marks in list(self._unsettled.items()):  # events go on meanwhile
            if marks:
                unit = self._units.by_path[path]
                found = marks.intersection(await postgres.marks_of(tx, unit))
                for mark in found:
                    self._settle(unit, mark)

    async def _window_events(self, tx: Transaction, item: Said) -> list[NewEvent]:
        if isinstance(item.output, TooLate):
            self._log.info("sample_too_late", unit=str(item.unit.path), sample=repr(item.output.sample))
            return []
        result = item.output.result
        before = await postgres.window_event(tx, item.unit.path, result.window.start_ms)
        payload = window_payload(result, None if before is None else str(before))
        key = f"{item.unit.path}|window|{result.window.start_ms}|{payload.revision}|{payload.status}"
        event = _event("KpiWindowClosed", item.unit, key, result.window.end_ms, payload.model_dump(mode="json"))
        if event.event_id == before:
            return []  # said in a transaction of whose end we did not learn
        await postgres.save_window(tx, result, item.unit.path, event.event_id, payload)
        return [event]


def _interval_event(item: Closed) -> NewEvent:
    interval = item.interval
    key = f"{item.unit.path}|interval|{interval.start_ms}|{interval.end_ms}"
    payload = interval_payload(item).model_dump(mode="json")
    return _event("StateIntervalClosed", item.unit, key, interval.end_ms, payload, job_order=interval.job_order)


def _event(
    kind: str, unit: Unit, key: str, at_ms: int, payload: dict[str, object], *, job_order: str | None = None
) -> NewEvent:
    return NewEvent(
        event_id=uuid5(_IDS, key),
        type=kind,
        schema=_SCHEMAS[kind],
        occurred_at=from_ms(at_ms),
        scope=str(unit.path),
        subject=str(unit.path),
        payload=payload,
        job_order=job_order,
    )
