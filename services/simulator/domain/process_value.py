"""Process values with noise: a measured quantity that wanders about its set point.

A first-order process pulled to one level while the machine runs and to another while it rests, plus white
noise; rounded to what the sensor resolves, and passed on only when it has moved by more than its dead band
(report by exception).
"""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessValueProfile:
    """How one process value behaves.

    Attributes:
        tag: Metric path under `Process/`.
        unit: UN/ECE Recommendation 20 code.
        running: Level while the machine runs.
        resting: Level while it does not.
        noise: Standard deviation added per sample.
        pull: Share of the distance to the level that one sample closes, 0 .. 1.
        decimals: Resolution of the sensor, in decimal places.
        dead_band: Smallest change that is reported.
    """

    tag: str
    unit: str
    running: float
    resting: float
    noise: float
    pull: float
    decimals: int
    dead_band: float


class ProcessValue:
    """One measured quantity of one machine."""

    def __init__(self, profile: ProcessValueProfile, random: Random) -> None:
        self.profile = profile
        self._random = random
        self._exact = profile.resting
        self.reported = round(self._exact, profile.decimals)

    def sample(self, *, running: bool) -> None:
        """Let the value move by one sample and take note of it if it left the dead band.

        Args:
            running: Whether the machine runs.
        """
        profile = self.profile
        level = profile.running if running else profile.resting
        self._exact += profile.pull * (level - self._exact) + self._random.gauss(0.0, profile.noise)
        measured = round(self._exact, profile.decimals)
        if abs(measured - self.reported) >= profile.dead_band:
            self.reported = measured
