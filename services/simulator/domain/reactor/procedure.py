"""Working through a batch, phase by phase: what flows, which temperature is wanted, when a phase is done.

It moves along the table of `recipe` alone. What interrupts it, and who lets it go on, is the unit's affair.
"""

from __future__ import annotations

from services.simulator.domain.reactor.recipe import PHASES, Outcome, Phase, Recipe
from services.simulator.domain.reactor.vessel import Flows, Vessel

_WARM = frozenset({Phase.HEAT, Phase.REACT, Phase.HOLD})
_COLD = frozenset({Phase.COOL, Phase.DISCHARGE})
_STIRRED_KG = 400.0
_HEEL_KG = 8.0
_DUMP_KG_S = 15.0
_DOSING_BAND_K = 6.0  # below it dosing waits, so that nothing unreacted gathers
_NEAR_K = 1.0


class Procedure:
    """The procedure of one unit.

    Args:
        recipe: What is made first.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.phase = Phase.IDLE
        self.worked_s = 0
        """Seconds of work in this phase."""
        self.since_s = 0
        """Seconds since this phase began, interruptions included."""
        self.wants_dose = False
        """Whether B should be flowing at present."""
        self._left_a_kg = self._left_b_kg = 0.0

    def start(self, recipe: Recipe, weighing: float) -> None:
        """Begin a batch.

        Args:
            recipe: What to make.
            weighing: Factor of the charge, about 1.
        """
        self.recipe = recipe
        self._left_a_kg = recipe.charge_kg * weighing
        self._left_b_kg = recipe.dose_kg
        self.end(Outcome.STARTED)

    def end(self, outcome: Outcome) -> None:
        """End the phase and begin the next one.

        Raises:
            KeyError: The table has no such transition.
        """
        self.phase = PHASES[self.phase, outcome]
        self.worked_s = self.since_s = 0
        self.wants_dose = False

    def flows(self, vessel: Vessel, *, works: bool, pump: float) -> Flows:
        """Return what goes in and out in the next second.

        Args:
            vessel: The vessel as it stands.
            works: Whether the phase is being worked on.
            pump: Share of the wanted flow that the dosing pump gives.
        """
        self.since_s += 1
        flows = Flows()
        self.wants_dose = False
        if not works:
            return flows
        self.worked_s += 1
        recipe = self.recipe
        if self.phase is Phase.CHARGE:
            flows.a = min(recipe.charge_kg_s, self._left_a_kg)
            self._left_a_kg -= flows.a
        elif self.phase is Phase.REACT and vessel.temperature_c > recipe.react_c - _DOSING_BAND_K:
            self.wants_dose = True
            flows.b = min(recipe.dose_kg_s * pump, self._left_b_kg)
            self._left_b_kg -= flows.b
        elif self.phase is Phase.DISCHARGE:
            flows.out = recipe.discharge_kg_s
        elif self.phase in (Phase.DUMP, Phase.CLEAN):
            flows.out = _DUMP_KG_S
        return flows

    def set_point_c(self, *, back: float = 0.0) -> float | None:
        """Return the temperature that is wanted; None where the jacket is off.

        Args:
            back: How many kelvin to stay below the reaction's temperature.
        """
        if self.phase in _WARM:
            return self.recipe.react_c - back
        return self.recipe.discharge_c if self.phase in _COLD else None

    def stir_rpm(self, vessel: Vessel) -> float:
        """Return the speed that is wanted of the agitator."""
        return self.recipe.stir_rpm if vessel.mass_kg > _STIRRED_KG else 0.0

    def is_done(self, vessel: Vessel) -> bool:
        """Tell whether the phase has done its work."""
        recipe, temperature_c = self.recipe, vessel.temperature_c
        match self.phase:
            case Phase.CHARGE:
                return self._left_a_kg <= 0
            case Phase.HEAT:
                return temperature_c >= recipe.react_c - _NEAR_K
            case Phase.REACT:
                return self._left_b_kg <= 0
            case Phase.HOLD:
                return self.worked_s >= recipe.hold_s
            case Phase.COOL:
                return temperature_c <= recipe.discharge_c + _NEAR_K
            case Phase.DISCHARGE | Phase.DUMP:
                return vessel.mass_kg <= _HEEL_KG
            case Phase.CLEAN:
                return self.worked_s >= recipe.clean_s
            case _:
                return False
