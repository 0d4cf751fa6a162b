"""When an order will be done, from the rate at which it was made so far and the calendar of its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from namespace.isa95 import WorkCalendar
from services.work_order.domain.job_order import JobOrder, running_time, seconds
from services.work_order.domain.state_machine import OVER, State


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of an order.

    Attributes:
        rate_per_s: Units made in a second of running, actual; None before any was made.
        expected_end: When it will have been made at that rate in the shifts of its place, breaks left out; its end where it is over;
            None where nobody can tell.
        lateness: By how much that is later than due, negative where earlier; None without both.
        because: Why there is no expected end.
    """

    rate_per_s: Decimal | None
    expected_end: datetime | None
    lateness: timedelta | None
    because: str | None = None


def forecast(order: JobOrder, now: datetime, calendar: WorkCalendar) -> Forecast:
    """Return what is to be expected of `order` at `now` (business time of its place, UTC).

    Before anything is made the standard times are taken: setup and ideal cycle. An order that runs outside the shifts is expected to
    run on until the next change of the plan.
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
    end = calendar.after(start, left, at_work=order.state is State.RUNNING)
    if end is None:
        return Forecast(rate, None, None, "its place has no shifts to make it in within a year")
    return _with_end(order, rate, end)


def forecast_list(
    active: Iterable[JobOrder],
    queue: Iterable[JobOrder],
    now: datetime,
    calendar: WorkCalendar,
    *,
    concurrent: bool = False,
) -> dict[str, Forecast]:
    """Return what is to be expected of the orders of a work center, by id, each beginning when those before it are done.

    Args:
        active: What runs or is interrupted there.
        queue: What has not begun, in order of dispatch.
        now: Business time of the work center, UTC.
        calendar: When people work there.
        concurrent: Whether several orders may run at once: none waits for another then.
    """
    found = {order.id: forecast(order, now, calendar) for order in active}
    free: datetime | None = now
    unknown = ""
    for order_id, expected in found.items():
        free, unknown = _later(free, unknown, order_id, expected)
    for order in queue:
        if concurrent:
            expected = forecast(order, now, calendar)
        elif order.hold is not None:
            found[order.id] = Forecast(None, None, None, "it is on hold")
            continue
        elif free is None:
            found[order.id] = Forecast(None, None, None, f"nobody can tell when {unknown} will be done")
            continue
        else:
            expected = forecast(order, free, calendar)
        found[order.id] = expected
        free, unknown = _later(free, unknown, order.id, expected)
    return found


def _later(free: datetime | None, unknown: str, order_id: str, expected: Forecast) -> tuple[datetime | None, str]:
    """Return from when on the work center is free after one more order, or which order nobody can tell it of."""
    if free is None or expected.expected_end is None:
        return None, unknown or order_id
    return max(free, expected.expected_end), unknown


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
