"""Results in the words of the contract: metrics of a place, payloads of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from namespace.contracts.oee import (
    Difference,
    Elements,
    Judgement,
    KpiWindowClosed,
    Loss,
    StateIntervalClosed,
)
from namespace.isa95 import EquipmentPath, SiteModel
from namespace.runtime import from_ms
from namespace.sparkplug import Value
from services.oee.application.places import totals_at
from services.oee.domain.classification import Element
from services.oee.domain.kpi import Figure, Totals
from services.oee.domain.losses import Ledger, ledger
from services.oee.domain.profile import UnitProfile
from services.oee.domain.state_log import StateInterval
from services.oee.domain.unit import WindowResult, WindowStatus

_DIGITS = 9
UNSCHEDULED = "not scheduled"
"""Why a unit has no figures outside its shifts."""


def unit_metrics(result: WindowResult) -> dict[str, Value]:
    """Return the metrics of a work unit, by name."""
    log = result.evaluation.log
    last = log[-1] if log else None
    return {
        **place_metrics(result.evaluation.totals),
        "OEE/State": None if last is None else last.element.value,
        "OEE/StateReason": "" if last is None else reason_of(last),
        "OEE/ReasonCode": None if last is None else last.reason,
        "OEE/StateSince": result.evaluation.told_since_ms,
        "OEE/Shift": result.window.name,
        "OEE/WindowStart": result.window.start_ms,
        "OEE/Revision": result.revision,
    }


def unscheduled_unit_metrics() -> dict[str, Value]:
    """Return the metrics of a work unit while nothing is scheduled."""
    state: dict[str, Value] = {
        "OEE/State": Element.NOT_SCHEDULED.value,
        "OEE/StateReason": "",
        "OEE/StateSince": None,
        "OEE/ReasonCode": None,
    }
    return {**unscheduled_place_metrics(), **state, "OEE/Revision": None}


def unscheduled_place_metrics() -> dict[str, Value]:
    """Return the metrics of a place while nothing is scheduled: there is no window, so there is nothing to sum up."""
    undefined: dict[str, Value] = dict.fromkeys((*place_metrics(Totals()), "OEE/WindowStart"), None)
    return {**undefined, "OEE/Reason": UNSCHEDULED, "OEE/Shift": ""}


def place_metrics(totals: Totals) -> dict[str, Value]:
    """Return the metrics that a work unit and a place above it have in common."""
    elements, produced = totals.elements, totals.produced
    return {
        "OEE/Availability": _float(totals.availability),
        "OEE/Effectiveness": _float(totals.effectiveness),
        "OEE/QualityRatio": _float(totals.quality_ratio),
        "OEE/OEE": _float(totals.oee),
        "OEE/NEE": _float(totals.nee),
        "OEE/TEEP": _float(totals.teep),
        "OEE/OOE": _float(totals.ooe),
        "OEE/Completeness": _float(elements.completeness),
        "OEE/Reason": undefined_because(totals) or "",
        "OEE/PBT": elements.pbt,
        "OEE/APT": elements.apt,
        "OEE/AUST": elements.aust,
        "OEE/ADET": elements.adet,
        "OEE/ADOT": elements.adot,
        "OEE/PQ": produced.pq,
        "OEE/GQ": produced.gq,
        "OEE/SQ": produced.sq,
    }


def undefined_because(totals: Totals) -> str | None:
    """Return why the OEE index has no value; None when it has one."""
    reason = totals.oee.reason
    return None if reason is None else reason.value


def reason_of(interval: StateInterval) -> str:
    """Return why an interval is what it is, in words."""
    if interval.planned_down is not None:
        return interval.planned_down
    words = "" if interval.cause is None else interval.cause.value
    if interval.stop_reason is not None:
        words = f"{words} (stop reason {interval.stop_reason})" if words else f"stop reason {interval.stop_reason}"
    return words or ("minor stop" if interval.minor_stop else "running")


def restated_metrics(result: WindowResult) -> dict[str, Value]:
    """Return the metrics that tell of a restatement."""
    before = Totals() if result.before is None else result.before
    return {
        "OEE/Restated/WindowStart": result.window.start_ms,
        "OEE/Restated/Revision": result.revision,
        "OEE/Restated/OEE": _float(result.evaluation.totals.oee),
        "OEE/Restated/OEEBefore": _float(before.oee),
        "OEE/Restated/Why": result.why,
    }


def interval_payload(interval: StateInterval, revision: int = 1) -> StateIntervalClosed:
    """Return the payload of `StateIntervalClosed`.

    Args:
        interval: The interval.
        revision: Higher than 1 where it restates an earlier one.
    """
    return StateIntervalClosed.model_validate(
        {
            "start": from_ms(interval.start_ms),
            "end": from_ms(interval.end_ms),
            "element": interval.element.value,
            "reason": reason_of(interval),
            "job_order": interval.job_order,
            "shift": interval.shift,
            "revision": revision,
            "source": interval.source.value,
            "reason_code": interval.reason,
            "stop_reason": interval.stop_reason,
            "material": interval.material,
            "minor_stop": interval.minor_stop,
        }
    )


def window_payload(result: WindowResult, supersedes: str | None, profile: UnitProfile) -> KpiWindowClosed:
    """Return the payload of `KpiWindowClosed`.

    Args:
        result: What is said about the window.
        supersedes: The event that said it before.
        profile: How the unit is judged.
    """
    totals = result.evaluation.totals
    status: Literal["provisional", "final"] = "final" if result.status is WindowStatus.FINAL else "provisional"
    return KpiWindowClosed(
        shift=result.window.name,
        start=from_ms(result.window.start_ms),
        end=from_ms(result.window.end_ms),
        elements=_elements(totals),
        availability=_text(totals.availability),
        effectiveness=_text(totals.effectiveness),
        quality_ratio=_text(totals.quality_ratio),
        oee=_text(totals.oee),
        undefined_because=undefined_because(totals),
        data_completeness=_text(totals.elements.completeness),
        status=status,
        revision=max(result.revision, 1),
        supersedes=supersedes,
        why=None if result.before is None else result.why or "late data",
        difference=None if result.before is None else _difference(totals, result.before),
        date=result.window.date,
        nee=_text(totals.nee),
        losses=losses_of(ledger(result.evaluation, profile.reasons, unknown_is_delay=profile.unknown_is_delay)),
        judged_by=Judgement(
            state_model=profile.state_model.name,
            state_model_version=profile.state_model.version,
            reasons_version=profile.reasons.version,
            microstop_threshold_s=profile.microstop_threshold_ms // 1000,
            unknown_time="delay" if profile.unknown_is_delay else "exclude",
        ),
    )


def losses_of(found: Ledger) -> tuple[Loss, ...]:
    """Return a loss ledger in the words of the contract: good production first, then the greatest loss."""
    good = [(key, lost) for key, lost in found.entries.items() if key[0] is None]
    return tuple(
        Loss(
            loss=None if kind is None else kind.value,
            reason=reason,
            time_ms=_decimal(lost.time_ms),
            units=lost.units,
            stops=lost.stops,
        )
        for (kind, reason), lost in [*good, *found.pareto()]
    )


def _difference(now: Totals, before: Totals) -> Difference:
    oee, oee_before = now.oee.value, before.oee.value
    return Difference(
        pbt_ms=now.elements.pbt - before.elements.pbt,
        apt_ms=now.elements.apt - before.elements.apt,
        aust_ms=now.elements.aust - before.elements.aust,
        adet_ms=now.elements.adet - before.elements.adet,
        adot_ms=now.elements.adot - before.elements.adot,
        produced=now.produced.pq - before.produced.pq,
        good=now.produced.gq - before.produced.gq,
        oee=None if oee is None or oee_before is None else _decimal(oee - oee_before),
    )


def _elements(totals: Totals) -> Elements:
    elements, produced = totals.elements, totals.produced
    good = sum(((key.ideal_cycle_ms or Fraction(0)) * units.gq for key, units in totals.products), Fraction(0))
    return Elements(
        pbt_ms=elements.pbt,
        apt_ms=elements.apt,
        aust_ms=elements.aust,
        adet_ms=elements.adet,
        adot_ms=elements.adot,
        unknown_ms=elements.unknown_as_adet,
        produced=produced.pq,
        good=produced.gq,
        scrap=produced.sq,
        pri_pq_ms=_decimal(totals.ideal_time_ms or Fraction(0)),
        pri_gq_ms=_decimal(good),
    )


def sums(
    results: Mapping[EquipmentPath, WindowResult], centers: Iterable[EquipmentPath], site: SiteModel
) -> dict[EquipmentPath, Totals]:
    """Return the totals of work centers, each by the rule that the site file gives it."""
    by_unit = {path: result.evaluation.totals for path, result in results.items()}
    return {place: totals_at(place, by_unit, site) for place in centers}


def _float(figure: Figure) -> float | None:
    return None if figure.value is None else float(figure.value)


def _text(figure: Figure) -> str | None:
    return None if figure.value is None else _decimal(figure.value)


def _decimal(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.{_DIGITS}f}"
