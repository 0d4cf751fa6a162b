"""What one browser is told: a full picture first, then what changed, a few times a second, and a heartbeat.

A page names what it watches; the tree and the connection state are always part of it. The position is the
picture's epoch and revision, sent as the event id: a browser that comes back with it gets the difference,
one that comes back with the position of another picture gets everything.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.console.application.live import LiveEvent, LiveNamespace
from services.console.application.views import event_json, metric_json, node_json, place_json, upstream_json


@dataclass(frozen=True, slots=True)
class Watch:
    """What a page looks at."""

    place: str = ""
    """All metrics of exactly this place."""
    within: str = ""
    """Places at or below this path count for ``names`` and events; empty: the whole site."""
    names: frozenset[str] = frozenset()
    """Metrics wanted from all places ``within``, such as ``OEE/OEE`` or ``JobOrder/Active/ID``."""
    events: bool = False
    nodes: bool = False

    def wants_metric(self, place: str, metric: str) -> bool:
        """Say whether the page shows this metric."""
        if place == self.place:
            return True
        return metric in self.names and self._covers(place)

    def wants_event(self, event: LiveEvent) -> bool:
        """Say whether the page shows this event."""
        return self._covers(event.place)

    def _covers(self, place: str) -> bool:
        return not self.within or place == self.within or place.startswith(self.within + "/")


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """One message to the browser."""

    kind: Literal["snapshot", "delta", "beat"]
    position: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FeedPace:
    """How often a browser hears from us."""

    tick_s: float = 0.25
    """At most four deltas a second."""
    beat_s: float = 0.5
    """Something is sent at least this often, so that a page knows within two seconds when it is cut off."""


def read_position(live: LiveNamespace, position: str | None) -> int | None:
    """Return the revision a browser has seen, or None when it needs the full picture."""
    epoch, _, revision = (position or "").partition("-")
    if epoch != live.epoch or not revision.isdigit():
        return None
    seen = int(revision)
    newest_lost = max(live.metrics.forgotten, live.nodes.forgotten)
    return seen if newest_lost <= seen <= live.revision.current else None


def collect(live: LiveNamespace, watch: Watch, seen: int | None, now: datetime) -> tuple[FeedMessage, int] | None:
    """Put together what the browser has not seen yet.

    Args:
        live: The picture.
        watch: What the page looks at.
        seen: The revision the browser has; None for the full picture.
        now: Server time, for the ages on the page.

    Returns:
        The message and the revision it brings the browser to, or None when there is nothing new.
    """
    live.settle(now)
    full, since = seen is None, seen or 0
    reached = live.revision.current
    if not full and reached == since:
        return None
    metrics = [
        metric_json(key, value)
        for key, value in live.metrics.since(since)
        if watch.wants_metric(*key) and (value or not full)
    ]
    data: dict[str, Any] = {
        "places": [place_json(node) for _, node in live.places.since(since) if node is not None],
        "metrics": metrics,
    }
    if watch.events:
        data["events"] = [event_json(event) for event in live.events_since(since, watch.wants_event)]
    if watch.nodes:
        data["nodes"] = [node_json(key, node) for key, node in live.nodes.since(since) if node or not full]
    if not full and not any(data.values()):
        return None
    data["now"] = now.isoformat(timespec="milliseconds")
    data["upstream"] = upstream_json(live.upstream)
    return FeedMessage("snapshot" if full else "delta", f"{live.epoch}-{reached}", data), reached


async def follow(
    live: LiveNamespace,
    watch: Watch,
    *,
    position: str | None,
    pace: FeedPace,
    now: Callable[[], datetime],
    pause: Callable[[float], Awaitable[None]],
) -> AsyncIterator[FeedMessage]:
    """Yield what the browser is told, for as long as somebody reads.

    Args:
        live: The picture.
        watch: What the page looks at.
        position: The last event id the browser saw, if it comes back.
        pace: How often to speak.
        now: The clock.
        pause: Waits the given number of seconds.
    """
    seen = read_position(live, position)
    quiet_s = pace.beat_s
    while not live.closed:
        collected = collect(live, watch, seen, now())
        if collected is not None:
            message, seen = collected
            quiet_s = 0.0
            yield message
        elif quiet_s >= pace.beat_s:
            quiet_s = 0.0
            data = {"now": now().isoformat(timespec="milliseconds"), "upstream": upstream_json(live.upstream)}
            yield FeedMessage("beat", f"{live.epoch}-{seen or 0}", data)
        await pause(pace.tick_s)
        quiet_s += pace.tick_s
