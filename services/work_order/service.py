"""What the work order service is made of: commands on job orders, counts of machines, the board of each work center."""

from __future__ import annotations

from collections.abc import Sequence

from namespace.contracts.work_order import CONTRACT
from namespace.isa95 import EquipmentPath
from namespace.runtime import Context, MachineBacklog, MachineNews, MachineSample, Parts, Service
from services.work_order.adapters.board_reading import BoardReading
from services.work_order.adapters.boards import Boards
from services.work_order.adapters.counter_feed import CounterFeed
from services.work_order.adapters.desk import Desk
from services.work_order.adapters.machine_times import MachineTimes
from services.work_order.adapters.reading import Reading
from services.work_order.adapters.restrictions import PRODUCERS, apply_restriction
from services.work_order.adapters.shop import SiteShop, counters_of, machines_of
from services.work_order.ports import Sample


def compose(context: Context) -> Parts:
    """Put the service together."""
    site = context.site

    async def apply(place: EquipmentPath, samples: Sequence[Sample]) -> bool:
        changed = await desk.count(context.database, place, samples)
        if changed:
            context.mark([place])
        return changed is not None

    async def observe(news: Sequence[MachineNews]) -> None:
        for item in news:
            match item:
                case MachineSample(place=unit, metric=metric, value=value, source_time=at):
                    feed.observe(unit, metric, value, at, birth=item.is_birth, historical=item.is_historical)
                case MachineBacklog(place=unit, waiting=waiting):
                    feed.expect_history(unit, waiting)
                case _:
                    pass

    async def refresh(places: frozenset[EquipmentPath]) -> None:
        await boards.refresh(places & work_centers)  # an order may outlive its work center in the site file

    async def start() -> None:
        context.mark(work_centers)

    work_centers = frozenset(equipment.path for equipment in site.equipment.work_centers())
    counters, machines = counters_of(site), machines_of(site)
    feed = CounterFeed(counters, apply, machines=machines)
    shop = SiteShop(site, context.now, feed.uncounted)
    desk = Desk(site.path, context.clock, shop)
    times = MachineTimes(site, context.database, desk.new_id)
    boards = Boards(context.database, lambda place, metrics: context.node.set(place.device_id, metrics))
    return Parts(
        commands=desk.handlers(),
        queries={
            **Reading(context.database, shop).handlers(),
            "dispatch_board": BoardReading(context.database, shop).dispatch_board,
        },
        machines=observe,
        follows={
            "oee": times.apply,
            **{producer: apply_restriction for producer in PRODUCERS if producer in CONTRACT.follows},
        },
        machine_metrics={metric for _, metric in (*counters, *machines)},
        machines_settled=feed.settled,
        refresh=refresh,
        start=start,
        tasks={"counting": feed.run, "machine times": times.run},
    )


SERVICE = Service(CONTRACT, compose, migrations="services.work_order.adapters")
