"""The simulated line and the replay plan: pure and seeded."""

from .bottling import LINE_1, LINE_2, LINES
from .duty import AroundTheClock, Duty, Rota
from .line import BottlingLine, MaterialBalance, Report
from .packml import Mode, State
from .profile import LineProfile, MachineProfile
from .truth import Cause, Counts, TruthInterval, UnitTruth

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
