"""Answering the `snapshot` query: what one listener knows, for another that joins late.

A snapshot is put together as it is asked for, a page at a time, so that a site of any size holds nobody up: all rows of one edge node are
of one instant, those of two need not be. Who asks has heard what happened meanwhile since before his first question. Who has not joined
himself says so at once, so that nobody takes little for everything.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

from namespace.contracts.snapshot import SnapshotArgs, snapshot_rows
from namespace.runtime.errors import QueryFailed
from namespace.runtime.queries import Page, Pages
from namespace.sparkplug import EdgeNodeDescriptor, HostSession, NodeState

Quarantine = Callable[[EdgeNodeDescriptor, str | None], Collection[str]]
"""Names the metrics of an edge node's device (None: its own) whose place another producer has."""

_KEPT = 32
_KEPT_S = 60.0


class _Telling:
    """A snapshot on its way: what is still to be told, and the last page, in case it did not arrive."""

    def __init__(self, token: str, rows: Iterator[dict[str, Any]]) -> None:
        self._token = token
        self._pages = Pages(rows)
        self._number = -1
        self._page = Page([])
        self.asked_s = 0.0

    def page(self, number: int) -> Page:
        """Return a page, the one after the last or that one again.

        Raises:
            QueryFailed: It is another.
        """
        if number == self._number + 1:
            self._number = number
            rows, is_last = self._pages.next()
            self._page = Page(rows, None if is_last else f"{self._token}:{number + 1}")
        elif number != self._number:
            raise _gone()
        return self._page


def _nothing(_node: EdgeNodeDescriptor, _device_id: str | None) -> Collection[str]:
    return ()


class SnapshotDesk:
    """Answers `snapshot`.

    Args:
        core: Whose knowledge is told.
        is_joined: Whether that is up to date.
        with_stale: Whether edge nodes of which something was missed are told too, as ones that are not there.
        quarantined: Says which metrics are not taken for their place's: who joins late takes the others.
    """

    def __init__(
        self, core: HostSession, is_joined: Callable[[], bool], *, with_stale: bool, quarantined: Quarantine = _nothing
    ) -> None:
        self._core = core
        self._is_joined = is_joined
        self._with_stale = with_stale
        self._quarantined = quarantined
        self._kept: OrderedDict[str, _Telling] = OrderedDict()

    async def answer(self, arguments: SnapshotArgs) -> Page:
        """Return one page of a snapshot; without a cursor it begins one, which the cursor of each page goes on with."""
        if not self._is_joined():
            self._kept.clear()  # what is known may be old from here on: they would go on as if it were not
            raise QueryFailed(
                "NotJoined", "this service has not joined the namespace itself yet; ask again in a moment"
            )
        if arguments.cursor is None:
            token, number = uuid4().hex, "0"
            nodes = [node for node in self._core.edge_nodes() if _wanted(node, arguments)]
            telling = _Telling(token, self._rows(nodes))
        else:
            token, _, number = arguments.cursor.partition(":")
            known = self._kept.pop(token, None)
            if known is None or not number.isdecimal():
                raise _gone()
            telling = known
        page = telling.page(int(number))
        self._keep(token, telling)
        return page

    def _rows(self, nodes: Iterable[EdgeNodeDescriptor]) -> Iterator[dict[str, Any]]:
        for node in nodes:
            snapshot = self._core.snapshot(node)
            if snapshot is not None and (self._with_stale or self._core.state(node) is not NodeState.STALE):
                yield from snapshot_rows(snapshot, partial(self._quarantined, node))

    def _keep(self, token: str, telling: _Telling) -> None:
        telling.asked_s = now_s = asyncio.get_running_loop().time()
        self._kept[token] = telling
        while len(self._kept) > _KEPT or now_s - next(iter(self._kept.values())).asked_s > _KEPT_S:
            self._kept.popitem(last=False)


def _gone() -> QueryFailed:
    return QueryFailed("SnapshotGone", "this snapshot is kept no more; begin again without a cursor")


def _wanted(node: EdgeNodeDescriptor, arguments: SnapshotArgs) -> bool:
    by_group = not arguments.groups or "+" in arguments.groups or node.group_id in arguments.groups
    return by_group and (not arguments.nodes or str(node) in arguments.nodes)
