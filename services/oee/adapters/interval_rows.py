"""Intervals as rows of an answer, from the tables or from a unit's memory, and what stands behind one of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from namespace.contracts.event_log import iso
from namespace.isa95 import EquipmentPath
from namespace.runtime import from_ms
from services.oee.adapters.telling import classified_event_id, interval_event_id
from services.oee.application.results import reason_of
from services.oee.application.units import Unit
from services.oee.domain.evaluation import evaluate
from services.oee.domain.state_log import StateInterval

Meaning = tuple[str, str, str | None, bool]
"""Element, cause in words, reason code, whether it is a minor stop."""
Key = tuple[int, int, str]
"""What rows are ordered by: length or begin, begin, path."""


@dataclass(frozen=True, slots=True)
class Row:
    """An interval of a unit, from the tables or from memory; revision 0 is open."""

    path: str
    start_ms: int
    end_ms: int
    meaning: Meaning
    document: dict[str, Any]

    def key(self, order: str) -> Key:
        """Return what it is ordered by: `newest` or `longest` first."""
        return (self.end_ms - self.start_ms if order == "longest" else self.start_ms), self.start_ms, self.path


def open_log(unit: Unit) -> list[StateInterval]:
    """Return the intervals of a unit that may still change: of the present shift, and what is unpublished before it."""
    if unit.state is None:
        return []
    log = [] if unit.result is None else list(unit.result.evaluation.log)
    begun_ms = log[0].start_ms if log else unit.state.now_ms
    history = unit.state.history
    since_ms = max(unit.emitted_until_ms, history.floor_ms)
    if unit.emitted_until_ms and since_ms < begun_ms:
        before = evaluate(history, unit.profile, unit.calendar, start_ms=since_ms, end_ms=begun_ms, now_ms=begun_ms)
        log = [*before.log, *log]
    return log


def key_of(meaning: Meaning) -> str:
    """The meaning as the statements compare it."""
    element, cause, code, minor_stop = meaning
    return "|".join((element, cause, code or "", str(minor_stop).lower()))


def told_row(record: Any) -> Row:
    """Return a row of the table of intervals."""
    cause = record["reason"].partition(" (")[0]
    meaning = record["element"], cause, record["reason_code"], record["minor_stop"]
    document = _document(record["path"], record["start_ms"], record["end_ms"], meaning)
    document |= {name: record[name] for name in _COPIED} | {"is_open": False}
    return Row(record["path"], record["start_ms"], record["end_ms"], meaning, document)


_COPIED = ("reason", "job_order", "shift", "revision", "source", "stop_reason", "material")


def current_row(path: str, interval: StateInterval) -> Row:
    """Return an interval of a unit's memory."""
    words = reason_of(interval)
    meaning = interval.element.value, words.partition(" (")[0], interval.reason, interval.minor_stop
    document = _document(path, interval.start_ms, interval.end_ms, meaning)
    document |= {
        "reason": words,
        "job_order": interval.job_order,
        "shift": interval.shift,
        "revision": 0,
        "source": interval.source.value,
        "stop_reason": interval.stop_reason,
        "material": interval.material,
        "is_open": True,
    }
    return Row(path, interval.start_ms, interval.end_ms, meaning, document)


def _document(path: str, start_ms: int, end_ms: int, meaning: Meaning) -> dict[str, Any]:
    return {
        "place": path,
        "start": iso(from_ms(start_ms)),
        "end": iso(from_ms(end_ms)),
        "element": meaning[0],
        "reason_code": meaning[2],
        "minor_stop": meaning[3],
    }


def telling(place: EquipmentPath, record: Any) -> dict[str, Any]:
    """The event that told of the time, as long as it then seemed."""
    return {
        "event_id": interval_event_id(place, record["start_ms"], record["end_ms"], record["revision"]),
        "start": iso(from_ms(record["start_ms"])),
        "end": iso(from_ms(record["end_ms"])),
        "revision": record["revision"],
        "reason_code": record["reason_code"],
    }


def said_window(record: Any) -> dict[str, Any]:
    """Return the shift of an interval, as it was last said."""
    return {
        "shift": record["shift"],
        "date": record["shift_date"],
        "start": iso(from_ms(record["start_ms"])),
        "end": iso(from_ms(record["end_ms"])),
        "revision": record["revision"],
        "status": record["status"],
        "event_id": str(record["event_id"]),
    }


def open_window(unit: Unit, at_ms: int) -> dict[str, Any] | None:
    """Return the shift that is not over, where an instant lies in it."""
    result = unit.result
    if result is None or not result.window.start_ms <= at_ms < result.window.end_ms:
        return None
    window = result.window
    return {
        "shift": window.name,
        "date": window.date,
        "start": iso(from_ms(window.start_ms)),
        "end": iso(from_ms(window.end_ms)),
        "revision": 0,
        "status": "open",
        "event_id": None,
    }


def word_document(record: Any) -> dict[str, Any]:
    """Return what a person said, with the event that told of it."""
    document = json.loads(record["document"])
    return {
        "start": iso(from_ms(document["start_ms"])),
        "end": iso(from_ms(document["end_ms"])),
        "reason_code": document["reason"],
        "actor": record["actor"],
        "why": record["why"],
        "said_at": iso(from_ms(record["said_ms"])),
        "command_id": record["id"].partition("|")[0],
        "event_id": classified_event_id(record["id"]),
        "is_taken": record["is_taken"],
    }
