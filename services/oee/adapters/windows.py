"""Windows of a place as they are judged now: what was written down of those that ended, and those still open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from namespace.isa95 import EquipmentPath, SiteModel, UnknownEquipmentError
from namespace.runtime import QueryFailed
from namespace.store import Database
from services.oee.adapters import postgres
from services.oee.application.figures import Head, Part, parts_document, parts_of
from services.oee.application.results import losses_of
from services.oee.application.units import Unit, Units
from services.oee.domain.evaluation import evaluate
from services.oee.domain.losses import ledger
from services.oee.domain.plan import Window
from services.oee.domain.unit import WindowResult, WindowStatus

Losses = list[Mapping[str, Any]]
"""The loss ledger of one window, as documents of the contract."""


class Windows:
    """Reads windows out of the tables and out of the units' memory.

    Args:
        database: The service's schema.
        units: The units of the site.
        site: For the rules of lines.
    """

    def __init__(self, database: Database, units: Units, site: SiteModel) -> None:
        self.database = database
        self.units = units
        self.site = site

    def place(self, text: str) -> EquipmentPath:
        """Return the place of a question.

        Raises:
            QueryFailed: The site file has no such place.
        """
        try:
            return self.site.equipment.find(text).path
        except UnknownEquipmentError as error:
            raise QueryFailed("UnknownPlace", str(error)) from error

    def now_ms(self, place: EquipmentPath) -> int:
        """Return the business time of a place, ms since the epoch; 0 before anything is known."""
        known = [unit.state.now_ms for unit in self.units.at(place) if unit.state is not None]
        return max(known, default=0)

    async def between(self, place: EquipmentPath, since_ms: int, until_ms: int) -> list[tuple[list[Part], Losses]]:
        """Return the windows at or below a place that end after `since_ms` and begin before `until_ms`, parts and losses each."""
        found: list[tuple[list[Part], Losses]] = []
        told = set()
        for record in await postgres.parts(self.database, str(place), since_ms, until_ms):
            path = EquipmentPath.parse(record["path"])
            told.add((path, record["start_ms"]))
            shift, bounds = (record["shift"], record["shift_date"]), (record["start_ms"], record["end_ms"])
            losses = json.loads(record["payload"])["losses"]
            head = Head(path, shift, bounds, record["status"])
            found.append((parts_of(head, json.loads(record["parts"]), losses), losses))
        for unit, result in self._open(place):
            window = result.window
            if (unit.path, window.start_ms) not in told and window.end_ms > since_ms and window.start_ms < until_ms:
                found.append(_judged(unit, result))
        return found

    async def parts(self, place: EquipmentPath, since_ms: int, until_ms: int) -> list[Part]:
        """Return the parts of those windows."""
        return [part for parts, _ in await self.between(place, since_ms, until_ms) for part in parts]

    def rolling(self, place: EquipmentPath, start_ms: int, end_ms: int) -> list[Part]:
        """Return a stretch of time up to now, judged as if it were a window."""
        found = []
        for path, unit in self.units.by_path.items():
            if unit.state is None or not path.is_within(place):
                continue
            evaluation = evaluate(
                unit.state.history, unit.profile, unit.calendar, start_ms=start_ms, end_ms=end_ms, now_ms=end_ms
            )
            window = Window("rolling", "", start_ms, end_ms)
            found += _judged(unit, WindowResult(window, WindowStatus.OPEN, 0, None, evaluation))[0]
        return found

    def _open(self, place: EquipmentPath) -> Iterator[tuple[Unit, WindowResult]]:
        for path, unit in self.units.by_path.items():
            if unit.result is not None and path.is_within(place):
                yield unit, unit.result


def _judged(unit: Unit, result: WindowResult) -> tuple[list[Part], Losses]:
    profile, window = unit.profile, result.window
    entries = ledger(result.evaluation, profile.reasons, unknown_is_delay=profile.unknown_is_delay)
    losses: Losses = [loss.model_dump() for loss in losses_of(entries)]
    head = Head(unit.path, (window.name, window.date), (window.start_ms, window.end_ms), "open")
    return parts_of(head, parts_document(result), losses), losses
