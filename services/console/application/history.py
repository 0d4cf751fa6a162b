"""A job order's history as a person reads it: runs of counts drawn together into one entry."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from services.console.domain.states import JsonValue
from services.console.ports import HistoryEntry

_COUNTED = "QuantityReported"


def condense(entries: Iterable[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    """Draw together counts that follow each other.

    Args:
        entries: Oldest first.

    Returns:
        The same history; a run of counts is one entry at the time of its last, with the summed good and scrap and, as
        `reports`, how many they were.
    """
    told: list[HistoryEntry] = []
    for entry in entries:
        last = told[-1] if told else None
        if last is not None and entry.type == _COUNTED == last.type and entry.actor == last.actor:
            told[-1] = replace(entry, payload=_together(last, entry))
        else:
            told.append(entry)
    return tuple(told)


def _together(first: HistoryEntry, second: HistoryEntry) -> dict[str, JsonValue]:
    summed: dict[str, JsonValue] = {
        name: str(Decimal(str(first.payload.get(name, 0))) + Decimal(str(second.payload.get(name, 0))))
        for name in ("good", "scrap")
    }
    reports = first.payload.get("reports", 1)
    return {**second.payload, **summed, "reports": (reports if isinstance(reports, int) else 1) + 1}
