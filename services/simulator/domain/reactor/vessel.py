"""What is in the reactor and how warm it is: mass and heat balances, first order, one second at a time.

It knows no recipe and no controls: flows and the jacket's supply are handed in. Nothing is lost in it: what came in is inside, has left,
or went to the scrubber.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.simulator.domain.reactor.profile import ReactorProfile

_KELVIN = 273.15
_VAPOUR_1_S = 2e-8  # share that goes to the scrubber in a second, for each degree above ambient
_SKIN_KW_K = 0.05  # heat that the insulation lets through
_STILL = 0.3  # share of the heat transfer that is left without stirring
_FULL = 0.6  # level from which on the whole jacket is wetted


@dataclass(slots=True)
class Flows:
    """What goes in and out within a second, in kilograms, and how the agitator and the jacket stand."""

    a: float = 0.0
    b: float = 0.0
    out: float = 0.0
    rpm: float = 0.0
    supply_c: float = 24.0


class Vessel:
    """The contents of one reactor.

    Args:
        profile: The reactor.
        stir_rpm: The agitator's speed at which heat is transferred best.
    """

    def __init__(self, profile: ReactorProfile, stir_rpm: float = 85.0) -> None:
        self._profile = profile
        self._stir_rpm = stir_rpm
        self.a_kg = self.b_kg = self.product_kg = 0.0
        self.vapour_kg = 0.0
        """What went to the scrubber, in all."""
        self.temperature_c = profile.ambient_c
        self.jacket_c = profile.ambient_c
        self.fouling = 1.0
        """Share of the clean heat transfer that is left."""

    @property
    def mass_kg(self) -> float:
        """How much is inside."""
        return self.a_kg + self.b_kg + self.product_kg

    @property
    def level(self) -> float:
        """How full it is, 0 to 1."""
        return self.mass_kg / self._profile.density / self._profile.volume_m3

    @property
    def pressure_kpa(self) -> float:
        """Absolute pressure: the air's and the vapour's."""
        return 101.3 + 0.9 * math.exp((self.temperature_c - 20.0) / 24.0) * min(1.0, self.level * 5)

    def second(self, flows: Flows) -> float:
        """Let one second pass.

        Args:
            flows: What goes in and out meanwhile.

        Returns:
            Kilograms that left through the outlet.
        """
        profile = self._profile
        self._feed(flows)
        reacted_kg = self._react()
        left_kg = self._drain(flows.out)
        self._evaporate()
        self.jacket_c += (flows.supply_c - self.jacket_c) / profile.jacket_s
        wetted = min(1.0, self.level / _FULL)
        stirred = _STILL + (1 - _STILL) * min(1.0, flows.rpm / self._stir_rpm)
        jacket_kw = profile.ua_kw_k * self.fouling * wetted * stirred * (self.jacket_c - self.temperature_c)
        skin_kw = _SKIN_KW_K * (profile.ambient_c - self.temperature_c)
        self.temperature_c += (jacket_kw + skin_kw + reacted_kg * profile.heat_kj_kg) / self._heat_kj_k
        return left_kg

    @property
    def _heat_kj_k(self) -> float:
        return self._profile.steel_kj_k + self.mass_kg * self._profile.cp_kj_kg_k

    def _feed(self, flows: Flows) -> None:
        fed_kg = flows.a + flows.b
        if fed_kg:
            profile = self._profile
            before, added = self._heat_kj_k, fed_kg * profile.cp_kj_kg_k
            self.temperature_c = (before * self.temperature_c + added * profile.feed_c) / (before + added)
            self.a_kg += flows.a
            self.b_kg += flows.b

    def _react(self) -> float:
        """Arrhenius' law, first order in what there is of B; return how much of it reacted."""
        profile = self._profile
        if not self.b_kg or not self.a_kg:
            return 0.0
        warmth = 1 / (profile.rate_c + _KELVIN) - 1 / (self.temperature_c + _KELVIN)
        share = min(1.0, profile.rate_1_s * math.exp(profile.activation_k * warmth))
        reacted_kg = min(self.b_kg * share, self.a_kg / profile.a_per_b)
        self.b_kg -= reacted_kg
        self.a_kg -= reacted_kg * profile.a_per_b
        self.product_kg += reacted_kg * (1 + profile.a_per_b)
        return reacted_kg

    def _drain(self, wanted_kg: float) -> float:
        held_kg = self.mass_kg
        if not wanted_kg or not held_kg:
            return 0.0
        left_kg = min(wanted_kg, held_kg)
        self._keep(1 - left_kg / held_kg)
        return left_kg

    def _evaporate(self) -> None:
        lost = _VAPOUR_1_S * max(0.0, self.temperature_c - self._profile.ambient_c)
        if lost and self.mass_kg:
            self.vapour_kg += self.mass_kg * lost
            self._keep(1 - lost)

    def _keep(self, share: float) -> None:
        self.a_kg *= share
        self.b_kg *= share
        self.product_kg *= share
