"""The composition root of `oee`."""

from __future__ import annotations

from namespace.contracts.oee import CONTRACT
from namespace.runtime import Context, Parts, Service, get_logger
from namespace.runtime.settings import read_settings
from services.oee.adapters.intervals import Intervals
from services.oee.adapters.keeper import Keeper
from services.oee.adapters.reading import Reading
from services.oee.adapters.retention import OeeSettings, Retention
from services.oee.adapters.words import Words
from services.oee.application.units import Units


def compose(context: Context) -> Parts:
    """Put the service together."""
    settings = read_settings(OeeSettings)
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
    words = Words(units, context.site.reasons, keeper.listen, keep_ms=settings.keep_samples_ms)
    retention = Retention(context.database, units, settings, get_logger())
    return Parts(
        commands=words.handlers(),
        follows={"work_order": keeper.job_order_event},
        machines=keeper.observe,
        machine_metrics=units.metrics,
        queries={**reading.handlers(), **intervals.handlers()},
        start=keeper.load,
        tasks={"results": keeper.run, "retention": retention.run},
    )


SERVICE = Service(contract=CONTRACT, compose=compose, migrations="services.oee.adapters")
