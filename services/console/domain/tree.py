"""The equipment tree as it is shown: every place with its own state and the state of what lies below it.

Places of the site file are there from the start, whether or not anybody speaks for them; nodes that no
mapping rule places hang under ``_unplaced`` with their own ids. A dot on a closed branch shows the worst
state below it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.console.domain.states import MetricValue, PlaceState, ShownState, classify, worst

UNPLACED = "_unplaced"


@dataclass(slots=True)
class PlaceNode:
    """One place of the tree."""

    path: str
    name: str
    level: str
    kind: str = ""
    description: str = ""
    unit: str = ""
    order: int = 0
    metrics: dict[str, MetricValue] = field(default_factory=dict)
    children: list["PlaceNode"] = field(default_factory=list)
    parent: "PlaceNode | None" = None
    own: PlaceState | None = None
    shown: ShownState | None = None
    counts: dict[ShownState, int] = field(default_factory=dict)
    stale_metrics: int = 0

    @property
    def depth(self) -> int:
        """Number of places above this one."""
        return self.path.count("/")


class PlaceTree:
    """Places by path; changes are noted cheaply and settled when somebody looks."""

    def __init__(self) -> None:
        self._nodes: dict[str, PlaceNode] = {}
        self._dirty: set[str] = set()
        self._new: set[str] = set()

    def add(self, path: str, *, level: str, kind: str = "", description: str = "", unit: str = "") -> PlaceNode:
        """Add a place and, if missing, the places above it."""
        node = self._nodes.get(path)
        if node is None:
            parent_path, _, name = path.rpartition("/")
            parent = self._nodes.get(parent_path) or (
                self.add(parent_path, level=_level_above(level)) if parent_path else None
            )
            node = PlaceNode(path, name or path, level, order=len(self._nodes), parent=parent)
            self._nodes[path] = node
            if parent is not None:
                parent.children.append(node)
            self._dirty.add(path)
            self._new.add(path)
        node.kind, node.description = kind or node.kind, description or node.description
        node.unit = unit or node.unit
        return node

    def get(self, path: str) -> PlaceNode | None:
        """Return the place, or None."""
        return self._nodes.get(path)

    def walk(self) -> Iterator[PlaceNode]:
        """Iterate over all places, those above before those below."""
        return iter(sorted(self._nodes.values(), key=lambda node: (node.depth, node.order)))

    def put(self, metric: MetricValue) -> None:
        """Note a metric's newest value at its place."""
        node = self._nodes.get(metric.place) or self.add(metric.place, level=_level_of(metric.place))
        before = node.metrics.get(metric.metric)
        node.stale_metrics += (not metric.is_good) - (before is not None and not before.is_good)
        node.metrics[metric.metric] = metric
        self._dirty.add(node.path)

    def remove(self, place: str, name: str) -> None:
        """Note that a metric is gone."""
        node = self._nodes.get(place)
        before = node.metrics.pop(name, None) if node else None
        if node is not None and before is not None:
            node.stale_metrics -= not before.is_good
            self._dirty.add(place)

    def settle(self, now: str | None = None) -> list[PlaceNode]:
        """Work out the states of what changed since the last call, from the leaves up.

        Args:
            now: Since when signals are lost that were lost since the last call, ISO 8601.

        Returns:
            The places whose entry in the tree looks different now.
        """
        if not self._dirty:
            return []
        pending = sorted((self._nodes[path] for path in self._dirty), key=lambda node: -node.depth)
        self._dirty.clear()
        changed: dict[str, PlaceNode] = {}
        levels: dict[int, dict[str, PlaceNode]] = {}
        for node in pending:
            before = (node.own, node.stale_metrics)
            node.own = classify(node.metrics, node.own, now=now)
            levels.setdefault(node.depth, {})[node.path] = node
            if node.path in self._new or before != (node.own, node.stale_metrics):
                changed[node.path] = node
        for depth in range(max(levels), -1, -1):
            for node in list(levels.get(depth, {}).values()):
                if self._roll_up(node):
                    changed[node.path] = node
                    if node.parent is not None:
                        levels.setdefault(depth - 1, {})[node.parent.path] = node.parent
        self._new.clear()
        return list(changed.values())

    def _roll_up(self, node: PlaceNode) -> bool:
        before = (node.shown, node.counts)
        counts: Counter[ShownState] = Counter()
        for child in node.children:
            counts.update(child.counts)
        if not node.children and node.own is not None:
            counts[node.own.state] += 1
        node.counts = dict(counts)
        node.shown = worst(node.counts) if node.children and node.counts else (node.own.state if node.own else None)
        return before != (node.shown, node.counts)


_LEVELS = ("Enterprise", "Site", "Area", "WorkCenter", "WorkUnit")


def _level_of(path: str) -> str:
    if path.startswith(UNPLACED):
        return "Unplaced"
    return _LEVELS[min(path.count("/"), len(_LEVELS) - 1)]


def _level_above(level: str) -> str:
    return _LEVELS[max(_LEVELS.index(level) - 1, 0)] if level in _LEVELS else level
