"""Keeps the units going: takes in what machines and `work_order` say, lets time pass, writes down and publishes what follows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from functools import partial

from namespace.contracts.event_log import EventRow, NewEvent
from namespace.contracts.work_order import JobOrderStateChanged
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime import EdgeNode, Logger, MachineNews, from_ms, to_ms
from namespace.sparkplug import Value
from namespace.store import Database, DatabaseUnavailable, Transaction, TransactionConflict, append
from services.oee.adapters import postgres
from services.oee.adapters.telling import interval_event, restate_by, restate_final, retell, say
from services.oee.adapters.words import sample_of
from services.oee.application.results import (
    place_metrics,
    restated_metrics,
    sums,
    unit_metrics,
    unscheduled_place_metrics,
    unscheduled_unit_metrics,
)
from services.oee.application.units import Closed, Retold, Said, Telling, Unit, Units
from services.oee.domain.sample import JobMark, Sample
from services.oee.domain.unit import TooLate, WindowResult, WindowRevised

_STEP_S = 1.0
_SOON_S = 0.05
"""After how long, at the soonest, units are judged again of which there is news; all others wait for the next step of all."""
_LONG_S, _BREATH_S = 0.05, 0.05
"""A unit that takes so long, as after a restart, is followed by so long a time for others: who asks meanwhile has an answer."""
_SAVE_S = 60.0
_LISTENS_S = 60.0
"""How long after a person spoke the table of words is looked at: longer than any transaction lasts."""


class Keeper:
    """The running OEE of a site.

    Args:
        units: Its work units.
        database: The service's schema.
        node: Where results are published.
        site: For the places above units.
        now: Business time of a place.
        observe: Told how far time had come at a place when the service stopped, so that it goes on from there and not from our clock.
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
        observe: Callable[[EquipmentPath, datetime], None],
        log: Logger,
    ) -> None:
        self._units = units
        self._database = database
        self._node = node
        self._site = site
        self._under = {center.path: units.at(center.path) for center in site.equipment.work_centers()}
        self._now = now
        self._observe = observe
        self._log = log
        self._unsaid: list[Telling] = []
        self._turn = asyncio.Lock()
        self._saved_at = 0.0
        self._unsettled: dict[EquipmentPath, set[JobMark]] = {}
        self._listens_until = 0.0
        self._taking: dict[str, Unit] = {}
        self._asked: list[tuple[Unit, tuple[int, int], str]] = []

    async def load(self) -> None:
        """Go on from where the service stopped."""
        for path in await postgres.load(self._database, self._units):
            self._log.warning("unit_begins_anew", unit=path, reason="its saved state is of another version")
        for unit in self._units.by_path.values():
            if known_ms := unit.known_until_ms:
                self._observe(unit.path, from_ms(known_ms))
        await self._take_words()

    async def observe(self, news: Sequence[MachineNews]) -> None:
        """Take in what machines say: written down first, then used."""
        samples = [(unit, sample) for unit, sample in self._units.samples(news) if not unit.knows(sample)]
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
            material=change.work_master,
            ideal_cycle_ms=None if cycle_s is None else Fraction(cycle_s) * 1000,
            ordinal=row.seq,
        )
        units = self._units.at(EquipmentPath.parse(change.work_center))
        for unit in units:
            self._unsettled.setdefault(unit.path, set()).add(mark)
            tx.after_commit(partial(self._settle, unit, mark))
        await postgres.add_mark(tx, [unit.path for unit in units], row.event_id, mark)

    def _settle(self, unit: Unit, mark: JobMark) -> None:
        unit.pending.append(mark)
        self._unsettled.get(unit.path, set()).discard(mark)

    def listen(self) -> None:
        """Look for words of persons for a while."""
        self._listens_until = asyncio.get_running_loop().time() + _LISTENS_S

    async def _hear(self) -> None:
        """Take in what persons said since the last time; what is taken in is noted when it is written down."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._listens_until:
            return
        await self._take_words()

    async def _take_words(self) -> None:
        async with self._database.transaction() as tx:
            records = await postgres.untaken_words(tx)
        for record in records:
            unit = self._units.by_path.get(EquipmentPath.parse(record["path"]))
            if unit is None or record["id"] in self._taking:
                continue
            self._taking[record["id"]] = unit
            document = json.loads(record["document"])
            if record["kind"] == "restate":
                why = f"{record['actor']}: {record['why']}"
                self._asked.append((unit, (document["since_ms"], document["until_ms"]), why))
            else:
                unit.pending.append(sample_of(record, document))

    async def run(self) -> None:
        """Let time pass until cancelled.

        Between two steps there is at least as much time as the former took: where steps are long, what others say must not wait for them,
        least of all job orders, for a mark that comes after its time was told makes everybody tell it anew.
        """
        clock = asyncio.get_running_loop().time
        while True:
            rest_s = await self._timed_step()
            until_s = clock() + _STEP_S
            while until_s - clock() > rest_s:
                await asyncio.sleep(rest_s)
                if any(unit.pending for unit in self._units.by_path.values()):
                    rest_s = await self._timed_step(news_alone=True)
            await asyncio.sleep(max(until_s - clock(), rest_s))

    async def _timed_step(self, *, news_alone: bool = False) -> float:
        """Step, and return how long to rest before the next, in seconds."""
        began_s = asyncio.get_running_loop().time()
        await self.step(news_alone=news_alone)
        return max(_SOON_S, asyncio.get_running_loop().time() - began_s)

    async def step(self, *, news_alone: bool = False) -> None:
        """Take in what is pending, let business time move on, publish what is current and write down what follows.

        Nothing is taken in between a unit's step and its being written down, so its document, the samples that are in it and what was
        said by it never disagree, wherever the process ends.

        Args:
            news_alone: Only units of which there is news, words of persons among them; all by default.
        """
        async with self._turn:
            with suppress(DatabaseUnavailable, TransactionConflict):
                await self._hear()
            units = [unit for unit in self._units.by_path.values() if unit.pending or not news_alone]
            for unit in units:
                began_s = asyncio.get_running_loop().time()
                self._unsaid += self._units.step(unit, self._now(unit.path))
                took_s = asyncio.get_running_loop().time() - began_s
                await asyncio.sleep(0 if took_s < _LONG_S else _BREATH_S)  # let others speak
            self._publish({unit.path for unit in units} if news_alone else None)
            try:
                await self._write()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._log.warning("results_wait_for_database", waiting=len(self._unsaid), error=str(unavailable))

    def _publish(self, changed: Collection[EquipmentPath] | None) -> None:
        """Publish the figures of units, and of the work centers above them; of all where `changed` is None."""
        for place, units in self._under.items():
            if changed is not None and not any(unit.path in changed for unit in units):
                continue
            results: dict[EquipmentPath, WindowResult] = {}
            for unit in units:
                if unit.state is None:
                    continue
                if unit.result is not None:
                    results[unit.path] = unit.result
                if changed is None or unit.path in changed:
                    metrics = unscheduled_unit_metrics() if unit.result is None else unit_metrics(unit.result)
                    self._node.set(unit.path.device_id, metrics, from_ms(unit.state.now_ms))
            if results:
                window = next(iter(results.values())).window
                found: dict[str, Value] = {"OEE/Shift": window.name, "OEE/WindowStart": window.start_ms}
                self._node.set(place.device_id, {**place_metrics(sums(results, [place], self._site)[place]), **found})
            elif any(unit.state is not None for unit in units):
                self._node.set(place.device_id, unscheduled_place_metrics())

    async def _write(self) -> None:
        """Write down what is to be said, with its events, and units whole that have outgrown what is saved; all or nothing."""
        now_s = asyncio.get_running_loop().time()
        is_due = now_s - self._saved_at >= _SAVE_S
        if not (self._unsaid or self._taking or is_due or any(self._unsettled.values())):
            return
        said, asked = self._unsaid, list(self._asked)
        words = {key for key, unit in self._taking.items() if unit.state is not None}
        at_once = {id(item.unit) for item in said if isinstance(item, Said)}
        at_once |= {id(unit) for unit in self._taking.values()}
        dirty = [
            unit
            for unit in self._units.by_path.values()
            if unit.is_dirty
            and (id(unit) in at_once or not unit.is_saved or (is_due and unit.has_outgrown_what_is_saved))
        ]
        async with self._database.transaction() as tx:
            included_id = await postgres.last_sample_id(tx)
            for unit in dirty:
                await postgres.save(tx, unit, included_id)
            closed = await postgres.add_intervals(tx, (item for item in said if isinstance(item, Closed)))
            events = [interval_event(item.unit.path, item.interval) for item in closed]
            for item in said:
                if isinstance(item, Retold):
                    events += await retell(tx, item.unit.path, item.log)
                elif isinstance(item, Said):
                    events += await say(tx, item.unit, item.output)
            more, restated = await self._restate(tx, said, asked)
            if events or more:
                await append(tx, [*events, *more])
            await postgres.take_words(tx, words)
            await self._look_for_marks(tx)
        self._unsaid, self._asked = [], self._asked[len(asked) :]
        self._taking = {key: unit for key, unit in self._taking.items() if key not in words}
        for unit in dirty:
            unit.saved_now()
        for unit, result in restated:
            self._node.set(
                unit.path.device_id, restated_metrics(result), from_ms(unit.state.now_ms if unit.state else 0)
            )
        if is_due:
            self._saved_at = now_s

    async def _restate(
        self, tx: Transaction, said: Sequence[Telling], asked: Sequence[tuple[Unit, tuple[int, int], str]]
    ) -> tuple[list[NewEvent], list[tuple[Unit, WindowResult]]]:
        """Judge the final windows again that late samples concern, and those a person asked for."""
        late: dict[EquipmentPath, list[Sample]] = {}
        events: list[NewEvent] = []
        restated: list[tuple[Unit, WindowResult]] = []
        for item in said:
            if isinstance(item, Said) and isinstance(item.output, TooLate):
                late.setdefault(item.unit.path, []).append(item.output.sample)
            elif isinstance(item, Said) and isinstance(item.output, WindowRevised):
                restated.append((item.unit, item.output.result))
        for path, samples in late.items():
            unit = self._units.by_path[path]
            more, results = await restate_by(tx, unit, samples)
            events += more
            restated += [(unit, result) for result in results]
        for unit, during_ms, why in asked:
            more, results = await restate_final(tx, unit, (), during_ms, why)
            events += more
            restated += [(unit, result) for result in results]
        if late:
            self._log.info(
                "late_samples", units=len(late), samples=sum(map(len, late.values())), restated=len(restated)
            )
        return events, restated

    async def _look_for_marks(self, tx: Transaction) -> None:
        """Read marks back whose transaction ended without our learning how; a mark that is known already changes nothing."""
        for path, marks in list(self._unsettled.items()):  # events go on meanwhile
            if marks:
                unit = self._units.by_path[path]
                found = marks.intersection(await postgres.marks_at(tx, unit, {mark.at_ms for mark in marks}))
                for mark in found:
                    self._settle(unit, mark)
