"""The reactor's two alarms, each with the delay or hysteresis that keeps it from chattering."""

from __future__ import annotations

from services.simulator.domain.reactor.procedure import Procedure
from services.simulator.domain.reactor.recipe import Phase

HIGH_K = 6.0
"""How far above its set point the temperature may rise before the alarm."""
_BACK_K = 2.0
_LOW_SHARE = 0.6
_LOW_S = 30
_WATCHED = frozenset({Phase.REACT, Phase.HOLD, Phase.COOL})


class Alarms:
    """High temperature and low dosing flow."""

    def __init__(self) -> None:
        self.temperature_high = False
        self.flow_low = False
        self.low_s = 0
        """Seconds for which the flow has been low."""

    def second(self, procedure: Procedure, temperature_c: float, dosed_kg: float) -> list[str]:
        """Look at the second that has passed.

        Args:
            procedure: What is being done.
            temperature_c: Of the contents.
            dosed_kg: What flowed in of B.

        Returns:
            The alarms that came up in it.
        """
        limit_c = procedure.recipe.react_c + HIGH_K - (_BACK_K if self.temperature_high else 0.0)
        was_high, was_low = self.temperature_high, self.flow_low
        self.temperature_high = procedure.phase in _WATCHED and temperature_c > limit_c
        is_low = procedure.wants_dose and dosed_kg < _LOW_SHARE * procedure.recipe.dose_kg_s
        self.low_s = self.low_s + 1 if is_low else 0
        self.flow_low = self.low_s >= _LOW_S
        raised = []
        if self.temperature_high and not was_high:
            raised.append("temperature high")
        if self.flow_low and not was_low:
            raised.append("dosing flow low")
        return raised
