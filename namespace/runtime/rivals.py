"""Telling people which metrics two producers claim, so that somebody settles it: the second one's are not used until then."""

from __future__ import annotations

from itertools import islice

from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.placing import Places

_PART = "claims"
_NAMED = 3


class RivalReport:
    """A remark of the service's health, a gauge, and a line in the log for each source that claims in vain.

    Args:
        places: Knows who claims what.
        health: Carries the remark.
        metrics: Carries the count.
    """

    def __init__(self, places: Places, *, health: Health, metrics: ServiceMetrics) -> None:
        self._places = places
        self._health = health
        self._metrics = metrics
        self._told = 0
        self._log = get_logger(part=_PART)

    def look(self) -> None:
        """Say what there is to say, where it has changed since the last time."""
        if self._places.quarantines == self._told:
            return
        self._told = self._places.quarantines
        count = self._places.quarantined_count
        self._metrics.quarantined.set(count)
        if not count:
            self._health.remark(_PART, None)
            return
        named = list(islice(self._places.rivals(), _NAMED))
        more = f"; and {count - len(named)} more" if count > len(named) else ""
        self._log.warning("metrics_claimed_twice", count=count, first=named[0])
        advice = "the second producer's values are not used; narrow a mapping rule of the site file or take one out of service"
        self._health.remark(_PART, f"{'; '.join(named)}{more}: {advice}")
