"""The composition root of `oee`."""

from __future__ import annotations

from namespace.contracts.oee import CONTRACT
from namespace.runtime import Context, Parts, Service, get_logger
from services.oee.adapters.intervals import Intervals
from services.oee.adapters.keeper import Keeper
from services.oee.adapters.reading import Reading
from services.oee.adapters.words import Words
from services.oee.application.units import Units


def compose(context: Context) -> Parts:
    """Put the service together."""
    units = Units(context.site)
    keeper = Keeper(
        units,
        context.database,
        context.node,
        context.site,
        now=context.now,
        observe=context.business_time.observe,
        log=get_logger(),
    )
    reading = Reading(context.database, units, context.site)
    intervals = Intervals(context.database, units, context.site)
    words = Words(units, context.site.reasons, keeper.listen)
    return Parts(
        commands=words.handlers(),
        follows={"work_order": keeper.job_order_event},
        machines=keeper.observe,
        machine_metrics=units.metrics,
        queries={**reading.handlers(), **intervals.handlers()},
        start=keeper.load,
        tasks={"results": keeper.run},
    )


SERVICE = Service(contract=CONTRACT, compose=compose, migrations="services.oee.adapters")
