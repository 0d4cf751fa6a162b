"""How a work request went through its operations: what came of it, how long it took, where it waited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from services.work_order.domain.job_order import ZERO, JobOrder, Removal
from services.work_order.domain.state_machine import OVER


@dataclass(frozen=True, slots=True)
class OperationFlow:
    """One operation of a work request, all its job orders together.

    Attributes:
        operation: The operation; None for job orders of none.
        job_orders: How many, cancelled ones left out.
        good: Good quantity, what was reworked well included.
        scrap: Scrap quantity.
        begun_at: When the first began, UTC; None before.
        ended_at: When the last ended, UTC; None before.
        queue: How long it waited after all its predecessors had ended; zero where it began before; None without predecessors.
    """

    operation: str | None
    job_orders: int
    good: Decimal
    scrap: Decimal
    begun_at: datetime | None
    ended_at: datetime | None
    queue: timedelta | None


@dataclass(frozen=True, slots=True)
class Flow:
    """A work request from its first beginning to its last end.

    Attributes:
        operations: In the order in which their job orders were stored.
        good: Good quantity of the last operations: those that none follows.
        scrap: Scrap quantity of all.
        begun_at: When work began, UTC; None before.
        ended_at: When all of it had ended, UTC; None before.
    """

    operations: tuple[OperationFlow, ...]
    good: Decimal
    scrap: Decimal
    begun_at: datetime | None
    ended_at: datetime | None

    @property
    def lead_time(self) -> timedelta | None:
        """From the first beginning to the last end; None before that."""
        return self.ended_at - self.begun_at if self.begun_at and self.ended_at else None


def flow_of(orders: Iterable[JobOrder]) -> Flow:
    """Return how a work request went, from all its job orders in the order of storing."""
    by_operation: dict[str | None, list[JobOrder]] = {}
    for order in orders:
        if order.removed is not Removal.CANCELLED:
            by_operation.setdefault(order.definition.operation, []).append(order)
    flows = {operation: _operation(operation, together) for operation, together in by_operation.items()}
    followed = {
        rule.operation
        for together in by_operation.values()
        for order in together
        for rule in order.definition.predecessors
    }
    done = tuple(_with_queue(flow, by_operation[operation], flows) for operation, flow in flows.items())
    last = [flow for flow in done if flow.operation not in followed]
    return Flow(
        done,
        sum((flow.good for flow in last), ZERO),
        sum((flow.scrap for flow in done), ZERO),
        min((flow.begun_at for flow in done if flow.begun_at), default=None),
        _last_end([flow.ended_at for flow in done]),
    )


def _operation(operation: str | None, orders: Sequence[JobOrder]) -> OperationFlow:
    return OperationFlow(
        operation,
        len(orders),
        sum((order.good for order in orders), ZERO),
        sum((order.scrap for order in orders), ZERO),
        min((order.begun_at for order in orders if order.begun_at), default=None),
        _last_end([order.ended_at if order.state in OVER else None for order in orders]),
        None,
    )


def _with_queue(
    flow: OperationFlow, orders: Sequence[JobOrder], flows: dict[str | None, OperationFlow]
) -> OperationFlow:
    before = {rule.operation for order in orders for rule in order.definition.predecessors}
    ends = [flows[operation].ended_at for operation in before if operation in flows]
    ready = _last_end(ends)
    if ready is None or flow.begun_at is None:
        return flow
    queue = max(flow.begun_at - ready, timedelta(0))
    return OperationFlow(flow.operation, flow.job_orders, flow.good, flow.scrap, flow.begun_at, flow.ended_at, queue)


def _last_end(ends: Sequence[datetime | None]) -> datetime | None:
    """Return the last of the ends; None where there is none, or one is still to come."""
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None
