"""The shop floor of the ports: the site file's rules, business time, and the counts that wait to be applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from namespace.isa95 import (
    Completion,
    CounterSettings,
    EquipmentLevel,
    EquipmentPath,
    SiteModel,
    UnknownEquipmentError,
    WorkCalendar,
)
from services.work_order.domain.counters import Counter, CounterRules
from services.work_order.ports import Sample, UnknownPlaceError, WorkCenterRules


class SiteShop:
    """`Shop` read off the site file.

    Args:
        site: The site file, loaded.
        now: The business time of a place.
        uncounted: The samples of a work center that were received and not yet applied.
    """

    def __init__(
        self,
        site: SiteModel,
        now: Callable[[EquipmentPath], datetime],
        uncounted: Callable[[EquipmentPath], Sequence[Sample]],
    ) -> None:
        self._site = site
        self._now = now
        self._uncounted = uncounted

    def rules(self, place: EquipmentPath, work_master: str | None = None) -> WorkCenterRules:
        """Return how job orders run at a work center; raises `UnknownPlaceError`."""
        try:
            equipment = self._site.equipment.get(place)
        except UnknownEquipmentError as error:
            raise UnknownPlaceError(str(error)) from error
        settings = equipment.work_center
        if settings is None:
            parent = place.ancestor(EquipmentLevel.WORK_CENTER)
            remedy = f"; name its work center {parent}" if parent else "; name one of its work centers"
            text = f"{place} is a {equipment.kind}, and job orders belong to a work center{remedy}"
            raise UnknownPlaceError(text)
        if settings.output_unit is None:
            return WorkCenterRules(concurrent=settings.concurrent_job_orders, unit=settings.unit, counters={})
        output = self._site.work_unit(settings.output_unit)
        ideal_cycle_s = output.ideal_cycle_for(work_master)

        def rules_of(counter: CounterSettings) -> CounterRules:
            return CounterRules(counter.bits, counter.max_step, ideal_cycle_s)

        counters = {Counter.PROCESSED: rules_of(output.processed)}
        if output.defective is not None:
            counters[Counter.DEFECTIVE] = rules_of(output.defective)
        return WorkCenterRules(
            concurrent=settings.concurrent_job_orders,
            completes=settings.completion is Completion.AUTOMATIC,
            unit=settings.unit,
            counters=counters,
            ideal_cycle_s=ideal_cycle_s,
        )

    def has(self, place: EquipmentPath) -> bool:
        """Return whether the site has this place."""
        try:
            self._site.equipment.get(place)
        except UnknownEquipmentError:
            return False
        return True

    def work_centers_of(self, equipment_class: str) -> frozenset[EquipmentPath] | None:
        """Return what belongs to an equipment class; None where the site file does not list it."""
        listed = self._site.equipment_classes.get(equipment_class)
        return listed.work_centers if listed else None

    def persons_of(self, personnel_class: str) -> frozenset[str] | None:
        """Return who belongs to a personnel class; None where the site file does not list it."""
        listed = self._site.personnel_classes.get(personnel_class)
        return listed.persons if listed else None

    def now(self, place: EquipmentPath) -> datetime:
        """Return the business time of a place, UTC."""
        return self._now(place)

    def calendar(self, place: EquipmentPath) -> WorkCalendar:
        """Return when people work at a place."""
        return self._site.calendar(place)

    def uncounted(self, place: EquipmentPath) -> Sequence[Sample]:
        """Return the samples of a work center that were not yet applied."""
        return self._uncounted(place)


def counters_of(site: SiteModel) -> dict[tuple[EquipmentPath, str], tuple[EquipmentPath, Counter]]:
    """Return which metrics count: (work unit, canonical metric) to (work center, counter)."""
    found: dict[tuple[EquipmentPath, str], tuple[EquipmentPath, Counter]] = {}
    for equipment in site.equipment.walk():
        settings = equipment.work_center
        if settings is None or settings.output_unit is None:
            continue
        output = site.work_unit(settings.output_unit)
        found[settings.output_unit, output.processed.metric] = (equipment.path, Counter.PROCESSED)
        if output.defective is not None:
            found[settings.output_unit, output.defective.metric] = (equipment.path, Counter.DEFECTIVE)
    return found


def machines_of(site: SiteModel) -> dict[tuple[EquipmentPath, str], EquipmentPath]:
    """Return which metrics tell the state of a work center's output unit: (work unit, canonical metric) to work center."""
    found: dict[tuple[EquipmentPath, str], EquipmentPath] = {}
    for equipment in site.equipment.walk():
        settings = equipment.work_center
        if settings is not None and settings.output_unit is not None:
            found[settings.output_unit, site.work_unit(settings.output_unit).state_metric] = equipment.path
    return found
