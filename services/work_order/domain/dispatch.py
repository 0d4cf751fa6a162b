"""The order in which a work center takes its job orders (ISA-95 job list)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.work_order.domain.job_order import JobOrder
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


def dispatch_key(listed: Listed) -> tuple[int, datetime, int]:
    """Return the sort key: higher priority, earlier planned start, stored earlier."""
    definition = listed.order.definition
    return (-definition.priority, definition.planned_start or _NO_PLAN, listed.stored_seq)


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
