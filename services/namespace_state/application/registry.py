"""The service's heart: host events in, picture kept, projection, rebirths and reports out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

from namespace.contracts.canonical import EventFormatError
from namespace.contracts.event_log import EventRow
from namespace.contracts.event_metrics import LogMessage, read_log_metrics
from namespace.contracts.event_wire import row_to_json
from namespace.contracts.json_value import iso_ms
from namespace.contracts.namespace_state import NodesArgs, RebirthArgs
from namespace.isa95 import SITE_DEVICE_ID, EquipmentPath, EquipmentPathError
from namespace.runtime import Clock, EdgeNode, Logger, NotConnected, Page, QueryFailed, fit_page, to_ms
from namespace.sparkplug import (
    Data,
    DeviceBirth,
    EdgeNodeDescriptor,
    HostEvent,
    MetricValue,
    NodeBirth,
    NodeStale,
    RebirthWanted,
    Rejected,
)
from services.namespace_state.application.projector import Projector
from services.namespace_state.application.rebirths import RebirthDesk
from services.namespace_state.domain.entry import Address, Node, Source
from services.namespace_state.domain.picture import Picture
from services.namespace_state.domain.projection import place_root

_REPORT_S = 1.0
_EVENTS_WAITING = 10_000
_COMPLAINTS = 1_000
_EVENT_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,79}")


class Registry:
    """Keeps the picture and everything that follows from it.

    Args:
        picture: What is known.
        projector: Shows it as JSON.
        rebirths: Asks for what is missing.
        publish: Publishes an event, not retained.
        born: Told of each birth of an edge node.
        heard: Told what an MES node says of its event log.
        clock: Our clock.
        site: Events of other sites are not shown here.
        root: `uns/v1/<Enterprise>/<Site>`.
        log: For what people should know.
    """

    def __init__(
        self,
        picture: Picture,
        projector: Projector,
        rebirths: RebirthDesk,
        *,
        publish: Callable[[str, bytes], Awaitable[None]],
        born: Callable[[EdgeNodeDescriptor], None],
        heard: Callable[[str, LogMessage], None],
        clock: Clock,
        site: EquipmentPath,
        root: str,
        log: Logger,
    ) -> None:
        self._picture = picture
        self._projector = projector
        self._rebirths = rebirths
        self._publish = publish
        self._born = born
        self._heard = heard
        self._clock = clock
        self._site = site
        self._root = root
        self._log = log
        self._events: asyncio.Queue[EventRow] = asyncio.Queue(_EVENTS_WAITING)
        self._shown: dict[EdgeNodeDescriptor, tuple[UUID | None, int]] = {}
        self._complained: set[tuple[str, str]] = set()
        self._contested: dict[EdgeNodeDescriptor, frozenset[str]] = {}

    # -- what is heard

    def told(self, events: Iterable[HostEvent]) -> None:
        """Take in what the host session heard."""
        now_ms = to_ms(self._clock.now())
        for event in events:
            match event:
                case RebirthWanted(edge_node=node, reason=reason):
                    self._rebirths.want(node, reason)
                    continue
                case Rejected():
                    self._complain(event)
                case NodeStale(edge_node=node, reason=reason):
                    self._log.info("node_stale", node=str(node), reason=reason)
                case NodeBirth(edge_node=node):
                    self._rebirths.born(node)
                    self._born(node)
                    self._hear_log(node, event.metrics)
                case Data(edge_node=node, device_id=None):
                    self._hear_log(node, event.metrics)
            changes = self._picture.apply(event, now_ms)
            self._projector.vanished(changes.vanished)
            self._projector.update(changes.updated)
            match event:
                case NodeBirth(edge_node=node):
                    self._settle(Source(node.group_id, node.edge_node_id))
                    self._tell_conflicts(node)
                case DeviceBirth(edge_node=node, device_id=device_id):
                    self._settle(Source(node.group_id, node.edge_node_id, device_id))
                    self._tell_conflicts(node)

    def _tell_conflicts(self, node: EdgeNodeDescriptor) -> None:
        """Log what a birth claims and another producer has, when that changes."""
        known = self._picture.nodes.get(node)
        found = frozenset(self._conflict(address) for address in known.conflicts) if known is not None else frozenset()
        if found - self._contested.get(node, frozenset()):
            self._log.warning("metrics_claimed_twice", node=str(node), count=len(found), first=min(found))
        self._contested[node] = found

    def _complain(self, event: Rejected) -> None:
        """Log the first refusal of its kind on a topic; every one is counted."""
        complaint = (event.topic, event.reason)
        if complaint not in self._complained and len(self._complained) < _COMPLAINTS:
            self._complained.add(complaint)
            self._log.warning("payload_rejected", topic=event.topic, reason=event.reason, detail=event.detail)

    def _settle(self, source: Source) -> None:
        """A birth tells what its source has: what was retained for it before and is not in it goes."""
        self._projector.born(str(source), self._picture.entries_of(source))

    def _hear_log(self, node: EdgeNodeDescriptor, metrics: Iterable[MetricValue]) -> None:
        if not self._picture.is_ours(node):
            return  # event logs are the business of MES nodes
        try:
            message = read_log_metrics(metrics)
        except EventFormatError as error:
            self._log.warning("event_unreadable", node=str(node), error=str(error))
            return
        self._heard(str(node), message)
        epoch = message.log.epoch if message.log is not None else None
        shown_epoch, shown = self._shown.get(node, (None, 0))
        if epoch != shown_epoch and epoch is not None:
            shown = min(shown, (message.log.fork_seq or 0) if message.log is not None else 0)
        for row in message.rows:
            if row.seq > shown and not self._events.full():
                shown = row.seq
                self._events.put_nowait(row)
        self._shown[node] = (epoch or shown_epoch, shown)

    # -- what is said without being asked

    async def show_events(self) -> None:
        """Publish events at their place, as they are heard, until cancelled. Who must not miss one follows the log."""
        while True:
            row = await self._events.get()
            topic = self._event_topic(row)
            if topic is not None:
                document = json.dumps(row_to_json(row), ensure_ascii=False, separators=(",", ":")).encode()
                with contextlib.suppress(NotConnected):
                    await self._publish(topic, document)

    def _event_topic(self, row: EventRow) -> str | None:
        """Return where an event is shown; None for one that is not of this site."""
        try:
            place = EquipmentPath.parse(row.scope)
        except EquipmentPathError:
            return None
        is_here = place.is_within(self._site) and _EVENT_TYPE.fullmatch(row.type) is not None
        return f"{place_root(self._root, place)}/_event/{row.type}" if is_here else None

    async def report(self, node: EdgeNode) -> None:
        """Publish the counts at the site, once a second, until cancelled."""
        while True:
            node.set(SITE_DEVICE_ID, self._picture.counts())
            await asyncio.sleep(_REPORT_S)

    # -- what is asked

    async def nodes(self, arguments: NodesArgs) -> Page:
        """Answer `nodes`."""
        known = sorted(self._picture.nodes.values(), key=lambda node: node.edge_node)
        offset = int(arguments.cursor) if arguments.cursor and arguments.cursor.isdigit() else 0
        rows = [self._node_row(node) for node in known[offset : offset + arguments.limit]]
        count = fit_page(rows) if rows else 0
        following = offset + count
        return Page(rows[:count], str(following) if following < len(known) else None)

    async def rebirth(self, arguments: RebirthArgs) -> Page:
        """Answer `rebirth`."""
        node = EdgeNodeDescriptor(arguments.group_id, arguments.edge_node_id)
        if node not in self._picture.nodes:
            raise QueryFailed("UnknownNode", f"nothing was ever heard of edge node {node}")
        return Page({"asked": self._rebirths.want(node, arguments.reason or "asked")})

    def _node_row(self, node: Node) -> dict[str, Any]:
        return {
            "edge_node": str(node.edge_node),
            "group_id": node.edge_node.group_id,
            "edge_node_id": node.edge_node.edge_node_id,
            "state": node.state,
            "since": iso_ms(node.since_ms),
            "last_seen": iso_ms(node.last_seen_ms),
            "births": node.births,
            "bd_seq": node.bd_seq,
            "placed": node.is_placed,
            "rejected": dict(node.rejected),
            "ignored": dict(node.ignored),
            "devices": [{"device_id": device, "alive": alive} for device, alive in sorted(node.devices.items())],
            "conflicts": sorted(self._conflict(address) for address in node.conflicts),
        }

    def _conflict(self, address: Address) -> str:
        """Name what a node claims in vain, and who has it."""
        owner = self._picture.owner(address)
        return f"{address.place}: {address.metric}" + (f" (held by {owner})" if owner is not None else "")
