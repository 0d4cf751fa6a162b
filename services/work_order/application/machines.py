"""What machines say, in order of source time: counts go to the job orders that were made, states begin and complete others.

The state last said is kept, so that a machine that goes on executing after one order is complete begins the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from namespace.isa95 import EquipmentPath
from services.work_order.application.answering import save
from services.work_order.application.counting import count_units
from services.work_order.application.situation import find_obstacle_of
from services.work_order.domain import decisions
from services.work_order.domain.facts import Decision
from services.work_order.domain.machine import MachineState
from services.work_order.ports import CounterSample, Origin, Sample, Shop, StateSample, WorkOrders


async def take_in(work_orders: WorkOrders, shop: Shop, place: EquipmentPath, samples: Sequence[Sample]) -> bool:
    """Apply samples of one work center and return whether any job order changed.

    Args:
        work_orders: Tables and outbox of the transaction.
        shop: The shop floor.
        place: The work center.
        samples: Oldest first; those already applied are skipped.
    """
    if not await work_orders.is_driven(place):
        return await _count_alone(work_orders, shop, place, samples)
    changed = False
    counts: list[CounterSample] = []
    for sample in samples:
        if isinstance(sample, CounterSample):
            counts.append(sample)
            continue
        changed |= bool(counts) and await _count(work_orders, shop, place, counts)
        counts = []
        changed |= await _state(work_orders, place, sample)
    changed |= bool(counts) and await _count(work_orders, shop, place, counts)
    if samples:
        last = samples[-1]
        at = last.position.at if isinstance(last, CounterSample) else last.at
        changed |= await _begin_next(work_orders, place, at)
    return changed


async def _count_alone(work_orders: WorkOrders, shop: Shop, place: EquipmentPath, samples: Sequence[Sample]) -> bool:
    """Apply samples where states change nothing but what is known of the machine: the counts of hours at once."""
    counts = [sample for sample in samples if isinstance(sample, CounterSample)]
    states = [sample for sample in samples if isinstance(sample, StateSample)]
    changed = bool(counts) and await _count(work_orders, shop, place, counts)
    if states:
        known = await work_orders.machine_state(place)
        if known is None or known.at <= states[-1].at:
            await work_orders.put_machine_state(place, states[-1])
    return changed


async def _count(work_orders: WorkOrders, shop: Shop, place: EquipmentPath, counts: Sequence[CounterSample]) -> bool:
    changed = False
    while True:
        counted = await count_units(work_orders, shop, place, counts)
        changed |= counted.changed
        if counted.full_at is None:
            return changed
        await _begin_next(work_orders, place, counted.full_at)


async def _state(work_orders: WorkOrders, place: EquipmentPath, sample: StateSample) -> bool:
    known = await work_orders.machine_state(place)
    if known is not None and (known.at > sample.at or known == sample):
        return False
    await work_orders.put_machine_state(place, sample)
    if sample.state is MachineState.EXECUTES:
        return await _begin_next(work_orders, place, sample.at)
    if sample.state is not MachineState.COMPLETE:
        return False
    order = await work_orders.running_by_machine(place)
    if order is None or (order.last_execution_at is not None and order.last_execution_at > sample.at):
        return False
    outcome = decisions.complete(order, sample.at, reason="the machine is complete")
    if not isinstance(outcome, Decision):
        return False
    await save(work_orders, order, outcome, Origin())
    return True


async def _begin_next(work_orders: WorkOrders, place: EquipmentPath, at: datetime) -> bool:
    """Begin the first order of the job list, where the machine executes, nothing runs, and the order leaves it to the machine.

    What cannot run now is not overtaken: the sequence is the planner's.
    """
    order = await work_orders.next_by_machine(place)
    if order is None:
        return False
    last_end = await work_orders.last_end(place)
    if (last_end is not None and at < last_end) or at < order.stored_at:
        return False
    if await find_obstacle_of(work_orders, order) is not None:
        return False
    outcome = decisions.begin(order, at, reason="the machine executes")
    if not isinstance(outcome, Decision):
        return False
    await save(work_orders, order, outcome, Origin())
    return True
