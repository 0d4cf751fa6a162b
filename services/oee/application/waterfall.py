"""From calendar time to good production: every part of the time of some units once, so that the parts add up to all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from namespace.isa95 import EquipmentPath
from services.oee.application.figures import Part
from services.oee.domain.kpi import Totals


@dataclass(frozen=True, slots=True)
class Span:
    """The time of one unit that is to be accounted for, ms.

    Attributes:
        unit: Which.
        length_ms: All of it.
        scheduled_ms: What of it lies in shifts.
    """

    unit: EquipmentPath
    length_ms: int
    scheduled_ms: int


def waterfall(
    spans: Iterable[Span], windows: Sequence[tuple[Sequence[Part], Iterable[Mapping[str, Any]]]]
) -> dict[str, Any]:
    """Account for the time of units.

    Args:
        spans: Of each unit, at least as long as its windows.
        windows: Parts and losses of each.

    Returns:
        `calendar_ms`, and what takes away from it: `not_scheduled_ms`, `not_recorded_ms` (in a shift, and nothing was
        written down about it), `planned_down_ms`, `not_judged_ms` (no trustworthy data, left out of the planned busy
        time); what is left is `busy_ms`, which `losses` add up to: good production first, then the greatest loss.
    """
    totals: dict[EquipmentPath, Totals] = {}
    for parts, _ in windows:
        for part in parts:
            totals[part.head.unit] = totals.get(part.head.unit, Totals()) + part.totals
    calendar_ms = not_scheduled_ms = not_recorded_ms = 0
    for span in spans:
        elements = totals.get(span.unit, Totals()).elements
        missing_ms = max(span.length_ms - elements.total, 0)
        in_shifts_ms = max(span.scheduled_ms - (elements.total - elements.not_scheduled), 0)
        unrecorded_ms = min(missing_ms, in_shifts_ms)
        calendar_ms += elements.total + missing_ms
        not_recorded_ms += unrecorded_ms
        not_scheduled_ms += elements.not_scheduled + missing_ms - unrecorded_ms
    all_of_them = sum(totals.values(), Totals())
    elements, produced = all_of_them.elements, all_of_them.produced
    return {
        "calendar_ms": calendar_ms,
        "not_scheduled_ms": not_scheduled_ms,
        "not_recorded_ms": not_recorded_ms,
        "planned_down_ms": elements.pdot,
        "not_judged_ms": elements.unknown,
        "busy_ms": elements.pbt,
        "losses": by_loss(loss for _, losses in windows for loss in losses),
        "produced": {"pq": produced.pq, "gq": produced.gq, "sq": produced.sq, "rq": produced.rq},
    }


def by_loss(losses: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sums of loss ledgers by kind of loss: good production first, then the greatest loss."""
    sums: dict[str | None, list[Any]] = {None: [Decimal(0), 0, 0]}
    for loss in losses:
        entry = sums.setdefault(loss["loss"], [Decimal(0), 0, 0])
        entry[0] += Decimal(loss["time_ms"])
        entry[1] += loss["units"]
        entry[2] += loss["stops"]
    ordered = sorted(sums.items(), key=lambda pair: (pair[0] is not None, -pair[1][0]))
    return [
        {"loss": kind, "time_ms": str(time_ms), "units": units, "stops": stops}
        for kind, (time_ms, units, stops) in ordered
    ]
