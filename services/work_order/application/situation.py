"""Gathering what there is around a job order that is to run or be worked on, for the domain to judge."""

from __future__ import annotations

from collections.abc import Sequence

from services.work_order.domain import work_master
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.labor import RequiredPersonnel
from services.work_order.domain.readiness import Situation, find_obstacle
from services.work_order.domain.refusal import Refusal
from services.work_order.domain.work_master import Operation
from services.work_order.ports import Shop, WorkOrders


async def find_obstacle_of(work_orders: WorkOrders, order: JobOrder, lots: Sequence[str] = ()) -> Refusal | None:
    """Return what keeps `order` from running, if anything does.

    Args:
        work_orders: Tables of the transaction.
        order: The job order.
        lots: The material lots that will be used, as far as the caller names them.
    """
    asked = order.definition
    before = [rule.operation for rule in asked.predecessors] if order.begun_at is None else []
    situation = Situation(
        unavailable=await work_orders.around.unavailable(order.place),
        before=await work_orders.around.of_operations(asked.work_request or "", before) if before else {},
        holds=await work_orders.around.holds_on([order.id, *lots, *await _materials(work_orders, order)]),
    )
    return find_obstacle(order, situation)


async def find_required_personnel(work_orders: WorkOrders, shop: Shop, order: JobOrder) -> RequiredPersonnel | None:
    """Return the personnel class that the order's operation needs, with who belongs to it; None where it needs none."""
    operation = await _operation(work_orders, order)
    if operation is None or operation.personnel_class is None:
        return None
    return RequiredPersonnel(operation.personnel_class, shop.persons_of(operation.personnel_class))


async def refuse_work_center(work_orders: WorkOrders, shop: Shop, order: JobOrder) -> Refusal | None:
    """Return why the order's operation cannot be done at its work center; None where it can."""
    operation = await _operation(work_orders, order)
    if operation is None or operation.equipment_class is None:
        return None
    return work_master.refuse_work_center(operation, order.place, shop.work_centers_of(operation.equipment_class))


async def _materials(work_orders: WorkOrders, order: JobOrder) -> tuple[str, ...]:
    operation = await _operation(work_orders, order)
    return operation.consumes if operation else ()


async def _operation(work_orders: WorkOrders, order: JobOrder) -> Operation | None:
    """Return the order's operation, by the version of the work master that the order keeps."""
    asked = order.definition
    if asked.work_master is None or asked.work_master_version is None or asked.operation is None:
        return None
    master = await work_orders.masters.version(asked.work_master, asked.work_master_version)
    return master.operation(asked.operation) if master else None
