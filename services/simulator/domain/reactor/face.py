"""What the reactor's control system shows: every tag with its present value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.simulator.domain.reactor import conduct
from services.simulator.domain.reactor import tags as names
from services.simulator.domain.reactor.recipe import Phase
from services.simulator.domain.tags import TagValue

if TYPE_CHECKING:
    from services.simulator.domain.reactor.unit import BatchReactor

_PHASE_TIME_S = 10
_OUTLET = frozenset({Phase.DISCHARGE, Phase.CLEAN})


def quantities(unit: BatchReactor) -> dict[str, float]:
    """Return what the instruments look at, as it really is."""
    vessel = unit.vessel
    return {
        names.TEMPERATURE: vessel.temperature_c,
        names.JACKET: vessel.jacket_c,
        names.PRESSURE: vessel.pressure_kpa,
        names.LEVEL: vessel.level * 100,
        names.STIRRER: unit.rpm,
        names.FLOW: unit.dosed_kg * 3600,
        names.OUTPUT: unit.jacket.output,
    }


def tags(unit: BatchReactor) -> dict[str, TagValue]:
    """Return every tag as the control system shows it."""
    procedure, ledger = unit.procedure, unit.ledger
    batch = ledger.batch
    return {
        names.STATE: int(unit.state),
        names.MODE: int(unit.mode),
        names.REASON: conduct.reason(unit),
        names.BATCH_ID: batch.batch_id if batch else "",
        names.RECIPE: batch.recipe if batch else "",
        names.PHASE: procedure.phase.value,
        names.PHASE_TIME: procedure.since_s - procedure.since_s % _PHASE_TIME_S if batch else 0,
        names.DISPOSITION: "" if batch is None or batch.in_spec is None else "InSpec" if batch.in_spec else "OffSpec",
        names.LOT_A: ledger.lots_a.lot,
        names.LOT_B: ledger.lots_b.lot,
        names.LOT_OUT: f"P-{batch.batch_id}" if batch and procedure.phase in _OUTLET and batch.produced_kg else "",
        names.INTERVENTION: unit.intervention,
        names.SET_POINT: round(procedure.set_point_c() or 0.0, 1),
        names.TOTAL_A: round(ledger.total_a_kg, 0),
        names.TOTAL_B: round(ledger.total_b_kg, 0),
        names.TOTAL_OUT: ledger.out.value,
        names.TOTAL_OFF_SPEC: ledger.off_spec.value,
        names.TEMPERATURE_HIGH: unit.alarms.temperature_high,
        names.FLOW_LOW: unit.alarms.flow_low,
        **unit.panel.readings,
    }
