"""Edge nodes, asked of `namespace_state`; and the proof that it lives, without which the projection may be outdated.

The list itself is fetched while somebody looks at it. In between, one node is asked for: the answer matters, not the node.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from namespace.runtime import Clock, NoAnswer, NotConnected, QueryClient, QueryFailed
from services.console.adapters.documents import instant_of
from services.console.application.live import LiveNamespace
from services.console.ports import NodeView, NotAnswered

_SERVICE = "namespace_state"
_EVERY_S = 1.0
_ASK_S = 1.5
_MES = "mes-"
_STATES: Mapping[object, Literal["online", "stale", "offline"]] = {
    "online": "online",
    "stale": "stale",
    "offline": "offline",
}


class NodeList:
    """Edge nodes by query (port `Nodes`), kept current in the live picture.

    Args:
        queries: Asks over the console's session.
        live: Where the list goes, and where places and readiness of nodes come from.
        clock: For since when `namespace_state` is heard or not.
    """

    def __init__(self, queries: QueryClient, live: LiveNamespace, clock: Clock) -> None:
        self._queries = queries
        self._live = live
        self._clock = clock

    async def all(self) -> Sequence[NodeView]:
        """Return every known edge node; raises NotAnswered."""
        try:
            rows = await self._queries.ask_all(_SERVICE, "nodes", {"limit": 500}, timeout_s=_ASK_S)
        except (NoAnswer, NotConnected, QueryFailed) as silent:
            raise NotAnswered(_SERVICE, str(silent)) from None
        metrics, places = self._sources()
        return [self._view(row, metrics, places) for row in rows]

    async def keep(self) -> None:
        """Ask once a second until cancelled; silence makes the whole picture doubtful."""
        while True:
            try:
                if self._live.watching_nodes:
                    self._live.put_nodes(await self.all())
                else:
                    await self._queries.ask(_SERVICE, "nodes", {"limit": 1}, timeout_s=_ASK_S)
                self._live.hears(_SERVICE, self._clock.now())
            except (NoAnswer, NotConnected, NotAnswered):
                text = "namespace_state does not answer, so nobody keeps the values current"
                self._live.misses(_SERVICE, text, self._clock.now())
            except QueryFailed:
                self._live.hears(_SERVICE, self._clock.now())
            await asyncio.sleep(_EVERY_S)

    def _sources(self) -> tuple[Counter[str], dict[str, set[str]]]:
        """Count the metrics of each node and collect its places, out of the live picture."""
        metrics: Counter[str] = Counter()
        places: dict[str, set[str]] = {}
        for metric in self._live.metrics.values():
            node = "/".join(metric.source.split("/", 2)[:2])
            metrics[node] += 1
            if not metric.place.startswith("_"):
                places.setdefault(node, set()).add(metric.place)
        return metrics, places

    def _view(self, row: Mapping[str, Any], metrics: Counter[str], places: Mapping[str, set[str]]) -> NodeView:
        name, edge_node_id = str(row["edge_node"]), str(row["edge_node_id"])
        own = edge_node_id.startswith(_MES) and row["group_id"] == self._live.site.path.replace("/", ":")
        devices = row.get("devices") or []
        ready, reasons = self._readiness(edge_node_id) if own else (None, "")
        return NodeView(
            group_id=str(row["group_id"]),
            edge_node_id=edge_node_id,
            kind="mes" if own else "machine",
            state=_STATES.get(row.get("state"), "unknown"),
            since=instant_of(row.get("since")),
            last_seen_at=instant_of(row.get("last_seen")),
            seq=row.get("seq"),
            bd_seq=row.get("bd_seq"),
            rebirths=max(0, int(row.get("births") or 0) - 1),
            devices=len(devices),
            dead_devices=sum(not device.get("alive") for device in devices),
            metrics=metrics[name],
            places=() if own else _topmost(places.get(name, set())),
            version=self._service_text(edge_node_id, "Node Info/Version") if own else None,
            ready=ready,
            reasons=tuple(filter(None, reasons.split("; "))),
            rejected=sum((row.get("rejected") or {}).values()),
            conflicts=tuple(row.get("conflicts") or ()),
        )

    def _readiness(self, edge_node_id: str) -> tuple[bool | None, str]:
        known = self._live.metrics.get((self._live.site.path, f"Services/{edge_node_id}/Health/Ready"))
        ready = known.value if known is not None and isinstance(known.value, bool) and known.is_good else None
        return ready, "" if ready else self._service_text(edge_node_id, "Health/Reasons") or ""

    def _service_text(self, edge_node_id: str, metric: str) -> str | None:
        known = self._live.metrics.get((self._live.site.path, f"Services/{edge_node_id}/{metric}"))
        return known.value if known is not None and isinstance(known.value, str) else None


def _topmost(places: set[str]) -> tuple[str, ...]:
    """Name the places, or what they lie in when a node speaks for several units of one work center."""
    above = {place.rpartition("/")[0] for place in places}
    return tuple(sorted(places)) if len(places) == 1 else tuple(sorted(above))
