"""The totals of a place above work units: of a line by its rule, of areas and sites as the sum of their lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from namespace.isa95 import EquipmentLevel, EquipmentPath, LineRule, SiteModel
from services.oee.domain.kpi import Produced, ProductKey, Totals


def totals_at(place: EquipmentPath, by_unit: Mapping[EquipmentPath, Totals], site: SiteModel) -> Totals:
    """Return the totals of a place; elements and counts are summed, nothing is averaged (ISO 22400-2).

    Args:
        place: A work unit or a place above it.
        by_unit: Totals of work units; units that are not in it have none.
        site: For the rule of each work center.
    """
    if place.level is EquipmentLevel.WORK_UNIT:
        return by_unit.get(place, Totals())
    return sum((_line(center.path, by_unit, site) for center in site.equipment.work_centers(place)), Totals())


def _line(center: EquipmentPath, by_unit: Mapping[EquipmentPath, Totals], site: SiteModel) -> Totals:
    units = [item.path for item in site.equipment.work_units(center)]
    settings = site.work_center(center)
    totals = {path: by_unit.get(path, Totals()) for path in units}
    if settings.oee_rule is LineRule.PARALLEL or not units:
        return sum(totals.values(), Totals())
    if settings.oee_rule is LineRule.BOTTLENECK and settings.bottleneck in units:
        paced = settings.bottleneck
        behind = units[units.index(paced) + 1 :]
        return _with_scrap(totals[paced], [totals[path] for path in behind], is_counted=True)
    paced = settings.output_unit or units[-1]
    return _with_scrap(totals[paced], [totals[path] for path in units if path != paced], is_counted=False)


def _with_scrap(paced: Totals, others: list[Totals], *, is_counted: bool) -> Totals:
    """The totals of the unit that stands for the line, with what other units scrapped as scrap of the line.

    Args:
        paced: Of that unit.
        others: Of those whose scrap is the line's.
        is_counted: Whether what they scrapped had been counted by that unit before: then it is no more output, else it is.
    """
    scrap: dict[tuple[str | None, str | None], Produced] = {}
    for key, units in (pair for totals in others for pair in totals.products):
        lost = Produced(0 if is_counted else units.sq, units.sq, 0, units.startup)
        if lost != Produced():
            scrap[key.job_order, key.material] = scrap.get((key.job_order, key.material), Produced()) + lost
    if not scrap:
        return paced
    products: dict[ProductKey, Produced] = {}
    for key, units in paced.products:
        products[key] = units + scrap.pop((key.job_order, key.material), Produced())
    ideal = next((key.ideal_cycle_ms for key in products), None)
    for (job_order, material), lost in scrap.items():
        key = ProductKey(job_order, material, ideal)
        products[key] = products.get(key, Produced()) + lost
    return replace(paced, products=tuple((key, units) for key, units in products.items() if units != Produced()))
