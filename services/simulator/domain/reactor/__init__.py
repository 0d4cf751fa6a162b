"""A batch reactor: recipe, vessel, control, mishaps, and the unit that runs them; pure and seeded."""

from services.simulator.domain.reactor.batch import BatchRecord, MaterialBalance
from services.simulator.domain.reactor.profile import REACTOR_4, REACTORS, ReactorProfile
from services.simulator.domain.reactor.recipe import PHASES, Outcome, Phase
from services.simulator.domain.reactor.unit import BatchReactor

__all__ = [
    "PHASES",
    "REACTORS",
    "REACTOR_4",
    "BatchReactor",
    "BatchRecord",
    "MaterialBalance",
    "Outcome",
    "Phase",
    "ReactorProfile",
]
