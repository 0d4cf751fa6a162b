"""Job orders in every state, made the way they are made in life: by decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from namespace.isa95 import EquipmentPath, Quantity, WorkCalendar
from services.work_order.domain import decisions, definitions
from services.work_order.domain.definition import Definition, QuantitySource
from services.work_order.domain.facts import Decision
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Refusal
from services.work_order.domain.state_machine import Method, State

LINE = EquipmentPath.parse("Acme/Dallas/Packaging/Line1")
OTHER_LINE = EquipmentPath.parse("Acme/Dallas/Packaging/Line2")
EARLY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ROUND_THE_CLOCK = WorkCalendar("round the clock", ZoneInfo("Etc/UTC"))


def at(minutes: float) -> datetime:
    """Return the instant `minutes` after the beginning of the story."""
    return EARLY + timedelta(minutes=minutes)


def definition(
    ordered: str | None = "100", source: QuantitySource = QuantitySource.OPERATOR, priority: int = 0
) -> Definition:
    quantity = None if ordered is None else Quantity(Decimal(ordered), "H87")
    return Definition(place=LINE, work_master="Bottle-500", ordered=quantity, quantity_source=source, priority=priority)


def decided(outcome: Decision | Refusal | None) -> JobOrder:
    """Return the order of an accepted decision."""
    assert isinstance(outcome, Decision), outcome
    return outcome.order


def refused(outcome: Decision | Refusal | None) -> Refusal:
    """Return the refusal of one that was not accepted."""
    assert isinstance(outcome, Refusal), outcome
    return outcome


def order_in(state: State, *, order_id: str = "JO-1", of: Definition | None = None) -> JobOrder:
    """Return a job order that has come to `state`."""
    order = decided(definitions.store(order_id, of or definition(), at(0)))
    if state is State.NOT_ALLOWED_TO_START:
        return order
    order = decided(decisions.start(order, at(1)))
    if state is State.ALLOWED_TO_START:
        return order
    if state is State.ABORTED:
        return decided(decisions.abort(order, at(1)))
    order = decided(decisions.begin(order, at(2)))
    if state is State.RUNNING:
        return order
    if state is State.INTERRUPTED:
        return decided(decisions.pause(order, at(3)))
    return decided(decisions.stop(order, at(3)))


def apply(method: Method, order: JobOrder, when: datetime) -> Decision | Refusal:
    """Ask `method` of `order`."""
    match method:
        case Method.UPDATE:
            return definitions.update(order, {"priority": order.definition.priority + 1}, when)
        case Method.STORE | Method.STORE_AND_START:
            return definitions.store("JO-2", definition(), when, method=method)
        case Method.CLEAR:
            return decisions.clear(order, when)
        case _:
            chosen = {
                Method.START: decisions.start,
                Method.REVOKE_START: decisions.revoke_start,
                Method.PAUSE: decisions.pause,
                Method.RESUME: decisions.resume,
                Method.STOP: decisions.stop,
                Method.ABORT: decisions.abort,
                Method.CANCEL: decisions.cancel,
                Method.BEGIN: decisions.begin,
                Method.COMPLETE: decisions.complete,
            }[method]
            return chosen(order, when)
