"""The host side of Sparkplug: births, data and deaths of any mix of edge nodes, made into events.

A state machine without I/O. It resolves aliases and data types by the births, checks the order of every edge
node's messages and waits a moment for late ones, knows what is current and what may be old, and says when a
rebirth is wanted. Whatever arrives, `receive` returns events and raises nothing. It subscribes to nothing,
sends nothing and keeps no history; commands and STATE messages on the stream are somebody else's and are
passed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from zlib import crc32

from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.sparkplug.errors import Reason, RemoteProtocolError, TopicError
from namespace.sparkplug.frame import parse_payload, seq_of
from namespace.sparkplug.host_event import (
    Data,
    DeviceDeath,
    HostEvent,
    Ignored,
    IgnoredReason,
    NodeStale,
    NodeState,
    NodeTrigger,
    RebirthWanted,
    Rejected,
    WantedReason,
)
from namespace.sparkplug.host_message import (
    APPLIERS,
    Applied,
    Reading,
    is_history,
    may_be_late,
    refuse_device_birth,
    take_next,
    take_over,
)
from namespace.sparkplug.host_node import HeldMessage, HostNode, Route
from namespace.sparkplug.host_settings import DEFAULT_SETTINGS, Heard, HostSettings
from namespace.sparkplug.metric_columns import MetricValue
from namespace.sparkplug.quick_walk import Walk
from namespace.sparkplug.rebirth_budget import RebirthBudget
from namespace.sparkplug.rebirth_wish import RebirthWish
from namespace.sparkplug.returning import Returning
from namespace.sparkplug.sequence import Order
from namespace.sparkplug.snapshot import NodeSnapshot
from namespace.sparkplug.topic import EdgeNodeDescriptor, MessageType, StateTopic, parse_topic


class HostSession:
    """What a host application knows of the edge nodes it hears.

    Args:
        settings: how it behaves.
    """

    def __init__(self, settings: HostSettings = DEFAULT_SETTINGS) -> None:
        self._settings = settings
        self._reading = Reading(settings.limits, settings.check_sequence, settings.max_devices, settings.max_metrics)
        self._nodes: dict[EdgeNodeDescriptor, HostNode] = {}
        self._routes: dict[str, Route] = {}
        self._attention: set[HostNode] = set()
        self._budget = RebirthBudget(settings.rebirths_per_s)
        self._connected = True
        self._returning = Returning(settings.rebirth_quiet_ms)
        self._events: list[HostEvent] = []
        self._walk: Walk | None = None

    def accelerate(self, walk: Walk | None) -> None:
        """Let plain data be read by a compiled step, or by it no longer; nothing else changes."""
        self._walk = walk if self._settings.check_sequence else None

    def receive(self, topic: str, payload: bytes, now_ms: int) -> list[HostEvent]:
        """Take in a message from the broker.

        Args:
            topic: as it came.
            payload: as it came, from anybody.
            now_ms: our clock, ms since the epoch, UTC.

        Returns:
            What it means, in order; more than one event where messages held back are released.
        """
        self._take_in(topic, payload, now_ms)
        return self._taken()

    def receive_batch(self, messages: Sequence[Heard], now_ms: int) -> list[HostEvent]:
        """Take in messages from the broker; the same as `receive` for each of them.

        Args:
            messages: as they came, in order.
            now_ms: our clock, ms since the epoch, UTC.

        Returns:
            What they mean, in order.
        """
        if self._walk is not None and self._connected:
            self._walk_through(self._walk, messages, now_ms)
        else:
            for message in messages:
                self._take_in(message.topic, message.payload, now_ms)
        return self._taken()

    def tick(self, now_ms: int) -> list[HostEvent]:
        """Let time pass: call it a few times a second while connected.

        Args:
            now_ms: our clock, ms since the epoch, UTC.

        Returns:
            Edge nodes that turn stale because a missing message did not come, devices that did not come back
            after a birth, and rebirths that are due.
        """
        if not self._connected:
            return []
        are_returning = self._returning.is_under_way(now_ms)
        for node in sorted(self._attention, key=lambda node: node.edge_node):
            self._expire(node, now_ms)
            if node.wish.expects_birth(now_ms) or not are_returning:
                self._ask(node, now_ms, has_evidence=False)
            if not node.needs_attention:
                self._attention.discard(node)
        return self._taken()

    def not_asked(self, edge_node: EdgeNodeDescriptor, now_ms: int) -> None:
        """Note that a rebirth that was wanted could not be asked for: it is wanted again soon.

        Args:
            edge_node: of whom.
            now_ms: our clock, ms since the epoch, UTC.
        """
        node = self._nodes.get(edge_node)
        if node is not None:
            node.wish.not_asked(now_ms)
            self._attention.add(node)

    def disconnected(self, now_ms: int) -> list[HostEvent]:
        """Note that our connection is gone: everything learned through it is stale (Sparkplug 3.0, 5.3)."""
        self._connected = False
        self._returning.disconnected()
        for node in self._nodes.values():
            self._lose(node, WantedReason.CONNECTION_LOST, now_ms)
            node.wish.fulfilled()
        return self._taken()

    def connected(self, now_ms: int) -> None:
        """Note that we are connected again; stale edge nodes will be wanted, spread over time.

        Who restores a snapshot feeds what arrived meanwhile before this: messages that a snapshot includes are known by their time then,
        also where more than 256 of an edge node came.
        """
        self._connected = True
        self._returning.connected(now_ms)
        for node in self._nodes.values():
            if node.state is NodeState.STALE:
                self._want(node, WantedReason.CONNECTION_LOST, now_ms, ask=False)

    def restore(
        self,
        snapshots: Iterable[NodeSnapshot],
        now_ms: int,
        *,
        meanwhile: Mapping[EdgeNodeDescriptor, Sequence[Heard]] | None = None,
    ) -> list[HostEvent]:
        """Take over what another host knows, then feed what arrived meanwhile through `receive`.

        An edge node whose birth was heard in the meantime is left as it is: that is newer. So is one of which we know more than the
        snapshot, from a registry that fell behind: a later birth, or the death that followed this one.

        Args:
            snapshots: from `snapshot`, over whatever way.
            now_ms: our clock, ms since the epoch, UTC.
            meanwhile: messages since the snapshot was asked for, by edge node, that were taken in at once: where the snapshot is news, they
                meant little without it and are taken in again.
        """
        restored: list[EdgeNodeDescriptor] = []
        for snapshot in snapshots:
            node = self._node(snapshot.edge_node)
            if node is None:
                self._events.append(Rejected(str(snapshot.edge_node), Reason.NODE_COUNT, "too many edge nodes"))
            elif not node.is_online:
                events, is_taken_over = take_over(node, snapshot, now_ms)
                self._events += events
                restored += [node.edge_node] if is_taken_over else []
        was_connected, self._connected = self._connected, False  # what a snapshot includes is known by its time then
        for edge_node in restored:
            for message in (meanwhile or {}).get(edge_node, ()):
                self._take_in(message.topic, message.payload, now_ms)
        self._connected = was_connected
        return self._taken()

    def snapshot(self, edge_node: EdgeNodeDescriptor) -> NodeSnapshot | None:
        """Return what is known of an edge node, for another host; None before its first birth."""
        node = self._nodes.get(edge_node)
        return None if node is None or node.state is NodeState.UNKNOWN else node.snapshot()

    def forget(self, edge_node: EdgeNodeDescriptor) -> None:
        """Drop everything about an edge node."""
        node = self._nodes.pop(edge_node, None)
        if node is not None:
            self._attention.discard(node)
            self._routes = {text: route for text, route in self._routes.items() if route.node is not node}

    def edge_nodes(self) -> tuple[EdgeNodeDescriptor, ...]:
        """Return every edge node that was ever heard of."""
        return tuple(self._nodes)

    def state(self, edge_node: EdgeNodeDescriptor) -> NodeState:
        """Return how much of what is known of an edge node is true now."""
        node = self._nodes.get(edge_node)
        return NodeState.UNKNOWN if node is None else node.state

    def devices(self, edge_node: EdgeNodeDescriptor) -> dict[str, bool]:
        """Return the devices of an edge node and whether each is alive."""
        node = self._nodes.get(edge_node)
        return {} if node is None else {name: device.alive for name, device in node.devices.items()}

    def metrics(self, edge_node: EdgeNodeDescriptor, device_id: str | None = None) -> tuple[MetricValue, ...]:
        """Return the last known value of every metric of an edge node or device."""
        node = self._nodes.get(edge_node)
        table = None if node is None else node.table_of(device_id)
        return () if table is None else table.values()

    def _taken(self) -> list[HostEvent]:
        taken, self._events = self._events, []
        return taken

    def _route(self, text: str) -> Route | None:
        try:
            topic = parse_topic(text)
        except TopicError as error:
            self._events.append(Rejected(text[:_SHOWN], error.reason, error.detail))
            return None
        if isinstance(topic, StateTopic) or topic.message_type.is_command:
            return None
        node = self._node(topic.edge_node)
        if node is None:
            self._events.append(Rejected(text[:_SHOWN], Reason.NODE_COUNT, "too many edge nodes"))
            return None
        route = Route(node, topic, text)
        if topic.device_id is None or topic.device_id in node.devices:
            self._routes[text] = route
        return route

    def _node(self, edge_node: EdgeNodeDescriptor) -> HostNode | None:
        node = self._nodes.get(edge_node)
        if node is None and len(self._nodes) < self._settings.max_nodes:
            wish = RebirthWish(self._settings.rebirth_interval_ms, self._settings.rebirth_attempts)
            node = self._nodes[edge_node] = HostNode(edge_node, wish)
        return node

    def _take_in(self, topic: str, payload: bytes, now_ms: int) -> None:
        route = self._routes.get(topic) or self._route(topic)
        if route is None:
            return
        try:
            message = parse_payload(payload, self._settings.limits)
            if not (route.is_data and self._take_next(route, message, now_ms)):
                self._dispatch(route, message, len(payload), now_ms)
        except RemoteProtocolError as error:
            self._reject(route, error, now_ms)

    def _walk_through(self, walk: Walk, messages: Sequence[Heard], now_ms: int) -> None:
        """Have the compiled step do what parsing and `_take_next` would do, and do what it leaves."""
        limits, position = self._settings.limits, 0
        while True:
            position = walk(
                messages, position, self._routes, self._events, now_ms, limits.payload_bytes, limits.metrics
            )
            if position == len(messages):
                return
            self._take_in(messages[position].topic, messages[position].payload, now_ms)
            position += 1

    def _take_next(self, route: Route, message: pb.Payload, now_ms: int) -> bool:
        """Take in data whose turn it is: nearly all there is; tell whether it was."""
        if not (self._settings.check_sequence and self._connected):
            return False
        told = take_next(route, message, self._settings.limits, now_ms)
        if isinstance(told, Data):
            self._events.append(told)
        elif told is not None:
            self._note(route, told, now_ms)
        return told is not None

    def _dispatch(self, route: Route, message: pb.Payload, size: int, now_ms: int) -> None:
        message_type = route.topic.message_type
        out_of_band = message_type is MessageType.NBIRTH or message_type is MessageType.NDEATH
        if out_of_band or not self._settings.check_sequence:
            session, is_answer = route.node.bd_seq, route.node.wish.expects_birth(now_ms)
            self._apply(route, message, now_ms)
            if route.node.bd_seq != session and not is_answer:
                self._returning.one_is_back(now_ms)
            if route.node.window.is_waiting:
                self._release(route.node, now_ms)
        else:
            self._in_order(route, message, size, now_ms)

    def _in_order(self, route: Route, message: pb.Payload, size: int, now_ms: int) -> None:
        node, seq, sent_at = route.node, seq_of(message), message.timestamp
        if seq is None:
            raise RemoteProtocolError(Reason.SEQ, "no seq, which every message but NDEATH carries")
        if not node.is_online:
            self._ignore(route, IgnoredReason.AWAITING_BIRTH)
            self._want(node, WantedReason.NO_BIRTH, now_ms)
            return
        if sent_at < node.born_at and may_be_late(node, message, now_ms, self._settings.reorder_timeout_ms):
            self._ignore(route, IgnoredReason.OLDER_THAN_BIRTH)
            return
        if not self._connected and node.window.is_included(sent_at) and not is_history(message):
            self._ignore(route, IgnoredReason.REPEATED)
            return
        order = node.window.place(seq, sent_at)
        if order is Order.NEXT:
            self._accept(route, message, now_ms)
            if node.window.is_waiting:
                self._release(node, now_ms)
        elif order is Order.REPEATED:
            self._ignore(route, IgnoredReason.REPEATED)
        elif order is Order.CONFLICT or node.held_bytes + size > self._settings.max_held_bytes:
            self._lose(node, WantedReason.SEQUENCE_CONFLICT, now_ms)
        else:
            node.hold(seq, sent_at, HeldMessage(route, message, size), now_ms)
            self._attention.add(node)
            self._expire(node, now_ms)

    def _accept(self, route: Route, message: pb.Payload, now_ms: int) -> None:
        node, sent_at = route.node, message.timestamp
        node.window.accept(sent_at)
        node.sent_at = max(node.sent_at, sent_at)
        try:
            self._apply(route, message, now_ms)
        except RemoteProtocolError as error:
            self._reject(route, error, now_ms)

    def _apply(self, route: Route, message: pb.Payload, now_ms: int) -> None:
        self._note(route, APPLIERS[route.topic.message_type](route, message, self._reading, now_ms), now_ms)

    def _note(self, route: Route, applied: Applied, now_ms: int) -> None:
        self._events += applied.events
        if applied.wanted is not None:
            self._want(route.node, applied.wanted, now_ms)
        if route.node.needs_attention:
            self._attention.add(route.node)

    def _release(self, node: HostNode, now_ms: int) -> None:
        for _, held in node.window.release():
            node.held_bytes -= held.size
            self._accept(held.route, held.message, now_ms)
        node.gap_since = now_ms if node.window.is_waiting else None

    def _expire(self, node: HostNode, now_ms: int) -> None:
        timeout_ms = self._settings.reorder_timeout_ms
        if node.gap_since is not None and now_ms - node.gap_since >= timeout_ms:
            self._lose(node, WantedReason.SEQUENCE_GAP, now_ms)
        if node.awaited and now_ms - node.born_here_at >= timeout_ms:
            self._events.extend(DeviceDeath(node.edge_node, device_id, now_ms) for device_id in sorted(node.awaited))
            node.awaited = set()

    def _lose(self, node: HostNode, reason: WantedReason, now_ms: int) -> None:
        """Note that something about an edge node is missing or unreadable."""
        dropped = len(node.drop_held())
        if node.move(NodeTrigger.LOST):
            self._events.append(NodeStale(node.edge_node, reason, now_ms, dropped))
        self._want(node, reason, now_ms)

    def _want(self, node: HostNode, reason: WantedReason, now_ms: int, *, ask: bool = True) -> None:
        if not (self._settings.check_sequence and self._connected):
            return
        spread_ms = self._settings.rebirth_spread_ms
        delay_ms = crc32(str(node.edge_node).encode()) % spread_ms if spread_ms else 0
        node.wish.want(reason, now_ms, delay_ms)
        self._attention.add(node)
        if ask:
            self._ask(node, now_ms, has_evidence=True)

    def _ask(self, node: HostNode, now_ms: int, *, has_evidence: bool) -> None:
        if not (node.wish.is_due(now_ms, has_evidence=has_evidence) and self._budget.take(now_ms)):
            return
        reason = node.wish.ask(now_ms, has_evidence=has_evidence)
        if reason is not None:
            self._events.append(RebirthWanted(node.edge_node, reason))

    def _reject(self, route: Route, error: RemoteProtocolError, now_ms: int) -> None:
        """Tell of a message that could not be used; a birth among them takes what it would have replaced."""
        self._events.append(Rejected(route.text[:_SHOWN], error.reason, error.detail))
        if route.topic.message_type is MessageType.NBIRTH:
            self._lose(route.node, WantedReason.BIRTH_REFUSED, now_ms)
        elif route.topic.message_type is MessageType.DBIRTH:
            self._events += refuse_device_birth(route, now_ms)
            self._want(route.node, WantedReason.BIRTH_REFUSED, now_ms)

    def _ignore(self, route: Route, reason: IgnoredReason) -> None:
        self._events.append(Ignored(route.text, reason))


_SHOWN: Final = 200
"""How much of a topic an event repeats."""
