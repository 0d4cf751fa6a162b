"""The site file as the console shows it."""

from __future__ import annotations

from namespace.isa95 import EquipmentLevel, SiteModel
from services.console.ports import Place, ReasonView, Site

_LEVELS = {
    EquipmentLevel.ENTERPRISE: "Enterprise",
    EquipmentLevel.SITE: "Site",
    EquipmentLevel.AREA: "Area",
    EquipmentLevel.WORK_CENTER: "WorkCenter",
    EquipmentLevel.WORK_UNIT: "WorkUnit",
}


def site_of(model: SiteModel) -> Site:
    """Return the places of the site, those above before those below."""
    places = [
        Place(
            path=str(equipment.path),
            name=equipment.name,
            level=_LEVELS[equipment.level],
            kind=equipment.kind,
            description=equipment.description,
            unit=equipment.work_center.unit if equipment.work_center else "",
        )
        for equipment in model.equipment.walk(model.path)
    ]
    return Site(str(model.path), model.time_zone, tuple(places))


def reasons_of(model: SiteModel) -> tuple[ReasonView, ...]:
    """Return the site's reasons for lost time, parents before children."""
    return tuple(
        ReasonView(
            code=reason.code,
            name=reason.name,
            parents=reason.parents,
            loss=reason.loss.value if reason.loss else None,
            element=reason.element.value if reason.element else None,
            planned=reason.planned,
            owner=reason.owner,
            retired=reason.retired,
        )
        for reason in model.reasons.reasons.values()
    )
