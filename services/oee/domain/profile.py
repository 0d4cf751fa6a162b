"""How one work unit is judged: the settings of the site file in the numbers the rules compute with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from namespace.isa95 import CounterSettings, StalenessSettings, UnknownTime, WorkUnitSettings
from services.oee.domain.counter import CounterRule


@dataclass(frozen=True, slots=True)
class UnitProfile:
    """How a work unit is judged.

    Attributes:
        ideal_cycle_ms: planned run time per unit (ISO 22400-2 PRI) in ms; None: there is none.
        ideal_cycles_ms: the same by material definition id, where it differs.
        microstop_threshold_ms: stops shorter than this stay production time.
        unknown_is_delay: whether time without data counts as delay, or as nothing.
        final_after_ms: time after the end of a window in which late data still revises it.
        processed: how the counter of all units is read.
        defective: how the counter of defective units is read; None: defects are not counted.
    """

    ideal_cycle_ms: Fraction | None = None
    ideal_cycles_ms: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    microstop_threshold_ms: int = 0
    unknown_is_delay: bool = True
    final_after_ms: int = 900_000
    processed: CounterRule = field(default_factory=CounterRule)
    defective: CounterRule | None = field(default_factory=CounterRule)

    @classmethod
    def of(cls, unit: WorkUnitSettings, staleness: StalenessSettings) -> UnitProfile:
        """The profile that the site file gives a work unit.

        Args:
            unit: its settings.
            staleness: those of the site.
        """
        ideal = unit.ideal_cycle_s
        return cls(
            ideal_cycle_ms=None if ideal is None else Fraction(ideal) * 1000,
            ideal_cycles_ms={name: Fraction(cycle) * 1000 for name, cycle in unit.ideal_cycles_s.items()},
            microstop_threshold_ms=unit.microstop_threshold_s * 1000,
            unknown_is_delay=staleness.unknown_time is UnknownTime.DELAY,
            final_after_ms=staleness.final_after_s * 1000,
            processed=_rule(unit.processed),
            defective=None if unit.defective is None else _rule(unit.defective),
        )

    def ideal_cycle_for(self, material: str | None) -> Fraction | None:
        """Planned run time per unit in ms for a material definition id, or the unit's default."""
        if material is not None and material in self.ideal_cycles_ms:
            return self.ideal_cycles_ms[material]
        return self.ideal_cycle_ms


def _rule(counter: CounterSettings) -> CounterRule:
    return CounterRule(counter.bits, counter.max_step)
