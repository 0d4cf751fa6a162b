"""A work unit in a plain calendar, for tests that tell a story in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from fractions import Fraction
from zoneinfo import ZoneInfo

from namespace.isa95 import ShiftPattern, WorkCalendar
from services.oee.domain.evaluation import Evaluation, evaluate
from services.oee.domain.history import History
from services.oee.domain.profile import UnitProfile
from services.oee.domain.sample import Channel, CounterName, JobMark, Reading, Sample, Signal

MIDNIGHT_MS = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1000
HOUR_S = 3600

CALENDAR = WorkCalendar(
    "shifts",
    ZoneInfo("UTC"),
    (ShiftPattern("Early", time(6), time(14)), ShiftPattern("Late", time(14), time(22))),
)


def ms(seconds: float) -> int:
    """Seconds after midnight of the day as ms since the epoch."""
    return MIDNIGHT_MS + round(seconds * 1000)


def signal(seconds: float, channel: Channel, value: int | None) -> Signal:
    return Signal(ms(seconds), channel, value)


def state(seconds: float, value: int | None) -> Signal:
    return signal(seconds, Channel.STATE, value)


def processed(seconds: float, value: int, *, baseline: bool = False) -> Reading:
    return Reading(ms(seconds), CounterName.PROCESSED, value, baseline)


def defective(seconds: float, value: int) -> Reading:
    return Reading(ms(seconds), CounterName.DEFECTIVE, value)


def job(
    seconds: float, job_order: str, *, running: bool = True, cycle_s: float | None = None, setup: bool = False
) -> JobMark:
    ideal = None if cycle_s is None else Fraction(cycle_s) * 1000
    return JobMark(ms(seconds), job_order, running, setup, None, ideal)


def judged(profile: UnitProfile, samples: Iterable[Sample], start_s: float, end_s: float) -> Evaluation:
    """What the samples say about a stretch of the day."""
    history = History.empty(ms(start_s), profile)
    for sample in samples:
        history = history.with_sample(sample)
    return evaluate(history, profile, CALENDAR, start_ms=ms(start_s), end_ms=ms(end_s), now_ms=ms(end_s))
