"""Handing over what a batch of messages meant, so that trouble over one event costs that event and not the batch.

Who hears edge nodes takes many messages at once; their keeper fails for all of them if he fails for one, unless somebody goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from namespace.runtime.logging import Logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.sparkplug import HostEvent


def _never() -> bool:
    return False


class Teller:
    """Hands events over in order.

    Args:
        log: Told of events over which their keeper failed.
        metrics: Counts them.
        is_over: Whether what follows is to be dropped.
    """

    def __init__(
        self, log: Logger, metrics: ServiceMetrics | None = None, *, is_over: Callable[[], bool] = _never
    ) -> None:
        self._log = log
        self._metrics = metrics
        self._is_over = is_over
        self._taken = 0

    def tell(self, events: Sequence[HostEvent], told: Callable[[Iterator[HostEvent]], None]) -> None:
        """Hand events to `told`, again with the rest of them where it fails over one.

        Args:
            events: In order.
            told: Takes what it is given, one by one; must not block.
        """
        self._taken = 0
        rest = self._each(events)
        while True:
            before = self._taken
            try:
                told(rest)
            except Exception:  # noqa: BLE001 - the supervisor of whoever keeps what is heard
                self._log.exception("event_lost", kind=type(events[max(self._taken, 1) - 1]).__name__)
                if self._metrics is not None:
                    self._metrics.rejected.labels("event", "keeper_failed").inc()
                if self._taken > before:
                    continue
            return

    def _each(self, events: Sequence[HostEvent]) -> Iterator[HostEvent]:
        for event in events:
            if self._is_over():
                return
            self._taken += 1
            yield event
