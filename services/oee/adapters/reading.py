"""Answers to the service's queries."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from namespace.contracts.event_log import iso
from namespace.contracts.oee import KpiArgs, StateLogArgs
from namespace.runtime import Page, QueryFailed, fit_page, from_ms, to_ms
from namespace.store import Database
from services.oee.adapters import postgres

_END_OF_TIME_MS = to_ms(datetime(9999, 1, 1, tzinfo=UTC))


class Reading:
    """Reads what was written down.

    Args:
        database: The service's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

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
        rows = [
            {
                "start": iso(from_ms(record["start_ms"])),
                "end": iso(from_ms(record["end_ms"])),
                "element": record["element"],
                "reason": record["reason"],
                "job_order": record["job_order"],
                "shift": record["shift"],
            }
            for record in records
        ]
        count = fit_page(rows) if rows else 0
        is_last = count == len(rows) and len(rows) < arguments.limit
        return Page(rows[:count], None if is_last else str(records[count - 1]["start_ms"]))

    async def kpi_windows(self, arguments: KpiArgs) -> Page:
        """Answer `kpi_windows`."""
        start, _, path = (arguments.cursor or "").partition("|")
        before_ms = _number(start or None, _END_OF_TIME_MS)
        records = await postgres.page_windows(self._database, arguments.place, before_ms, path, arguments.limit)
        rows: list[dict[str, Any]] = [{"place": record["path"], **json.loads(record["payload"])} for record in records]
        count = fit_page(rows) if rows else 0
        is_last = count == len(rows) and len(rows) < arguments.limit
        return Page(rows[:count], None if is_last else f"{records[count - 1]['start_ms']}|{records[count - 1]['path']}")


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise QueryFailed("BadCursor", f"{text!r} is no cursor of this query; begin again without one") from None
