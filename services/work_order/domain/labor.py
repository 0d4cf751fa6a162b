"""Persons clock on to job orders and off; the end of an order clocks everybody off (`decisions`).

Who may clock on is asked where the site says so: a person who is clocked on already stays so, whatever the site says later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.work_order.domain.decisions import describe
from services.work_order.domain.facts import Decision, LaborReported
from services.work_order.domain.job_order import JobOrder, Labor
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import ACTIVE, State

_MAY_CLOCK_ON = (State.ALLOWED_TO_START, *ACTIVE)


@dataclass(frozen=True, slots=True)
class RequiredPersonnel:
    """The personnel class that an operation needs.

    Attributes:
        personnel_class: Its id.
        persons: Who belongs to it by the site file; None where that does not list it, so that nobody is checked.
    """

    personnel_class: str
    persons: frozenset[str] | None


def clock_on(
    order: JobOrder, person: str, at: datetime, required: RequiredPersonnel | None = None
) -> Decision | Refusal:
    """Let `person` begin to work on the order: released for preparation, running or interrupted.

    Args:
        order: The job order.
        person: The person's id.
        at: When, UTC.
        required: The personnel class of its operation (ISA-95 part 2), if it names one.
    """
    if order.removed or order.state not in _MAY_CLOCK_ON:
        needed = ", ".join(_MAY_CLOCK_ON)
        return Refusal(Code.WRONG_STATE, f"job order {order.id} is {describe(order)}: ClockOn needs one of {needed}")
    if any(entry.person == person for entry in order.open_labor):
        return Refusal(Code.ALREADY_CLOCKED_ON, f"{person} is clocked on to job order {order.id} already")
    if required and required.persons is not None and person not in required.persons:
        return _not_in_class(order, person, required.personnel_class)
    labor = (*order.labor, Labor(person, at))
    after = replace(order, version=order.version + 1, labor=labor)
    return Decision(after, (LaborReported(person, None),), at)


def _not_in_class(order: JobOrder, person: str, personnel_class: str) -> Refusal:
    message = (
        f"operation {order.definition.operation} of job order {order.id} needs personnel class {personnel_class}, and "
        f"{person} does not belong to it: let somebody else clock on, or add {person} to its persons in the site file"
    )
    return Refusal(Code.WRONG_PERSONNEL, message)


def clock_off(order: JobOrder, person: str, at: datetime) -> Decision | Refusal:
    """Let `person` stop working on the order."""
    on = next((entry for entry in order.open_labor if entry.person == person), None)
    if on is None:
        return Refusal(Code.NOT_CLOCKED_ON, f"{person} is not clocked on to job order {order.id} ({describe(order)})")
    if at < on.start:
        message = f"ClockOff of {person} at {at.isoformat()} lies before the clock-on at {on.start.isoformat()}"
        return Refusal(Code.TIME_ORDER, message)
    labor = tuple(Labor(person, on.start, at) if entry is on else entry for entry in order.labor)
    after = replace(order, version=order.version + 1, labor=labor)
    return Decision(after, (LaborReported(person, at - on.start),), at)
