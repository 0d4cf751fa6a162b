"""Key figures of places by shift, day, job order, material or the last minutes: elements summed, then divided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from namespace.isa95 import EquipmentLevel, EquipmentPath, SiteModel
from namespace.runtime import from_ms, to_ms
from services.oee.application.places import totals_at
from services.oee.domain.figures import FIGURES, Basis
from services.oee.domain.kpi import Elements, Figure, Totals
from services.oee.domain.snapshot import totals_document, totals_from_document
from services.oee.domain.unit import WindowResult

_DIGITS = 9
_SUMS = ("aupt", "aubt", "pbt", "pot")


@dataclass(frozen=True, slots=True)
class Head:
    """A window of a unit.

    Attributes:
        unit: Where.
        shift: Name and local date of the shift.
        window: Its begin and end, ms.
        status: Open, provisional or final.
    """

    unit: EquipmentPath
    shift: tuple[str, str]
    window: tuple[int, int]
    status: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one job order, or no order, had of a window of a unit.

    Attributes:
        head: Of which window.
        order: Job order and material, or None.
        span: Begin of the order's first and end of its last interval in the window, ms.
        totals: Elements and counts.
        failures: Number and time in ms of the window's failures, at its first part; (0, 0) at the others.
    """

    head: Head
    order: tuple[str | None, str | None]
    span: tuple[int, int]
    totals: Totals
    failures: tuple[int, int] = (0, 0)


def parts_document(result: WindowResult) -> list[list[Any]]:
    """Return the parts of a window as JSON: `[job order, material, begin, end, totals]` each."""
    spans: dict[tuple[str | None, str | None], tuple[int, int]] = {}
    for interval in result.evaluation.log:
        key = interval.job_order, interval.material
        spans[key] = spans.get(key, (interval.start_ms, 0))[0], interval.end_ms
    empty = result.window.start_ms, result.window.start_ms
    return [[*key, *spans.get(key, empty), totals_document(totals)] for key, totals in result.evaluation.by_order]


def parts_of(head: Head, document: Sequence[Any], losses: Iterable[Mapping[str, Any]] = ()) -> list[Part]:
    """Return the parts of a window out of a document of `parts_document` and the window's losses."""
    failed = [loss for loss in losses if loss["loss"] == "equipment failure"]
    failures = sum(loss["stops"] for loss in failed), sum(int(float(loss["time_ms"])) for loss in failed)
    return [
        Part(head, (job_order, material), (begin, end), totals_from_document(totals), (0, 0) if number else failures)
        for number, (job_order, material, begin, end, totals) in enumerate(document)
    ]


def rows(
    place: EquipmentPath,
    by: str,
    parts: Iterable[Part],
    site: SiteModel,
    now_ms: int,
    *,
    figures: frozenset[str] | None = None,
) -> list[dict[str, Any]]:
    """Return one row for each shift, day, job order, material, or all in one.

    Args:
        place: A work unit or a place above it.
        by: `shift`, `day`, `job_order`, `material`, `total` or `rolling`.
        parts: Of the windows of all units at or below the place.
        site: For the rules of lines and the length of days.
        now_ms: Business time, for a day that is not over.
        figures: Which figures; None for every one.

    Returns:
        Rows in order of time, each with elements, counts and figures.
    """
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(_group(by, part), []).append(part)
    found = []
    for key, members in groups.items():
        by_unit: dict[EquipmentPath, Totals] = {}
        for part in members:
            by_unit[part.head.unit] = by_unit.get(part.head.unit, Totals()) + part.totals
        if by == "day":
            by_unit = {unit: _whole_day(unit, totals, key, site, now_ms) for unit, totals in by_unit.items()}
        if key:
            row = _row(by, members, totals_at(place, by_unit, site), _entered(place, by_unit, site), figures)
            found.append({"place": str(place), "key": key, **row})
    return sorted(found, key=lambda row: (row["start"], row["key"]))


def figures_of(basis: Basis, wanted: frozenset[str] | None = None) -> dict[str, dict[str, str | None]]:
    """Return every figure, or those wanted: rounded, as an exact fraction, and why there is none."""
    return {name: _shown(figure(basis)) for name, figure in FIGURES.items() if wanted is None or name in wanted}


def _shown(figure: Figure) -> dict[str, str | None]:
    if figure.value is None:
        return {"value": None, "exact": None, "reason": figure.reason.value if figure.reason else None}
    rounded = Decimal(figure.value.numerator) / Decimal(figure.value.denominator)
    return {"value": f"{rounded:.{_DIGITS}f}", "exact": str(figure.value), "reason": None}


def _group(by: str, part: Part) -> str:
    match by:
        case "shift":
            return f"{part.head.shift[1]} {part.head.shift[0]}"
        case "day":
            return part.head.shift[1]
        case "job_order":
            return part.order[0] or ""
        case "material":
            return part.order[1] or ""
        case _:
            return by


def _row(
    by: str, parts: Sequence[Part], totals: Totals, entered: int | None, wanted: frozenset[str] | None
) -> dict[str, Any]:
    is_order = by == "job_order"
    spans = [part.span if by in {"job_order", "material"} else part.head.window for part in parts]
    start_ms, end_ms = min(span[0] for span in spans), max(span[1] for span in spans)
    told = by not in {"job_order", "material"}
    basis = Basis(
        totals,
        execution_ms=end_ms - start_ms if is_order else None,
        failures=sum(part.failures[0] for part in parts) if told else None,
        repair_ms=sum(part.failures[1] for part in parts),
        entered=entered,
    )
    statuses = {part.head.status for part in parts}
    produced = totals.produced
    return {
        "start": from_ms(start_ms).isoformat(),
        "end": from_ms(end_ms).isoformat(),
        "status": next(status for status in ("open", "provisional", "final") if status in statuses),
        "elements": {name: getattr(totals.elements, name) for name in (*Elements.__slots__, *_SUMS)},
        "produced": {"pq": produced.pq, "gq": produced.gq, "sq": produced.sq, "rq": produced.rq},
        "figures": figures_of(basis, wanted),
    }


def _whole_day(unit: EquipmentPath, totals: Totals, day: str, site: SiteModel, now_ms: int) -> Totals:
    """The totals with the rest of the day of its shifts as not scheduled: it has 23, 24 or 25 hours."""
    start, end = (to_ms(instant) for instant in site.calendar(unit).work_day(date.fromisoformat(day)))
    rest_ms = min(end, now_ms) - start - totals.elements.total
    return totals + Totals(Elements(not_scheduled=max(rest_ms, 0)))


def _entered(place: EquipmentPath, by_unit: Mapping[EquipmentPath, Totals], site: SiteModel) -> int | None:
    """Units of the first operation of a line."""
    if place.level is not EquipmentLevel.WORK_CENTER:
        return None
    first = next((item.path for item in site.equipment.work_units(place)), None)
    return None if first is None else by_unit.get(first, Totals()).produced.pq
