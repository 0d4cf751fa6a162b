"""The order in which a work center takes its job orders (ISA-95 job list).

Orders with a rank, the explicit sequence that somebody set, come first and keep it whatever their priorities become; all others follow by
rule: higher priority, earlier planned start, stored earlier. An order that runs is on no list and is never moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

from namespace.isa95 import EquipmentPath
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.state_machine import NOT_BEGUN, State

_NO_PLAN = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Listed:
    """A job order and its place in the order of storing."""

    order: JobOrder
    stored_seq: int


@dataclass(frozen=True, slots=True)
class WorkCenterBoard:
    """What a work center has in hand.

    Attributes:
        active: The running order that began first, else the interrupted one, else None.
        running: How many run.
        queue: What comes next, in order of dispatch.
        queue_length: How many have not begun; may be more than `queue` shows.
    """

    active: JobOrder | None
    running: int
    queue: tuple[JobOrder, ...]
    queue_length: int


def dispatch_key(listed: Listed) -> tuple[float, int, datetime, int]:
    """Return the sort key: rank, then higher priority, earlier planned start, stored earlier."""
    definition, rank = listed.order.definition, listed.order.rank
    return (
        inf if rank is None else rank,
        -definition.priority,
        definition.planned_start or _NO_PLAN,
        listed.stored_seq,
    )


def refuse_sequence(wanted: Sequence[str], queued: Collection[str], place: EquipmentPath) -> Refusal | None:
    """Return why `wanted` cannot be the explicit sequence of a work center; None where it can.

    Args:
        wanted: Ids of job orders, first first.
        queued: Those of the work center that have not begun.
        place: The work center.
    """
    if len(set(wanted)) < len(wanted):
        return Refusal(Code.INVALID_ARGUMENTS, f"a job order stands twice in the sequence of {place}")
    if strange := [order_id for order_id in wanted if order_id not in queued]:
        message = (
            f"{', '.join(strange[:5])}: not waiting at {place}; only orders that have not begun there can be "
            "sequenced, and one that runs is never moved"
        )
        return Refusal(Code.WRONG_STATE, message)
    return None


def listing(order: JobOrder) -> tuple[object, ...] | None:
    """Return what the job list says of an order, to see whether it changed; None where the order is on it no more."""
    if order.removed or not (order.state in NOT_BEGUN or order.is_active):
        return None
    asked = order.definition
    return (
        order.state,
        order.sub_state,
        order.hold,
        order.rank,
        asked.priority,
        asked.planned_start,
        asked.due,
        asked.ordered,
    )


def board(listed: Iterable[Listed], *, show: int = 20) -> WorkCenterBoard:
    """Return what a work center has in hand from all its job orders.

    Args:
        listed: Its job orders.
        show: How many of the queue to name.
    """
    on_list = [entry for entry in listed if entry.order.removed is None]
    queued = sorted((entry for entry in on_list if entry.order.state in NOT_BEGUN), key=dispatch_key)
    active = sorted((entry.order for entry in on_list if entry.order.is_active), key=_active_key)
    running = sum(1 for order in active if order.state is State.RUNNING)
    return WorkCenterBoard(
        active[0] if active else None, running, tuple(entry.order for entry in queued[:show]), len(queued)
    )


def _active_key(order: JobOrder) -> tuple[bool, datetime, str]:
    return (order.state is not State.RUNNING, order.begun_at or _NO_PLAN, order.id)
