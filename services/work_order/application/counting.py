"""Applying the samples of a work center's output counters to its job orders.

Positions and quantities are written together, so applying the same samples twice changes nothing, and what is
lost with a crash is made up by the next sample: the counters accumulate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, groupby

from namespace.isa95 import EquipmentPath
from services.work_order.application.answering import save
from services.work_order.domain import quantities
from services.work_order.domain.counters import Counter, advance, attribute
from services.work_order.domain.job_order import JobOrder
from services.work_order.ports import CounterSample, Origin, Shop, StoredPosition, WorkCenterRules, WorkOrders


@dataclass(frozen=True, slots=True)
class _Made:
    """Units between two instants: processed in all, and defective among them."""

    since: datetime
    at: datetime
    processed: int
    defective: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What applying samples did.

    Attributes:
        changed: Whether any job order changed.
        full_at: When an order had its quantity and ended; later samples are not applied yet, so that the next order may begin first.
    """

    changed: bool
    full_at: datetime | None = None


async def count_units(
    work_orders: WorkOrders, shop: Shop, place: EquipmentPath, samples: Sequence[CounterSample]
) -> Counted:
    """Apply samples of one work center, up to the first that ends a job order.

    Args:
        work_orders: Tables and outbox of the transaction.
        shop: The shop floor.
        place: The work center.
        samples: Oldest first; those already applied are skipped.
    """
    rules = shop.rules(place)
    stored = await work_orders.positions(place)
    moved = dict(stored)
    made = _made(samples, moved, rules)
    counted = Counted(changed=False)
    if first := next(made, None):
        tally = _Tally(work_orders, place, rules, await work_orders.counted_orders(place, first.since))
        for units in chain([first], made):
            await tally.add(units)
            if tally.full_at is not None:
                break
        counted = Counted(await tally.write(), tally.full_at)
        moved = tally.with_unattributed(moved)
    if moved != stored:
        await work_orders.put_positions(place, moved)
    return counted


def _made(
    samples: Iterable[CounterSample], positions: dict[Counter, StoredPosition], rules: WorkCenterRules
) -> Iterator[_Made]:
    """Move `positions` by `samples` and yield what was made, one entry for each source time."""
    for at, group in groupby(samples, key=lambda sample: sample.position.at):
        units = dict.fromkeys(Counter, 0)
        since = at
        for sample in group:
            if sample.counter not in rules.counters:
                continue
            before = positions.get(sample.counter)
            step = advance(
                before.position if before else None,
                sample.position,
                rules.counters[sample.counter],
                birth=sample.birth,
            )
            units[sample.counter] += step.units
            if before and step.units:
                since = min(since, before.position.at)
            positions[sample.counter] = StoredPosition(step.position, before.unattributed if before else 0)
        if any(units.values()):
            yield _Made(since, at, units[Counter.PROCESSED], units[Counter.DEFECTIVE])


class _Tally:
    """Gathers what was made per job order, so that an order gets one event for many samples."""

    def __init__(
        self, work_orders: WorkOrders, place: EquipmentPath, rules: WorkCenterRules, orders: Iterable[JobOrder]
    ) -> None:
        self._work_orders = work_orders
        self._place = place
        self._rules = rules
        self._orders = {order.id: order for order in orders}
        self._open: dict[str, _Made] = {}
        self._unattributed = dict.fromkeys(Counter, 0)
        self._changed = False
        self.full_at: datetime | None = None

    async def add(self, made: _Made) -> None:
        owner = attribute(tuple(self._orders.values()), made.at)
        if owner is None:
            self._unattributed[Counter.PROCESSED] += made.processed
            self._unattributed[Counter.DEFECTIVE] += made.defective
            return
        for other in [order_id for order_id in self._open if order_id != owner.id]:
            await self._close(other)
        so_far = self._open.get(owner.id)
        if so_far is not None:
            made = _Made(so_far.since, made.at, so_far.processed + made.processed, so_far.defective + made.defective)
        self._open[owner.id] = made
        if quantities.completes_at_target(owner, site_rule=self._rules.completes) and self._reaches(owner, made):
            await self._close(owner.id)

    async def write(self) -> bool:
        for order_id in list(self._open):
            await self._close(order_id)
        return self._changed

    def with_unattributed(self, positions: dict[Counter, StoredPosition]) -> dict[Counter, StoredPosition]:
        return {
            counter: replace(stored, unattributed=stored.unattributed + self._unattributed[counter])
            for counter, stored in positions.items()
        }

    def _reaches(self, order: JobOrder, made: _Made) -> bool:
        ordered = order.definition.ordered
        return ordered is not None and order.good + made.processed - made.defective >= ordered.value

    async def _close(self, order_id: str) -> None:
        made = self._open.pop(order_id)
        order = self._orders[order_id]
        decision = quantities.count(
            order,
            made.at,
            good=made.processed - made.defective,
            scrap=made.defective,
            counted_since=made.since,
            completes=quantities.completes_at_target(order, site_rule=self._rules.completes),
        )
        if decision is None:
            return
        await save(self._work_orders, order, decision, Origin())
        self._orders[order_id] = decision.order
        self._changed = True
        if order.ended_at is None and decision.order.ended_at is not None:
            self.full_at = made.at
