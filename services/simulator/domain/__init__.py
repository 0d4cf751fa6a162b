"""The simulated line and the replay plan: pure and seeded."""

from services.simulator.domain.bottling import LINE_1, LINE_2, LINES
from services.simulator.domain.duty import AroundTheClock, Duty, Rota
from services.simulator.domain.line import BottlingLine, MaterialBalance, Report
from services.simulator.domain.packml import Mode, State
from services.simulator.domain.profile import LineProfile, MachineProfile
from services.simulator.domain.truth import Cause, Counts, TruthInterval, UnitTruth

__all__ = [
    "LINES",
    "LINE_1",
    "LINE_2",
    "AroundTheClock",
    "BottlingLine",
    "Cause",
    "Counts",
    "Duty",
    "LineProfile",
    "MachineProfile",
    "MaterialBalance",
    "Mode",
    "Report",
    "Rota",
    "State",
    "TruthInterval",
    "UnitTruth",
]
