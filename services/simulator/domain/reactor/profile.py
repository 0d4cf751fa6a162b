"""What the simulated reactors are: sizes, heat, recipes, lots.

Ranges and noise are plausible for a small speciality plant: a controlled zone holds its temperature to a few tenths of a degree, pressures
and motor speeds scatter by some percent.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.simulator.domain.reactor.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactorProfile:
    """One reactor with its jacket.

    Attributes:
        cell: The process cell, as its vendor's system names it.
        name: The unit, likewise.
        volume_m3: Working volume.
        density: Of every content, kilograms a cubic meter.
        steel_kj_k: Heat capacity of the empty vessel, kJ/K.
        cp_kj_kg_k: Specific heat of every content, kJ/(kg K).
        ua_kw_k: Heat transfer through the jacket when full, stirred and clean, kW/K.
        heat_kj_kg: Heat of reaction per kilogram of B, kJ.
        rate_1_s: Share of B that reacts in a second at `rate_c`.
        rate_c: Temperature of that rate, degrees Celsius.
        activation_k: Activation energy over the gas constant, kelvin.
        a_per_b: Kilograms of A that react with one of B.
        cold_c: Coldest supply of the jacket.
        hot_c: Hottest supply of the jacket.
        jacket_s: Time constant of the jacket, seconds.
        feed_c: Temperature of the raw materials.
        ambient_c: Temperature around.
        lot_a_kg: Size of a lot of A.
        lot_b_kg: Size of a lot of B.
        recipes: What it makes, taken by turns at random.
        scan_ms: How often the controller looks.
    """

    cell: str
    name: str
    volume_m3: float = 5.5
    density: float = 960.0
    steel_kj_k: float = 1250.0
    cp_kj_kg_k: float = 3.2
    ua_kw_k: float = 8.5
    heat_kj_kg: float = 430.0
    rate_1_s: float = 1 / 240
    rate_c: float = 78.0
    activation_k: float = 7200.0
    a_per_b: float = 1.75
    cold_c: float = 14.0
    hot_c: float = 132.0
    jacket_s: float = 90.0
    feed_c: float = 22.0
    ambient_c: float = 24.0
    lot_a_kg: float = 11_000.0
    lot_b_kg: float = 5_000.0
    recipes: tuple[Recipe, ...]
    scan_ms: int = 1000


_RESIN_20 = Recipe(
    name="RESIN-20",
    charge_kg=2600.0,
    dose_kg=1400.0,
    charge_kg_s=3.0,
    dose_kg_s=0.5,
    discharge_kg_s=5.0,
    react_c=78.0,
    hold_s=1200,
    discharge_c=38.0,
    clean_s=900,
    stir_rpm=85.0,
)
_RESIN_35 = Recipe(
    name="RESIN-35",
    charge_kg=2700.0,
    dose_kg=1450.0,
    charge_kg_s=3.0,
    dose_kg_s=0.45,
    discharge_kg_s=5.0,
    react_c=82.0,
    hold_s=1500,
    discharge_c=40.0,
    clean_s=900,
    stir_rpm=95.0,
)

REACTOR_4 = ReactorProfile(cell="PC1", name="R4", recipes=(_RESIN_20, _RESIN_35))
REACTORS = (REACTOR_4,)
