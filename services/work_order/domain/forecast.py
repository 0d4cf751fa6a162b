"""When an order will be done, from the rate at which it was made so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.work_order.domain.job_order import JobOrder, running_time, seconds
from services.work_order.domain.state_machine import OVER, State


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of an order.

    Attributes:
        rate_per_s: Units made in a second of running, actual; None before any was made.
        expected_end: When it will have been made at that rate if it runs on; its end where it is over; None where nobody can tell.
        lateness: By how much that is later than due, negative where earlier; None without both.
        because: Why there is no expected end.
    """

    rate_per_s: Decimal | None
    expected_end: datetime | None
    lateness: timedelta | None
    because: str | None = None


def forecast(order: JobOrder, now: datetime) -> Forecast:
    """Return what is to be expected of `order` at `now` (business time of its place, UTC).

    Before anything is made the standard times are taken: setup and ideal cycle.
    """
    if order.state in OVER:
        return _with_end(order, _rate(order, now), order.ended_at)
    if order.definition.ordered is None:
        return Forecast(_rate(order, now), None, None, "nothing is ordered")
    rate = _rate(order, now)
    left = _time_left(order, rate, now)
    if left is None:
        return Forecast(None, None, None, "nothing is made yet, and there is no ideal cycle")
    start = now
    planned = order.definition.planned_start
    if order.begun_at is None and planned is not None:
        start = max(now, planned)
    return _with_end(order, rate, start + left)


def _with_end(order: JobOrder, rate: Decimal | None, end: datetime | None) -> Forecast:
    due = order.definition.due or order.definition.planned_end
    return Forecast(rate, end, end - due if end and due else None)


def _rate(order: JobOrder, now: datetime) -> Decimal | None:
    ran = running_time(order)
    if order.state is State.RUNNING:
        ran += max(now - order.runs[-1].start, timedelta(0))
    return order.made / seconds(ran) if ran and order.made > 0 else None


def _time_left(order: JobOrder, rate: Decimal | None, now: datetime) -> timedelta | None:
    if rate is not None:
        return timedelta(seconds=float(order.remaining / rate))
    asked = order.definition
    if asked.ideal_cycle_s is None:
        return None
    setup_s = asked.setup_s or Decimal(0)
    if order.begun_at is not None:
        setup_s = max(setup_s - seconds(max(now - order.begun_at, timedelta(0))), Decimal(0))
    return timedelta(seconds=float(setup_s + order.remaining * asked.ideal_cycle_s))
