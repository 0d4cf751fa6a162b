"""Every key figure that can be computed here, by its id in the contract (`namespace.contracts.oee_kpis`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from services.oee.domain.kpi import Figure, Totals, Undefined, ratio

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Basis:
    """What figures are computed from.

    Attributes:
        totals: elements and counts, summed.
        execution_ms: actual order execution time (AOET) of the one job order it is about; None: it is about none.
        failures: failure events (FE); None where they are not told apart, as of one job order.
        repair_ms: time to restoration summed over them (TTR).
        entered: units of the first operation; None where there is no line.
    """

    totals: Totals
    execution_ms: int | None = None
    failures: int | None = None
    repair_ms: int = 0
    entered: int | None = None


def _per_execution(amount: Fraction | int, basis: Basis) -> Figure:
    if basis.execution_ms is None:
        return Figure(None, Undefined.NO_SINGLE_ORDER)
    return ratio(amount, basis.execution_ms, Undefined.NO_TIME)


def _hours_per_failure(time_ms: int, basis: Basis, more: int) -> Figure:
    if basis.failures is None:
        return Figure(None, Undefined.NO_FAILURES_TOLD)
    return ratio(Fraction(time_ms, _HOUR_MS), basis.failures + more, Undefined.NO_FAILURE)


def _fall_off(basis: Basis) -> Figure:
    if basis.entered is None:
        return Figure(None, Undefined.NO_LINE)
    return ratio(basis.totals.produced.sq, basis.entered, Undefined.NOTHING_PRODUCED)


FIGURES: Final[Mapping[str, Callable[[Basis], Figure]]] = MappingProxyType(
    {
        "allocation_ratio": lambda basis: _per_execution(basis.totals.elements.aubt, basis),
        "throughput_rate": lambda basis: _per_execution(basis.totals.produced.pq * _HOUR_MS, basis),
        "allocation_efficiency": lambda basis: basis.totals.allocation_efficiency,
        "utilization_efficiency": lambda basis: basis.totals.utilization_efficiency,
        "oee": lambda basis: basis.totals.oee,
        "nee": lambda basis: basis.totals.nee,
        "availability": lambda basis: basis.totals.availability,
        "effectiveness": lambda basis: basis.totals.effectiveness,
        "quality_ratio": lambda basis: basis.totals.quality_ratio,
        "setup_ratio": lambda basis: basis.totals.setup_ratio,
        "technical_efficiency": lambda basis: basis.totals.technical_efficiency,
        "production_process_ratio": lambda basis: _per_execution(basis.totals.elements.apt, basis),
        "scrap_ratio": lambda basis: basis.totals.scrap_ratio,
        "fall_off_ratio": _fall_off,
        "mtbf": lambda basis: _hours_per_failure(basis.totals.elements.apt, basis, 1),
        "mttr": lambda basis: _hours_per_failure(basis.repair_ms, basis, 1),
        "teep": lambda basis: basis.totals.teep,
        "ooe": lambda basis: basis.totals.ooe,
        "mtbf_per_failure": lambda basis: _hours_per_failure(basis.totals.elements.apt, basis, 0),
        "mttr_per_failure": lambda basis: _hours_per_failure(basis.repair_ms, basis, 0),
    }
)
"""Every figure's function; MTBF counts stretches of operation, of which there is one more than failures."""
