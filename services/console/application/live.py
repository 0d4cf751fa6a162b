"""The live picture of the site in memory: metrics, tree, events, nodes, each with the revision of its last
change.

Adapters push into it; the feed and the HTTP pages read from it. It holds what the projection says and
nothing that must survive a restart.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from services.console.application.changes import Changes, Revision
from services.console.domain.states import JsonValue, MetricValue
from services.console.domain.tree import PlaceNode, PlaceTree
from services.console.ports import NodeView, Site

EVENTS_KEPT = 1_000
"""Events a newly opened page can show; older ones are a query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One event as it went by on the ``_event`` topics."""

    event_id: str
    type: str
    place: str
    subject: str
    occurred_at: str
    producer: str
    actor: str | None
    job_order: str | None
    payload: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Upstream:
    """Whether the console itself hears the namespace, and since when that is so."""

    connected: bool
    since: datetime | None
    detail: str = ""


class LiveNamespace:
    """The newest of everything, readable from any revision on."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.epoch = uuid4().hex[:12]
        """Names this picture: a revision counts only together with it."""
        self.revision = Revision()
        self.metrics: Changes[tuple[str, str], MetricValue] = Changes(self.revision)
        self.places: Changes[str, PlaceNode] = Changes(self.revision)
        self.nodes: Changes[str, NodeView] = Changes(self.revision)
        self.upstream = Upstream(connected=False, since=None, detail="not connected yet")
        self._missing: dict[str, str] = {}
        self.readers = 0
        """How many pages are open now."""
        self.watching_nodes = 0
        """How many pages show the edge nodes now."""
        self.closed = False
        """True when the console is leaving: streams end."""
        self.tree = PlaceTree()
        self._events: deque[tuple[int, LiveEvent]] = deque(maxlen=EVENTS_KEPT)
        for place in site.places:
            self.tree.add(
                place.path, level=place.level, kind=place.kind, description=place.description, unit=place.unit
            )

    def put(self, metric: MetricValue) -> None:
        """Take in a metric's newest value; a repetition of what is known changes nothing."""
        key = (metric.place, metric.metric)
        if self.metrics.get(key) == metric:
            return
        self.metrics.put(key, metric)
        self.tree.put(metric)

    def remove(self, place: str, metric: str) -> None:
        """Take a vanished metric away."""
        self.metrics.remove((place, metric))
        self.tree.remove(place, metric)

    def event(self, event: LiveEvent) -> None:
        """Take in an event."""
        self._events.append((self.revision.next(), event))

    def put_nodes(self, nodes: Iterable[NodeView]) -> None:
        """Take in the list of edge nodes; those that are not in it any more are gone."""
        seen = set()
        for node in nodes:
            key = f"{node.group_id}/{node.edge_node_id}"
            seen.add(key)
            if self.nodes.get(key) != node:
                self.nodes.put(key, node)
        for key, value in self.nodes.since(0):
            if value is not None and key not in seen:
                self.nodes.remove(key)

    def hears(self, part: str, now: datetime) -> None:
        """Note that ``part`` of the way to the site works."""
        self._missing.pop(part, None)
        self._note_upstream(now)

    def misses(self, part: str, detail: str, now: datetime) -> None:
        """Note that ``part`` of the way to the site does not work; ``detail`` is a sentence for people."""
        self._missing[part] = detail
        self._note_upstream(now)

    def _note_upstream(self, now: datetime) -> None:
        connected, detail = not self._missing, "; ".join(self._missing.values())
        if (connected, detail) != (self.upstream.connected, self.upstream.detail):
            self.upstream = Upstream(connected=connected, since=now, detail=detail)
            self.revision.next()

    def close(self) -> None:
        """Let every stream end: the console is leaving."""
        self.closed = True

    def settle(self, now: datetime) -> None:
        """Bring the tree up to date with the metrics; cheap when nothing changed."""
        for node in self.tree.settle(now.isoformat(timespec="milliseconds")):
            self.places.put(node.path, node)

    def events_since(self, revision: int, wanted: Callable[[LiveEvent], bool]) -> list[LiveEvent]:
        """Return the kept events after ``revision`` that are wanted, oldest first."""
        found: list[LiveEvent] = []
        for changed, event in reversed(self._events):
            if changed <= revision:
                break
            if wanted(event):
                found.append(event)
        found.reverse()
        return found

    def metrics_of(self, place: str) -> list[MetricValue]:
        """Return the metrics of exactly this place, by name."""
        node = self.tree.get(place)
        return sorted(node.metrics.values(), key=lambda metric: metric.metric) if node else []
