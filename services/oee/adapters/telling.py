"""Says what is said about windows and intervals: into the tables and, as events, into the service's log, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from namespace.contracts.event_log import NewEvent
from namespace.contracts.oee import CONTRACT
from namespace.isa95 import EquipmentPath
from namespace.runtime import from_ms
from namespace.store import Transaction
from services.oee.adapters import postgres
from services.oee.application.results import interval_payload, window_payload
from services.oee.application.units import Unit
from services.oee.domain.history import MARGIN_MS, History
from services.oee.domain.restatement import restate
from services.oee.domain.sample import Sample
from services.oee.domain.state_log import StateInterval
from services.oee.domain.unit import Output, TooLate, WindowFinal, WindowResult

_IDS = UUID("5a0f4b0e-3d2f-5c86-9b57-0d0d7e7c6a11")
_SCHEMAS = {event.type: event.schema for event in CONTRACT.events}


def new_event(
    kind: str, path: EquipmentPath, key: str, at_ms: int, payload: dict[str, object], *, job_order: str | None = None
) -> NewEvent:
    """Return an event of a unit whose id follows from `key`, so that saying it twice is saying it once."""
    return NewEvent(
        event_id=uuid5(_IDS, key),
        type=kind,
        schema=_SCHEMAS[kind],
        occurred_at=from_ms(at_ms),
        scope=str(path),
        subject=str(path),
        payload=payload,
        job_order=job_order,
    )


def interval_event(path: EquipmentPath, interval: StateInterval, revision: int = 1) -> NewEvent:
    """Return the event that tells of an interval."""
    key = _interval_key(path, interval.start_ms, interval.end_ms, revision)
    payload = interval_payload(interval, revision).model_dump(mode="json")
    return new_event("StateIntervalClosed", path, key, interval.end_ms, payload, job_order=interval.job_order)


def interval_event_id(path: EquipmentPath, start_ms: int, end_ms: int, revision: int) -> str:
    """Return the id of the event that told of an interval."""
    return str(uuid5(_IDS, _interval_key(path, start_ms, end_ms, revision)))


def classified_event_id(word: str) -> str:
    """Return the id of the event that told of a person's word, by the word's key."""
    return str(uuid5(_IDS, word))


def _interval_key(path: EquipmentPath, start_ms: int, end_ms: int, revision: int) -> str:
    return f"{path}|interval|{start_ms}|{end_ms}" + (f"|{revision}" if revision > 1 else "")


async def retell(tx: Transaction, path: EquipmentPath, log: Sequence[StateInterval]) -> list[NewEvent]:
    """Make what was told of a stretch of time what `log` says, and return the events of what is new in it."""
    new = await postgres.restate_intervals(tx, path, log)
    return [interval_event(path, interval, revision) for interval, revision in new]


async def say(tx: Transaction, unit: Unit, output: Output) -> list[NewEvent]:
    """Write down what is said about a window and return the events that say it; late samples are for `restate_final`."""
    if isinstance(output, TooLate):
        return []
    return await _say(tx, unit, output.result, output.history if isinstance(output, WindowFinal) else None)


async def restate_final(
    tx: Transaction, unit: Unit, samples: Sequence[Sample], during_ms: tuple[int, int], why: str = ""
) -> tuple[list[NewEvent], list[WindowResult]]:
    """Judge the final windows of a stretch of time again.

    Args:
        tx: Of the units' step.
        unit: Whose windows.
        samples: What has come since they became final.
        during_ms: Windows that overlap this time.
        why: The reason, in words; empty where the samples are the reason.

    Returns:
        Events, and the restated results, in order of time.
    """
    events: list[NewEvent] = []
    restated: list[WindowResult] = []
    for item in await postgres.archived(tx, unit, *during_ms):
        after, result = restate(item, samples, unit.profile, unit.calendar, why=why)
        if result is not None:
            events += await _say(tx, unit, result, after.history)
            restated.append(result)
        elif after.history != item.history:
            await postgres.keep_samples(tx, unit.path, after)
        elif samples and item.window.start_ms - MARGIN_MS > max(sample.at_ms for sample in samples):
            break  # a later sample of each kind was known there, so it is everywhere behind it
    return events, restated


async def restate_by(
    tx: Transaction, unit: Unit, samples: Sequence[Sample]
) -> tuple[list[NewEvent], list[WindowResult]]:
    """Judge the final windows again that late samples concern."""
    since_ms = min(sample.at_ms for sample in samples) - MARGIN_MS
    final_until_ms = unit.state.final_until_ms if unit.state else None
    return await restate_final(tx, unit, samples, (since_ms, final_until_ms or 0))


async def _say(tx: Transaction, unit: Unit, result: WindowResult, history: History | None) -> list[NewEvent]:
    before = await postgres.window_event(tx, unit.path, result.window.start_ms)
    payload = window_payload(result, None if before is None else str(before), unit.profile)
    key = f"{unit.path}|window|{result.window.start_ms}|{payload.revision}|{payload.status}"
    event = new_event("KpiWindowClosed", unit.path, key, result.window.end_ms, payload.model_dump(mode="json"))
    if event.event_id == before:
        return []  # said in a transaction of whose end we did not learn
    await postgres.save_window(tx, result, unit.path, event.event_id, payload=payload, history=history)
    return [*await retell(tx, unit.path, result.evaluation.log), event]
