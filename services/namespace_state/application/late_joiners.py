"""The snapshot query: all rows of one answer are of one instant, kept while they are paged."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from namespace.contracts.namespace_state import SnapshotArgs
from namespace.contracts.snapshot import snapshot_rows
from namespace.runtime import Page, QueryFailed, fit_page
from namespace.sparkplug import EdgeNodeDescriptor, NodeSnapshot

_KEPT = 32
_KEPT_S = 60.0


class LateJoiners:
    """Answers `snapshot`.

    Args:
        nodes: Every edge node known.
        snapshot: What is known of one; None before its first birth.
    """

    def __init__(
        self,
        nodes: Callable[[], tuple[EdgeNodeDescriptor, ...]],
        snapshot: Callable[[EdgeNodeDescriptor], NodeSnapshot | None],
    ) -> None:
        self._nodes = nodes
        self._snapshot = snapshot
        self._kept: OrderedDict[str, tuple[float, list[dict[str, Any]]]] = OrderedDict()

    async def answer(self, arguments: SnapshotArgs) -> Page:
        """Return one page of a snapshot; the first page takes it, the cursor names it."""
        if arguments.cursor is None:
            rows = [row for node in self._nodes() if _wanted(node, arguments) for row in self._rows(node)]
            return self._page("", rows, 0)
        token, _, offset = arguments.cursor.partition(":")
        kept = self._kept.get(token)
        if kept is None or not offset.isdigit():
            raise QueryFailed("SnapshotGone", "this snapshot is kept no more; begin again without a cursor")
        return self._page(token, kept[1], int(offset))

    def _rows(self, node: EdgeNodeDescriptor) -> list[dict[str, Any]]:
        snapshot = self._snapshot(node)
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
