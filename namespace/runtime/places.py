"""From contract to births: which devices an MES node has, and which metrics each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from namespace.contracts.command import COMMAND_REQUEST_METRIC
from namespace.contracts.contract import MetricContract, Place, ServiceContract
from namespace.contracts.event_metrics import NO_EVENTS
from namespace.contracts.node import EVENTS_METRIC, NODE_METRICS
from namespace.isa95 import EquipmentLevel, EquipmentPath, SiteModel
from namespace.sparkplug import MetricDefinition, PropertySet

_EVENT_LOG = EVENTS_METRIC.partition("/")[0]
_COMMAND = COMMAND_REQUEST_METRIC.partition("/")[0]
_LEVELS = {
    Place.SITE: EquipmentLevel.SITE,
    Place.WORK_CENTER: EquipmentLevel.WORK_CENTER,
    Place.WORK_UNIT: EquipmentLevel.WORK_UNIT,
}


def node_definitions(contract: ServiceContract) -> list[MetricDefinition]:
    """Return the metrics of an MES node itself: every node's, those of what the service has, and those its contract adds.

    Only a service with events has an event log, and only one that takes commands, or whose parked events can be driven again, has a
    place to write commands to.
    """
    missing = set()
    if not contract.events:
        missing.add(_EVENT_LOG)
    if not (contract.commands or contract.follows):
        missing.add(_COMMAND)
    metrics = [metric for metric in NODE_METRICS if metric.name.partition("/")[0] not in missing]
    metrics += [metric for metric in contract.metrics if Place.NODE in metric.places]
    definitions = [_definition(metric) for metric in metrics]
    return [replace(d, value=NO_EVENTS) if d.name == EVENTS_METRIC else d for d in definitions]


def device_definitions(contract: ServiceContract, site: SiteModel) -> Mapping[str, list[MetricDefinition]]:
    """Return device id to metrics: one device for each place at which the contract publishes anything.

    A birth lists every metric that will ever be sent, so the set depends on contract and site file alone.
    """
    devices: dict[str, list[MetricDefinition]] = {}
    for path in _places(site):
        wanted = [m for m in contract.metrics if any(_LEVELS.get(place) is path.level for place in m.places)]
        if wanted:
            devices[path.device_id] = [_definition(_in_unit_of(site, path, metric)) for metric in wanted]
    return devices


def _in_unit_of(site: SiteModel, path: EquipmentPath, metric: MetricContract) -> MetricContract:
    """A count in the unit that its work center counts: pieces here, kilograms there."""
    center = path.parent if path.level is EquipmentLevel.WORK_UNIT else path
    if not metric.in_site_unit or center is None or center.level is not EquipmentLevel.WORK_CENTER:
        return metric
    return replace(metric, unit=site.work_center(center).unit)


def _places(site: SiteModel) -> Iterable[EquipmentPath]:
    yield from (equipment.path for equipment in site.equipment.walk())


def _definition(metric: MetricContract) -> MetricDefinition:
    properties = PropertySet.of_strings({"engUnit": metric.unit}) if metric.unit else None
    return MetricDefinition(
        name=metric.name,
        datatype=metric.datatype,
        properties=properties,
        by_name=metric.by_name,
        momentary=metric.momentary,
        writable=metric.writable,
    )
