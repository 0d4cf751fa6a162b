"""Answers to the service's queries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from namespace.contracts.event_log import iso
from namespace.contracts.oee_arguments import (
    KpiArgs,
    KpiFiguresArgs,
    KpiRevisionsArgs,
    LossArgs,
    ShiftsArgs,
    StateLogArgs,
    WaterfallArgs,
)
from namespace.isa95 import SiteModel, WorkCalendar
from namespace.runtime import Page, QueryFailed, fit_page, from_ms, to_ms
from namespace.runtime.queries import QueryHandler
from namespace.store import Database
from services.oee.adapters import postgres
from services.oee.adapters.windows import Windows
from services.oee.application.figures import rows
from services.oee.application.units import Units
from services.oee.application.waterfall import Span, waterfall
from services.oee.domain.figures import FIGURES

_END_OF_TIME_MS = to_ms(datetime(9999, 1, 1, tzinfo=UTC))
_WEEK_MS = 7 * 86_400_000
_LONGEST_PLAN = timedelta(days=35)


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
        self._windows = Windows(database, units, site)

    def handlers(self) -> dict[str, QueryHandler]:
        """Return the handler of each query of the contract."""
        return {
            "state_log": self.state_log,
            "kpi_windows": self.kpi_windows,
            "kpi_revisions": self.kpi_revisions,
            "kpis": self.kpis,
            "losses": self.losses,
            "waterfall": self.waterfall,
            "shifts": self.shifts,
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

    async def kpi_revisions(self, arguments: KpiRevisionsArgs) -> Page:
        """Answer `kpi_revisions`."""
        before_id = _number(arguments.cursor, 2**63 - 1)
        records = await postgres.page_revisions(
            self._database,
            arguments.place,
            before_id,
            arguments.limit,
            since_ms=_ms(arguments.since, 0),
            until_ms=_ms(arguments.until, _END_OF_TIME_MS),
            after_revision=1 if arguments.restated else 0,
        )
        found: list[dict[str, Any]] = [{"place": record["path"], **json.loads(record["payload"])} for record in records]
        count = fit_page(found) if found else 0
        is_last = count == len(found) and len(found) < arguments.limit
        return Page(found[:count], None if is_last else str(records[count - 1]["id"]))

    async def kpis(self, arguments: KpiFiguresArgs) -> Page:
        """Answer `kpis`."""
        place = self._windows.place(arguments.place)
        now_ms = self._windows.now_ms(place)
        if arguments.by == "rolling":
            parts = self._windows.rolling(place, now_ms - arguments.minutes * 60_000, now_ms)
        else:
            since_ms, until_ms = _ms(arguments.since, now_ms - _WEEK_MS), _ms(arguments.until, _END_OF_TIME_MS)
            parts = await self._windows.parts(place, since_ms, until_ms)
        wanted_figures = None if arguments.figures is None else _known_figures(arguments.figures)
        found = rows(place, arguments.by, parts, self._site, now_ms, figures=wanted_figures)[::-1]
        offset = _number(arguments.cursor, 0)
        wanted = found[offset : offset + arguments.limit]
        count = fit_page(wanted) if wanted else 0
        is_last = offset + count >= len(found)
        return Page(wanted[:count], None if is_last else str(offset + count))

    async def losses(self, arguments: LossArgs) -> Page:
        """Answer `losses`."""
        place = self._windows.place(arguments.place)
        now_ms = self._windows.now_ms(place)
        since_ms, until_ms = _ms(arguments.since, now_ms - _WEEK_MS), _ms(arguments.until, _END_OF_TIME_MS)
        sums: dict[tuple[str | None, str], list[Any]] = {}
        for parts, losses in await self._windows.between(place, since_ms, until_ms):
            is_wanted = arguments.include_open or any(part.head.status != "open" for part in parts)
            for loss in losses if is_wanted else ():
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

    async def waterfall(self, arguments: WaterfallArgs) -> Page:
        """Answer `waterfall`."""
        place = self._windows.place(arguments.place)
        since_ms, until_ms = to_ms(arguments.since), to_ms(arguments.until)
        windows = await self._windows.between(place, since_ms, until_ms)
        heads = [parts[0].head for parts, _ in windows if parts]
        start_ms = min([since_ms, *(head.window[0] for head in heads)])
        reached_ms = max(
            [self._windows.now_ms(place), start_ms, *(head.window[1] for head in heads if head.status != "open")]
        )
        end_ms = min(max([until_ms, *(head.window[1] for head in heads)]), reached_ms)
        units = self._units.at(place)
        spans = []
        scheduled: dict[tuple[int, int], int] = {}
        for unit in units:
            until = end_ms if unit.state is None else max(min(end_ms, unit.state.now_ms), start_ms)
            key = id(unit.calendar), until
            if key not in scheduled:
                scheduled[key] = _scheduled_ms(unit.calendar, start_ms, until)
            spans.append(Span(unit.path, until - start_ms, scheduled[key]))
        bounded = {"start": iso(from_ms(start_ms)), "end": iso(from_ms(end_ms)), "units": len(spans)}
        return Page({**bounded, **waterfall(spans, windows)})

    async def shifts(self, arguments: ShiftsArgs) -> Page:
        """Answer `shifts`."""
        if not timedelta(0) < arguments.until - arguments.since <= _LONGEST_PLAN:
            raise QueryFailed(
                "BadArguments", f"ask for more than nothing and at most {_LONGEST_PLAN.days} days of shifts"
            )
        calendar = self._site.calendar(self._windows.place(arguments.place))
        return Page(
            [
                {
                    "name": shift.name,
                    "date": shift.date.isoformat(),
                    "start": iso(shift.start),
                    "end": iso(shift.end),
                    "planned_down": [
                        {"name": down.name, "start": iso(down.start), "end": iso(down.end)}
                        for down in calendar.planned_down(shift.start, shift.end)
                    ],
                }
                for shift in calendar.shifts_between(arguments.since, arguments.until)
            ]
        )


def _scheduled_ms(calendar: WorkCalendar, start_ms: int, end_ms: int) -> int:
    """What of a stretch of time lies in shifts."""
    shifts = calendar.shifts_between(from_ms(start_ms), from_ms(end_ms)) if start_ms < end_ms else []
    return sum(min(to_ms(shift.end), end_ms) - max(to_ms(shift.start), start_ms) for shift in shifts)


def _known_figures(names: tuple[str, ...]) -> frozenset[str]:
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise QueryFailed("BadArguments", f"no figure is called {unknown[0]}; there are {', '.join(sorted(FIGURES))}")
    return frozenset(names)


def _ms(instant: datetime | None, otherwise_ms: int) -> int:
    return otherwise_ms if instant is None else to_ms(instant)


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise QueryFailed("BadCursor", f"{text!r} is no cursor of this query; begin again without one") from None
