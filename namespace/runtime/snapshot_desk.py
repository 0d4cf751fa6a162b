"""Answering the `snapshot` query: what one listener knows, for another that joins late.

All rows of one answer are of one instant, kept while they are paged. Who has not joined himself says so at once, so that nobody takes
little for everything.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from namespace.contracts.snapshot import SnapshotArgs, snapshot_rows
from namespace.runtime.errors import QueryFailed
from namespace.runtime.queries import Page, fit_page
from namespace.sparkplug import EdgeNodeDescriptor, HostSession, NodeState

_KEPT = 32
_KEPT_S = 60.0


class SnapshotDesk:
    """Answers `snapshot`.

    Args:
        core: Whose knowledge is told.
        is_joined: Whether that is up to date.
        with_stale: Whether edge nodes of which something was missed are told too, as ones that are not there.
    """

    def __init__(self, core: HostSession, is_joined: Callable[[], bool], *, with_stale: bool) -> None:
        self._core = core
        self._is_joined = is_joined
        self._with_stale = with_stale
        self._kept: OrderedDict[str, tuple[float, list[dict[str, Any]]]] = OrderedDict()

    async def answer(self, arguments: SnapshotArgs) -> Page:
        """Return one page of a snapshot; the first page takes it, the cursor names it."""
        if arguments.cursor is None:
            if not self._is_joined():
                raise QueryFailed(
                    "NotJoined", "this service has not joined the namespace itself yet; ask again in a moment"
                )
            nodes = (node for node in self._core.edge_nodes() if _wanted(node, arguments))
            return self._page("", [row for node in nodes for row in self._rows(node)], 0)
        token, _, offset = arguments.cursor.partition(":")
        kept = self._kept.get(token)
        if kept is None or not offset.isdigit():
            raise QueryFailed("SnapshotGone", "this snapshot is kept no more; begin again without a cursor")
        return self._page(token, kept[1], int(offset))

    def _rows(self, node: EdgeNodeDescriptor) -> list[dict[str, Any]]:
        if not self._with_stale and self._core.state(node) is NodeState.STALE:
            return []
        snapshot = self._core.snapshot(node)
        return [] if snapshot is None else snapshot_rows(snapshot)

    def _page(self, token: str, rows: list[dict[str, Any]], offset: int) -> Page:
        rest = rows[offset:]
        count = fit_page(rest) if rest else 0
        if count == len(rest):
            self._kept.pop(token, None)
            return Page(rest)
        if not token:
            token = uuid4().hex
            self._keep(token, rows)
        return Page(rest[:count], f"{token}:{offset + count}")

    def _keep(self, token: str, rows: list[dict[str, Any]]) -> None:
        now_s = asyncio.get_running_loop().time()
        self._kept[token] = (now_s, rows)
        while len(self._kept) > _KEPT or now_s - next(iter(self._kept.values()))[0] > _KEPT_S:
            self._kept.popitem(last=False)


def _wanted(node: EdgeNodeDescriptor, arguments: SnapshotArgs) -> bool:
    by_group = not arguments.groups or "+" in arguments.groups or node.group_id in arguments.groups
    return by_group and (not arguments.nodes or str(node) in arguments.nodes)
