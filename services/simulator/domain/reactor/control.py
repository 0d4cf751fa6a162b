"""The jacket's temperature controller: PID with anti-windup, splitting its output between steam and cooling water."""

from __future__ import annotations

from services.simulator.domain.reactor.profile import ReactorProfile

_GAIN = 15.0  # percent per kelvin
_INTEGRAL_S = 300.0
_RATE_S = 100.0
_NEAR_K = 6.0


class JacketController:
    """Holds the contents at a set point.

    Args:
        profile: The reactor; hottest and coldest supply are its limits.
    """

    def __init__(self, profile: ReactorProfile) -> None:
        self._profile = profile
        self._integral = 0.0
        self._before_c: float | None = None
        self.output = 0.0
        """Percent: 100 is all steam, -100 all cooling water."""

    def supply_c(self, set_point_c: float | None, temperature_c: float, *, coolest: float = -100.0) -> float:
        """Return the temperature of the jacket's supply for the next second.

        Args:
            set_point_c: Where the contents shall be; None: the controller is off.
            temperature_c: Where they are.
            coolest: How far the cooling water can be opened, percent; 0 when there is none.
        """
        if set_point_c is None:
            self._integral = self.output = 0.0
            self._before_c = None
            return self._profile.ambient_c
        error = set_point_c - temperature_c
        rise_k = 0.0 if self._before_c is None else temperature_c - self._before_c
        self._before_c = temperature_c
        wanted = _GAIN * (error - _RATE_S * rise_k) + self._integral
        self.output = min(100.0, max(coolest, wanted))
        if self.output == wanted and abs(error) < _NEAR_K:  # no windup at the limits, none on the way
            self._integral += _GAIN * error / _INTEGRAL_S
        neutral_c = min(max(temperature_c, self._profile.cold_c), self._profile.hot_c)
        limit_c = self._profile.hot_c if self.output > 0 else self._profile.cold_c
        return neutral_c + abs(self.output) / 100.0 * (limit_c - neutral_c)
