"""What time it is at a place, as its machines tell it, so that replays and accelerated simulations behave like real days.

The wall clock serves staleness, timeouts and expiry; what is decided about production uses business time (ARCHITECTURE 6).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from namespace.isa95 import ClockSettings, EquipmentPath, TickSource

_FARTHEST_AHEAD = timedelta(days=1)


class BusinessTime:
    """The newest source time seen per place, moved on by the site's clock setting.

    Args:
        settings: What moves time on while a place is silent.
    """

    def __init__(self, settings: ClockSettings) -> None:
        self._source = settings.tick
        self._newest: dict[EquipmentPath, datetime] = {}
        self._tick: datetime | None = None

    def believed(self, source_time: datetime, wall: datetime) -> datetime:
        """Return `source_time`, or `wall` where a site that runs now is told of a time more than a day ahead.

        No value is refused for its clock; but time that was moved on cannot be moved back, so one machine with a broken clock must not
        take its place years ahead. A site whose time is a replay's or a simulation's has no such limit.
        """
        is_absurd = self._source is TickSource.WALL and source_time - wall > _FARTHEST_AHEAD
        return wall if is_absurd else source_time

    def observe(self, place: EquipmentPath, source_time: datetime) -> None:
        """Take note of a non-historical source time (aware, UTC) at a place."""
        known = self._newest.get(place)
        if known is not None and source_time <= known:
            return  # so is what the work center and the site know: mostly a further metric of one report
        self._newest[place] = source_time
        above = place.work_center_path
        if above is not None:
            self._newest[above] = max(source_time, self._newest.get(above, source_time))
        if self._source is TickSource.TELEMETRY:
            self.tick(source_time)

    def tick(self, source_time: datetime) -> None:
        """Take note of the site's clock (aware, UTC)."""
        if self._tick is None or source_time > self._tick:
            self._tick = source_time

    def now(self, place: EquipmentPath, wall: datetime) -> datetime:
        """Return the business time of `place`.

        Args:
            place: Any place; a work center knows the newest of its work units.
            wall: The wall clock: what moves time on where the site's clock setting says so, or before anything was seen.
        """
        newest = self._newest.get(place)
        tick = wall if self._source is TickSource.WALL else self._tick
        if newest is None or tick is None:
            return tick or newest or wall
        return max(newest, tick)
