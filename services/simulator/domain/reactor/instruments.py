"""The reactor's instruments: what the control system reads of the truth, with noise, resolution and a dead band."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from services.simulator.domain.reactor.tags import FLOW, JACKET, LEVEL, OUTPUT, PRESSURE, STIRRER, TEMPERATURE


@dataclass(frozen=True, slots=True)
class Instrument:
    """How one quantity is read.

    Attributes:
        unit: UN/ECE Recommendation 20 code.
        noise: Standard deviation of a reading.
        decimals: Resolution, in decimal places.
        dead_band: Smallest change that is reported.
    """

    unit: str
    noise: float
    decimals: int
    dead_band: float


INSTRUMENTS = {
    TEMPERATURE: Instrument("CEL", 0.08, 2, 0.1),
    JACKET: Instrument("CEL", 0.15, 1, 0.3),
    PRESSURE: Instrument("KPA", 0.35, 1, 0.6),
    LEVEL: Instrument("P1", 0.04, 1, 0.2),
    STIRRER: Instrument("RPM", 0.3, 1, 0.6),
    FLOW: Instrument("E93", 6.0, 0, 12.0),
    OUTPUT: Instrument("P1", 0.0, 0, 2.0),
}
"""Tag -> instrument. CEL degree Celsius, KPA kilopascal, P1 percent, RPM revolutions per minute, E93 kilogram per hour."""

_AT_REST = frozenset({STIRRER, FLOW})  # these read exactly nothing when nothing moves


class Panel:
    """The latest readings of all instruments.

    Args:
        random: Source of the noise.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self.readings: dict[str, float] = dict.fromkeys(INSTRUMENTS, 0.0)

    def read(self, true: dict[str, float]) -> None:
        """Read every quantity once; readings within the dead band of the last one are left out.

        Args:
            true: Tag -> what it really is.
        """
        for tag, instrument in INSTRUMENTS.items():
            noise = self._random.gauss(0.0, instrument.noise)
            value = true[tag]
            shown = 0.0 if tag in _AT_REST and not value else round(value + noise, instrument.decimals)
            if abs(shown - self.readings[tag]) >= instrument.dead_band or (shown == 0.0 and tag in _AT_REST):
                self.readings[tag] = shown
