"""Published state that follows committed changes: places are marked, and refreshed together, as often as the database keeps up with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from namespace.isa95 import EquipmentPath
from namespace.runtime.health import Health
from namespace.runtime.logging import get_logger
from namespace.store import DatabaseUnavailable

_PAUSE_S = 0.05
"""Between two rounds, so that a burst of changes costs few of them; the first change is told at once."""

_RETRY_S = 1.0

Refresh = Callable[[frozenset[EquipmentPath]], Awaitable[None]]
"""Recomputes what is published about the given places."""


class Refresher:
    """Runs `refresh` for marked places, one call at a time, conflating what is marked meanwhile.

    Args:
        refresh: Recomputes what is published about places.
        health: Told while that is impossible.
    """

    def __init__(self, refresh: Refresh, health: Health) -> None:
        self._refresh = refresh
        self._health = health
        self._dirty: set[EquipmentPath] = set()
        self._wake = asyncio.Event()
        self._log = get_logger(part="refresher")

    def mark(self, places: Iterable[EquipmentPath]) -> None:
        """Have the published state of `places` recomputed soon."""
        self._dirty.update(places)
        if self._dirty:
            self._wake.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            places, self._dirty = frozenset(self._dirty), set()
            try:
                await self._refresh(places)
            except DatabaseUnavailable as unavailable:
                self._health.not_ready("published state", f"the database is not reachable: {unavailable}")
                self.mark(places)
                await asyncio.sleep(_RETRY_S)
            else:
                self._health.ready("published state")
                await asyncio.sleep(_PAUSE_S)
