"""What will go wrong in a batch, drawn when it begins: the same seed, the same fate, however time is advanced."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from services.simulator.domain.reactor.recipe import Phase


class Mishap(StrEnum):
    """What can go wrong."""

    PUMP = "dosing pump lost its prime"
    COOLING = "cooling water failed"
    AGITATOR = "agitator tripped"
    SAMPLE = "laboratory asked for a sample"


_ODDS: dict[Mishap, tuple[float, Phase, tuple[int, int], tuple[int, int]]] = {
    # share of batches, phase, begin within it and length, both in seconds
    Mishap.PUMP: (0.25, Phase.REACT, (200, 2000), (300, 900)),
    Mishap.COOLING: (0.20, Phase.REACT, (400, 1800), (500, 1500)),
    Mishap.AGITATOR: (0.10, Phase.REACT, (100, 2400), (240, 900)),
    Mishap.SAMPLE: (0.25, Phase.HOLD, (60, 600), (240, 700)),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One mishap of a batch.

    Attributes:
        mishap: Which.
        phase: In which phase.
        begins_s: Seconds after the phase began.
        lasts_s: For how long.
    """

    mishap: Mishap
    phase: Phase
    begins_s: int
    lasts_s: int

    def holds(self, phase: Phase, elapsed_s: int) -> bool:
        """Tell whether it is going on, so many seconds into a phase."""
        return phase is self.phase and self.begins_s <= elapsed_s < self.begins_s + self.lasts_s


@dataclass(frozen=True, slots=True)
class Fate:
    """What a batch has before it.

    Attributes:
        recipe: Which of the reactor's recipes, by index.
        troubles: What goes wrong.
        weighing: Factor of the charge, about 1: how well it was weighed.
        assay: Purity of this batch's B; poor material makes off-spec product.
        restarts: Whether a tripped agitator starts again; else the batch is lost.
        wait_s: How long the unit waits for it.
        reaction_s: How quickly the operator reacts.
    """

    recipe: int
    troubles: tuple[Trouble, ...]
    weighing: float
    assay: float
    restarts: bool
    wait_s: int
    reaction_s: int


def draw_fate(random: Random, recipes: int) -> Fate:
    """Draw what a batch has before it.

    Args:
        random: The unit's own source.
        recipes: How many recipes there are to choose from.
    """
    troubles = []
    for mishap, (odds, phase, begin, length) in _ODDS.items():
        falls, begins_s, lasts_s = random.random(), random.randint(*begin), random.randint(*length)
        if falls < odds:
            troubles.append(Trouble(mishap, phase, begins_s, lasts_s))
    return Fate(
        recipe=random.randrange(recipes),
        troubles=tuple(troubles),
        weighing=min(1.01, max(0.99, random.gauss(1.0, 0.002))),
        assay=min(1.0, random.gauss(0.988, 0.008)),
        restarts=random.random() < 0.6,
        wait_s=random.randint(120, 600),
        reaction_s=random.randint(30, 240),
    )
