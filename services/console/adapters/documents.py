"""Documents that other services answer with, read into the console's views. Tolerant: what is missing is empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.console.ports import HistoryEntry, JobOrderView, QuantityView


def job_order_view(document: Mapping[str, Any]) -> JobOrderView:
    """Read a job order as the queries of `work_order` write it."""
    unit, quantity = str(document.get("unit") or ""), document.get("quantity")
    return JobOrderView(
        id=str(document["id"]),
        work_center=str(document["place"]),
        state=str(document["state"]),
        sub_state=_text(document.get("sub_state")),
        removed=_text(document.get("removed")),
        possible=tuple(str(method) for method in document.get("possible") or ()),
        work_master=_text(document.get("work_master")),
        work_request=_text(document.get("work_request")),
        description=str(document.get("description") or ""),
        priority=int(document.get("priority") or 0),
        ordered=QuantityView(str(quantity), unit) if quantity is not None else None,
        good=str(document.get("good") or "0"),
        scrap=str(document.get("scrap") or "0"),
        unit=unit,
        planned_start=instant_of(document.get("planned_start")),
        planned_end=instant_of(document.get("planned_end")),
        started_at=instant_of(document.get("begun_at")),
        ended_at=instant_of(document.get("ended_at")),
        version=int(document.get("version") or 0),
        hold=_text(document.get("hold")),
    )


def history_entry(document: Mapping[str, Any]) -> HistoryEntry | None:
    """Read one event of a job order's history; None when it has no time."""
    at, payload = instant_of(document.get("occurred_at")), document.get("payload")
    if at is None:
        return None
    said = payload if isinstance(payload, dict) else {}
    return HistoryEntry(
        at=at,
        type=str(document.get("type") or ""),
        actor=_text(document.get("actor")),
        cause=_text(said.get("cause")),
        from_state=_text(said.get("from")),
        to_state=_text(said.get("to")) or _text(said.get("state")),
        payload=said,
    )


def instant_of(value: object) -> datetime | None:
    """Read an ISO 8601 instant; None for anything else, and for the beginning of Unix time, which stands for never."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return None
    return instant if instant.timestamp() else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
