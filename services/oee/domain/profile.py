"""How one work unit is judged: the settings of the site file in the numbers the rules compute with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from namespace.isa95 import (
    NO_REASONS,
    PACKML,
    Changeover,
    CounterSettings,
    ReasonTree,
    StalenessSettings,
    StateModel,
    UnknownTime,
    WorkUnitSettings,
)
from services.oee.domain.counter_rule import CounterRule


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
        state_model: what the state and mode numbers mean.
        no_count_after_ms: running without counting is delay after this; None: never.
        changeover: when the time between two job orders is setup.
        changeover_gap_ms: longest time without an order that is still a changeover.
        reasons: why time is lost.
    """

    ideal_cycle_ms: Fraction | None = None
    ideal_cycles_ms: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    microstop_threshold_ms: int = 0
    unknown_is_delay: bool = True
    final_after_ms: int = 900_000
    processed: CounterRule = field(default_factory=CounterRule)
    defective: CounterRule | None = field(default_factory=CounterRule)
    state_model: StateModel = PACKML
    no_count_after_ms: int | None = None
    changeover: Changeover = Changeover.PRODUCT
    changeover_gap_ms: int = 450_000
    reasons: ReasonTree = NO_REASONS

    @classmethod
    def of(cls, unit: WorkUnitSettings, staleness: StalenessSettings, reasons: ReasonTree = NO_REASONS) -> UnitProfile:
        """The profile that the site file gives a work unit.

        Args:
            unit: its settings.
            staleness: those of the site.
            reasons: those of the site.
        """
        ideal = unit.ideal_cycle_s
        return cls(
            ideal_cycle_ms=None if ideal is None else Fraction(ideal) * 1000,
            ideal_cycles_ms={name: Fraction(cycle) * 1000 for name, cycle in unit.ideal_cycles_s.items()},
            microstop_threshold_ms=unit.microstop_threshold_s * 1000,
            unknown_is_delay=staleness.unknown_time is UnknownTime.DELAY,
            final_after_ms=staleness.final_after_s * 1000,
            processed=_rule(unit.processed, unit.ideal_cycle_s),
            defective=None if unit.defective is None else _rule(unit.defective, unit.ideal_cycle_s),
            state_model=unit.state_model,
            no_count_after_ms=None if unit.no_count_after_s is None else unit.no_count_after_s * 1000,
            changeover=unit.changeover,
            changeover_gap_ms=unit.changeover_gap_s * 1000,
            reasons=reasons,
        )

    @property
    def settled_after_ms(self) -> int:
        """How long after a stop began it is known whether it is minor, or running without counting."""
        return max(self.microstop_threshold_ms, self.no_count_after_ms or 0)

    @property
    def reach_ms(self) -> int:
        """How far back a sample can change what is said: the next order makes a changeover of the time before it."""
        gap_ms = 0 if self.changeover is Changeover.NONE else self.changeover_gap_ms
        return max(self.settled_after_ms, 2 * gap_ms)

    def ideal_cycle_for(self, material: str | None) -> Fraction | None:
        """Planned run time per unit in ms for a material definition id, or the unit's default."""
        if material is not None and material in self.ideal_cycles_ms:
            return self.ideal_cycles_ms[material]
        return self.ideal_cycle_ms


def _rule(counter: CounterSettings, ideal_cycle_s: Decimal | None) -> CounterRule:
    return CounterRule(
        counter.bits, counter.max_step, None if ideal_cycle_s is None else Fraction(ideal_cycle_s) * 1000
    )
