"""The recipe of a batch: its phases, in which order they may follow, and what each of them asks for.

The order is a table, so that no simulated batch can do what its procedure does not know; the unit asks it and never sets a phase by
hand. A unit recipe in the sense of ISA-88.01 (IEC 61512-1), flattened: unit procedure and phases, no operations in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType


class Phase(StrEnum):
    """`BATCH/PHASE` of the unit."""

    IDLE = "Idle"
    CHARGE = "Charge"
    HEAT = "Heat"
    REACT = "React"
    HOLD = "Hold"
    COOL = "Cool"
    DISCHARGE = "Discharge"
    DUMP = "Dump"
    CLEAN = "Clean"


class Outcome(StrEnum):
    """What ends a phase."""

    STARTED = "started"
    DONE = "done"
    ABORTED = "aborted"


_PROCEDURE = (Phase.CHARGE, Phase.HEAT, Phase.REACT, Phase.HOLD, Phase.COOL, Phase.DISCHARGE, Phase.CLEAN, Phase.IDLE)

PHASES: Mapping[tuple[Phase, Outcome], Phase] = MappingProxyType(
    {
        (Phase.IDLE, Outcome.STARTED): Phase.CHARGE,
        **{(before, Outcome.DONE): after for before, after in pairwise(_PROCEDURE)},
        **{(phase, Outcome.ABORTED): Phase.DUMP for phase in _PROCEDURE[:6]},
        (Phase.DUMP, Outcome.DONE): Phase.CLEAN,
    }
)
"""(phase, what ended it) -> next phase. What is not in here does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a batch is made by.

    Attributes:
        name: The master recipe's id.
        charge_kg: Of raw material A, charged cold before heating.
        dose_kg: Of raw material B, dosed while the reaction runs.
        charge_kg_s: Rate of charging, kilograms a second.
        dose_kg_s: Rate of dosing.
        discharge_kg_s: Rate of discharging.
        react_c: Set point of the reaction, degrees Celsius.
        hold_s: How long the batch is held at it after dosing, seconds.
        discharge_c: How far it is cooled before it is discharged.
        clean_s: How long cleaning takes.
        stir_rpm: Speed of the agitator while there is something to stir.
    """

    name: str
    charge_kg: float
    dose_kg: float
    charge_kg_s: float
    dose_kg_s: float
    discharge_kg_s: float
    react_c: float
    hold_s: int
    discharge_c: float
    clean_s: int
    stir_rpm: float

    @property
    def lead_s(self) -> float:
        """Seconds a batch takes at least: what is pumped, held and cleaned, without heating and cooling."""
        pumped_s = self.charge_kg / self.charge_kg_s + self.dose_kg / self.dose_kg_s
        return pumped_s + (self.charge_kg + self.dose_kg) / self.discharge_kg_s + self.hold_s + self.clean_s
