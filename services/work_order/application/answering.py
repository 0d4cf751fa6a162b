"""Writing what was decided of a job order, and answering its work request when that was the last of its job orders."""

from __future__ import annotations

from services.work_order.domain.facts import Cancelled, Decision, Responded
from services.work_order.domain.flow import flow_of
from services.work_order.domain.job_order import JobOrder, Removal
from services.work_order.domain.state_machine import OVER
from services.work_order.ports import Origin, WorkOrders


async def save(work_orders: WorkOrders, before: JobOrder, decision: Decision, origin: Origin) -> None:
    """Write what changed since `before`; where the work request has no more to wait for, its response too.

    The work request is locked first, so that of two last job orders the later sees the other. A job response that is restated restates
    the work response.
    """
    await work_orders.save(before, decision, origin)
    request_id = decision.order.definition.work_request
    if request_id is None or not any(isinstance(fact, Responded | Cancelled) for fact in decision.facts):
        return
    request = await work_orders.work_request(request_id)
    if request is None:
        return
    orders = await work_orders.around.of_request(request_id)
    wanted = [order for order in orders if order.removed is not Removal.CANCELLED]
    if wanted and all(order.state in OVER for order in wanted):
        await work_orders.put_work_response(request, flow_of(wanted), decision.at, origin)
