"""Answers to the service's queries."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from namespace.contracts.event_log import iso
from namespace.contracts.oee_arguments import KpiArgs, KpiFiguresArgs, LossArgs, StateLogArgs
from namespace.isa95 import EquipmentPath, SiteModel, UnknownEquipmentError
from namespace.runtime import Page, QueryFailed, fit_page, from_ms, to_ms
from namespace.runtime.queries import QueryHandler
from namespace.store import Database
from services.oee.adapters import postgres
from services.oee.application.figures import Head, Part, parts_document, parts_of, rows
from services.oee.application.results import losses_of
from services.oee.application.units import Unit, Units
from services.oee.domain.evaluation import evaluate
from services.oee.domain.losses import ledger
from services.oee.domain.plan import Window
from services.oee.domain.unit import WindowResult, WindowStatus

_END_OF_TIME_MS = to_ms(datetime(9999, 1, 1, tzinfo=UTC))


_WEEK_MS = 7 * 86_400_000


class Reading:
    """Reads what was written down, and what is known of the windows that are open.

    Args:
        database: The service's schema.
        units: The units of the site.
        site: For the rules of lines.
    """

    def __init__(self, database: Database, units: Units, site: SiteModel) -> None:
        self._database = database
        self._units = units
        self._site = site

    def handlers(self) -> dict[str, QueryHandler]:
        """Return the handler of each query of the contract."""
        return {
            "state_log": self.state_log,
            "kpi_windows": self.kpi_windows,
            "kpi_revisions": self.kpi_revisions,
            "kpis": self.kpis,
            "losses": self.losses,
        }

    async def state_log(self, arguments: StateLogArgs) -> Page:
        """Answer `state_log`."""
        since_ms = 0 if arguments.since is None else to_ms(arguments.since)
        until_ms = _END_OF_TIME_MS if arguments.until is None else to_ms(arguments.until)
        after_ms = _number(arguments.cursor, -1)
        records = await postgres.page_intervals(
            self._database,
            arguments.place,
            since_ms=since_ms,
            until_ms=until_ms,
            after_ms=after_ms,
            limit=arguments.limit,
        )
        found = [
            {
                "start": iso(from_ms(record["start_ms"])),
                "end": iso(from_ms(record["end_ms"])),
                "element": record["element"],
                "reason": record["reason"],
                "job_order": record["job_order"],
                "shift": record["shift"],
                "revision": record["revision"],
                "source": record["source"],
                "reason_code": record["reason_code"],
                "stop_reason": record["stop_reason"],
                "material": record["material"],
                "minor_stop": record["minor_stop"],
            }
            for record in records
        ]
        count = fit_page(found) if found else 0
        is_last = count == len(found) and len(found) < arguments.limit
        return Page(found[:count], None if is_last else str(records[count - 1]["start_ms"]))

    async def kpi_windows(self, arguments: KpiArgs) -> Page:
        """Answer `kpi_windows`."""
        start, _, path = (arguments.cursor or "").partition("|")
        before_ms = _number(start or None, _END_OF_TIME_MS)
        records = await postgres.page_windows(self._database, arguments.place, before_ms, path, arguments.limit)
        found: list[dict[str, Any]] = [{"place": record["path"], **json.loads(record["payload"])} for record in records]
        count = fit_page(found) if found else 0
        is_last = count == len(found) and len(found) < arguments.limit
        return Page(
            found[:count], None if is_last else f"{records[count - 1]['start_ms']}|{records[count - 1]['path']}"
        )

    async def kpi_revisions(self, arguments: KpiArgs) -> Page:
        """Answer `kpi_revisions`."""
        before_id = _number(arguments.cursor, 2**63 - 1)
        records = await postgres.page_revisions(self._database, arguments.place, before_id, arguments.limit)
        found: list[dict[str, Any]] = [{"place": record["path"], **json.loads(record["payload"])} for record in records]
        count = fit_page(found) if found else 0
        is_last = count == len(found) and len(found) < arguments.limit
        return Page(found[:count], None if is_last else str(records[count - 1]["id"]))

    async def kpis(self, arguments: KpiFiguresArgs) -> Page:
        """Answer `kpis`."""
        place = self._place(arguments.place)
        now_ms = self._now_ms(place)
        if arguments.by == "rolling":
            parts = self._rolling(place, now_ms - arguments.minutes * 60_000, now_ms)
        else:
            since_ms, until_ms = _ms(arguments.since, now_ms - _WEEK_MS), _ms(arguments.until, _END_OF_TIME_MS)
            parts = await self._parts(place, since_ms, until_ms)
        found = rows(place, arguments.by, parts, self._site, now_ms)[::-1]
        offset = _number(arguments.cursor, 0)
        wanted = found[offset : offset + arguments.limit]
        count = fit_page(wanted) if wanted else 0
        is_last = offset + count >= len(found)
        return Page(wanted[:count], None if is_last else str(offset + count))

    async def losses(self, arguments: LossArgs) -> Page:
        """Answer `losses`."""
        place = self._place(arguments.place)
        now_ms = self._now_ms(place)
        since_ms, until_ms = _ms(arguments.since, now_ms - _WEEK_MS), _ms(arguments.until, _END_OF_TIME_MS)
        sums: dict[tuple[str | None, str], list[Any]] = {}
        for record in await postgres.payloads(self._database, str(place), since_ms, until_ms):
            for loss in json.loads(record["payload"])["losses"]:
                entry = sums.setdefault((loss["loss"], loss["reason"]), [Decimal(0), 0, 0])
                entry[0] += Decimal(loss["time_ms"])
                entry[1] += loss["units"]
                entry[2] += loss["stops"]
        rank = 0 if arguments.by == "time" else 2
        ordered = sorted(sums.items(), key=lambda pair: (pair[0][0] is not None, -pair[1][rank]))
        busy_ms = sum((entry[0] for entry in sums.values()), Decimal(0))
        return Page(
            [
                {
                    "loss": kind,
                    "reason": reason,
                    "reason_path": [] if not reason else list(self._site.reasons.path(reason)),
                    "time_ms": str(time_ms),
                    "share": None if not busy_ms else str(round(time_ms / busy_ms, 9)),
                    "units": units,
                    "stops": stops,
                }
                for (kind, reason), (time_ms, units, stops) in ordered
            ],
            None,
        )

    async def _parts(self, place: EquipmentPath, since_ms: int, until_ms: int) -> list[Part]:
        found = []
        told = set()
        for record in await postgres.parts(self._database, str(place), since_ms, until_ms):
            path = EquipmentPath.parse(record["path"])
            told.add((path, record["start_ms"]))
            shift, bounds = (record["shift"], record["shift_date"]), (record["start_ms"], record["end_ms"])
            losses = json.loads(record["payload"])["losses"]
            found += parts_of(Head(path, shift, bounds, record["status"]), json.loads(record["parts"]), losses)
        for path, unit in self._units.by_path.items():
            result = unit.result
            if result is None or not path.is_within(place) or (path, result.window.start_ms) in told:
                continue
            if result.window.end_ms > since_ms and result.window.start_ms < until_ms:
                found += self._open(unit, result)
        return found

    def _rolling(self, place: EquipmentPath, start_ms: int, end_ms: int) -> list[Part]:
        found = []
        for path, unit in self._units.by_path.items():
            if unit.state is None or not path.is_within(place):
                continue
            evaluation = evaluate(
                unit.state.history, unit.profile, unit.calendar, start_ms=start_ms, end_ms=end_ms, now_ms=end_ms
            )
            window = Window("rolling", "", start_ms, end_ms)
            found += self._open(unit, WindowResult(window, WindowStatus.OPEN, 0, None, evaluation))
        return found

    def _open(self, unit: Unit, result: WindowResult) -> list[Part]:
        profile, window = unit.profile, result.window
        entries = ledger(result.evaluation, profile.reasons, unknown_is_delay=profile.unknown_is_delay)
        losses = [loss.model_dump() for loss in losses_of(entries)]
        head = Head(unit.path, (window.name, window.date), (window.start_ms, window.end_ms), "open")
        return parts_of(head, parts_document(result), losses)

    def _place(self, text: str) -> EquipmentPath:
        try:
            return self._site.equipment.find(text).path
        except UnknownEquipmentError as error:
            raise QueryFailed("UnknownPlace", str(error)) from error

    def _now_ms(self, place: EquipmentPath) -> int:
        known = [unit.state.now_ms for unit in self._units.at(place) if unit.state is not None]
        return max(known, default=0)


def _ms(instant: datetime | None, otherwise_ms: int) -> int:
    return otherwise_ms if instant is None else to_ms(instant)


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise QueryFailed("BadCursor", f"{text!r} is no cursor of this query; begin again without one") from None
