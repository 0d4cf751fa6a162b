"""The picture of the namespace: every edge node and metric that was ever heard, and how far it can be trusted.

It is a fold over host events. It does not decide what is sent where; `projection` says how an entry looks from outside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from namespace.isa95 import Claims, EquipmentPath, EquipmentPathError, ForeignPlaces, MappingRules
from namespace.sparkplug import (
    Columns,
    Data,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeDescriptor,
    HostEvent,
    Ignored,
    MetricValue,
    NodeBirth,
    NodeDeath,
    NodeStale,
    Quality,
    Rejected,
    Slot,
    TopicError,
    parse_topic,
)
from namespace.sparkplug import Topic as SparkplugTopic
from services.namespace_state.domain.entry import NEVER, Address, Changes, Entry, Node, Source

_OWN = "mes-"
_MOST_NODES = 20_000
_PROTOCOL = frozenset({"bdSeq", "Node Control/Rebirth"})


class Picture:
    """Everything that is known, by source and by address.

    Args:
        site: The site; its own services place themselves by their device ids.
        rules: Where foreign metrics belong.
    """

    def __init__(self, site: EquipmentPath, rules: MappingRules) -> None:
        self._site = site
        self._own_group = site.group_id
        self._foreign = ForeignPlaces(rules)
        self.nodes: dict[EdgeNodeDescriptor, Node] = {}
        self._entries: dict[Source, dict[str, Entry]] = {}
        self._sources: dict[EdgeNodeDescriptor, list[Source]] = {}
        self._claims: Claims[Address, Entry] = Claims(self._is_gone)
        self._handed: frozenset[tuple[EdgeNodeDescriptor, str | None, str]] = frozenset()
        self._displaced: list[Entry] = []
        self._strays = 0
        self._stale_entries = 0

    # -- reading

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, in no order."""
        for by_name in self._entries.values():
            yield from by_name.values()

    def entries_of(self, source: Source) -> Iterable[Entry]:
        """Return every entry of one source."""
        return self._entries.get(source, {}).values()

    def owner(self, address: Address) -> Source | None:
        """Return who has an address; None where nobody does."""
        owner = self._claims.owner(address)
        return None if owner is None else owner.source

    def quarantined(self, edge_node: EdgeNodeDescriptor, device_id: str | None) -> Collection[str]:
        """Return the names of a source's metrics whose place another source has."""
        node = self.nodes.get(edge_node)
        if node is None or not node.conflicts:
            return ()
        entries = self.entries_of(Source(edge_node.group_id, edge_node.edge_node_id, device_id or ""))
        return {entry.name for entry in entries if entry.contested is not None}

    def is_ours(self, edge_node: EdgeNodeDescriptor) -> bool:
        """Return whether an edge node is an MES service of this site."""
        return edge_node.group_id == self._own_group and edge_node.edge_node_id.startswith(_OWN)

    def sources(self) -> frozenset[str]:
        """Return who has been born since the start, as `group/node[/device]`."""
        return frozenset(str(source) for source in self._entries)

    def counts(self) -> dict[str, int]:
        """Return the figures published at the site, by metric name."""
        return {
            "Namespace/Nodes": len(self.nodes),
            "Namespace/NodesOnline": sum(node.state == "online" for node in self.nodes.values()),
            "Namespace/Devices": sum(len(node.devices) for node in self.nodes.values()),
            "Namespace/Metrics": sum(map(len, self._entries.values())),
            "Namespace/Stale": self._stale_entries,
            "Namespace/Unplaced": sum(not node.is_placed for node in self.nodes.values()),
            "Namespace/Conflicts": sum(len(node.conflicts) for node in self.nodes.values()),
            "Namespace/Rejected": self._strays + sum(node.rejected.total() for node in self.nodes.values()),
        }

    # -- folding

    def handed(self, quarantined: Iterable[tuple[EdgeNodeDescriptor, str | None, str]]) -> None:
        """Take over which metrics are quarantined with who hands over the births that are restored next."""
        self._handed = frozenset(quarantined)

    def apply(self, event: HostEvent, now_ms: int) -> Changes:
        """Take in one event and return what it changed.

        Args:
            event: From the host session.
            now_ms: Our clock, ms since the epoch, UTC.
        """
        match event:
            case NodeBirth():
                return self._node_born(event, now_ms)
            case DeviceBirth(edge_node=edge_node, device_id=device_id, metrics=metrics, restored=restored):
                self._node(edge_node).devices[device_id] = True
                source = Source(edge_node.group_id, edge_node.edge_node_id, device_id)
                return self._born(source, metrics, restored=restored)
            case Data(edge_node=edge_node, device_id=device_id, columns=columns):
                self._node(edge_node).last_seen_ms = now_ms
                source = Source(edge_node.group_id, edge_node.edge_node_id, device_id or "")
                if columns is None or columns.unusual is not None:
                    return self._data(source, event.metrics)
                return self._columns(source, columns)
            case NodeDeath(edge_node=edge_node) | NodeStale(edge_node=edge_node):
                node = self._node(edge_node)
                self._move(node, "offline" if isinstance(event, NodeDeath) else "stale", now_ms)
                node.devices = dict.fromkeys(node.devices, False) if isinstance(event, NodeDeath) else node.devices
                return Changes(updated=tuple(self._stale(self._sources.get(edge_node, ()))))
            case DeviceDeath(edge_node=edge_node, device_id=device_id):
                self._node(edge_node).devices[device_id] = False
                return Changes(
                    updated=tuple(self._stale([Source(edge_node.group_id, edge_node.edge_node_id, device_id)]))
                )
            case Rejected(topic=topic, reason=reason):
                self._count(topic, now_ms, rejected=reason)
            case Ignored(topic=topic, reason=reason):
                self._count(topic, now_ms, ignored=reason)
        return Changes()

    def _node(self, edge_node: EdgeNodeDescriptor) -> Node:
        node = self.nodes.get(edge_node)
        if node is None:
            node = self.nodes[edge_node] = Node(edge_node)
        return node

    def _node_born(self, event: NodeBirth, now_ms: int) -> Changes:
        node = self._node(event.edge_node)
        node.births += 1
        node.bd_seq = event.bd_seq
        node.last_seen_ms = now_ms
        self._move(node, "online", now_ms)
        source = Source(event.edge_node.group_id, event.edge_node.edge_node_id)
        return self._born(source, event.metrics, restored=event.restored)

    def _move(self, node: Node, state: str, now_ms: int) -> None:
        if node.state != state:
            node.state, node.since_ms = state, now_ms

    def _born(self, source: Source, metrics: Iterable[MetricValue], *, restored: bool) -> Changes:
        """A birth names everything its source has: what is not in it has vanished."""
        known = self._entries_for(source)
        born = {metric.name: metric for metric in metrics if metric.name not in _PROTOCOL}
        moved = self._foreign.born(
            source.group_id, source.edge_node_id, source.device_id or None, ((m.name, m.value) for m in born.values())
        )
        vanished = [self._forget(known.pop(name)) for name in [name for name in known if name not in born]]
        vanished += [self._move_entry(entry) for entry in known.values() if moved]
        vanished += [self._settle(entry, restored=restored) for entry in known.values()]
        updated = [self._put(source, metric, restored=restored) for metric in born.values()]
        updated += self._displaced
        self._displaced = []
        return Changes(tuple(updated), tuple(address for address in vanished if address is not None))

    def _data(self, source: Source, metrics: Iterable[MetricValue]) -> Changes:
        updated = [self._put(source, m) for m in metrics if not m.is_historical and m.name not in _PROTOCOL]
        return Changes(tuple(updated))

    def _columns(self, source: Source, columns: Columns) -> Changes:
        """Take plain current values, nearly all there is, without an object apiece. Which entry a slot is, is found once."""
        updated: list[Entry] = []
        for slot, value, timestamp in zip(columns.slots, columns.values, columns.timestamps, strict=True):
            entry, quality = slot.memo or self._known(source, slot)
            if entry is not None:
                entry.value = value
                entry.timestamp_ms = timestamp
                if entry.quality != quality:
                    self._grade(entry, quality)
                updated.append(entry)
        return Changes(tuple(updated))

    def _known(self, source: Source, slot: Slot) -> tuple[Entry | None, int]:
        """Find the entry of a slot; it and what its properties say stay as they are for as long as the slot is there."""
        entry = None if slot.name in _PROTOCOL else self._put(source, slot.as_value())
        known = slot.memo = (entry, int(Quality.GOOD) if entry is None else entry.quality)
        return known

    def _entries_for(self, source: Source) -> dict[str, Entry]:
        known = self._entries.get(source)
        if known is None:
            known = self._entries[source] = {}
            self._sources.setdefault(EdgeNodeDescriptor(source.group_id, source.edge_node_id), []).append(source)
        return known

    def _put(self, source: Source, metric: MetricValue, *, restored: bool = False) -> Entry:
        known = self._entries_for(source)
        unit = metric.properties.value("engUnit") if metric.properties is not None else None
        declared = metric.properties.quality if metric.properties is not None else None
        entry = known.get(metric.name)
        if entry is None:
            entry = known[metric.name] = Entry(source, metric.name, None, metric.datatype, None, 0, Quality.GOOD, None)
            entry.move(self._address(source, metric.name))
            self._claim(entry, restored=restored)
        entry.datatype = metric.datatype
        entry.value = metric.value
        entry.timestamp_ms = metric.timestamp
        self._grade(entry, Quality.GOOD if declared is None else declared)
        entry.unit = unit if isinstance(unit, str) else entry.unit
        return entry

    def _stale(self, sources: Iterable[Source]) -> Iterator[Entry]:
        for source in sources:
            for entry in self._entries.get(source, {}).values():
                if entry.quality != Quality.STALE:
                    self._grade(entry, Quality.STALE)
                    yield entry

    def _grade(self, entry: Entry, quality: int) -> None:
        """Give an entry its quality, and count those that are stale: to go through all of them every second would be much work."""
        self._stale_entries += (quality == Quality.STALE) - (entry.quality == Quality.STALE)
        entry.quality = quality

    def _forget(self, entry: Entry) -> Address | None:
        self._grade(entry, Quality.GOOD)
        entry.shown = NEVER
        return self._drop(entry)

    def _drop(self, entry: Entry) -> Address | None:
        if entry.contested is not None:
            self._node_of(entry.source).conflicts.discard(entry.contested)
        if self._claims.give_up(entry.address, entry):
            return entry.address
        return entry.address if entry.address.source is not None else None

    def _move_entry(self, entry: Entry) -> Address | None:
        """Give an entry the address that its source tells now; return the one it leaves, if it leaves one."""
        address = self._address(entry.source, entry.name)
        if address in {entry.address, entry.contested}:
            return None
        left = self._drop(entry)
        entry.move(address)
        self._claim(entry)
        return left

    def _settle(self, entry: Entry, *, restored: bool) -> Address | None:
        """Give a contested address to whoever is reborn after its owner has given it up or is gone; return the one it leaves."""
        left, contested = entry.address, entry.contested
        if contested is None:
            if not (restored and self._is_refused(entry) and self._claims.give_up(left, entry)):
                return None
            self._quarantine(entry)
            return left
        self._node_of(entry.source).conflicts.discard(contested)
        shown = entry.shown
        entry.move(contested)
        if not self._claim(entry, restored=restored):
            entry.shown = shown  # it stays where it is
            return None
        return left

    # -- where it belongs, and whose it is

    def _address(self, source: Source, name: str) -> Address:
        if self.is_ours(EdgeNodeDescriptor(source.group_id, source.edge_node_id)):
            if not source.device_id:
                return Address(self._site, f"Services/{source.edge_node_id}/{name}")
            try:
                return Address(EquipmentPath.from_sparkplug(source.group_id, source.device_id), name)
            except EquipmentPathError:
                return Address(None, name, source)
        placement = self._foreign.resolve(source.group_id, source.edge_node_id, source.device_id or None, name)
        if placement is None:
            return Address(None, name, source)
        return Address(placement.place, placement.metric)

    def _claim(self, entry: Entry, *, restored: bool = False) -> bool:
        """Claim the address of an entry; one that another has is shown under its own ids and named as a conflict."""
        if entry.placed is None:
            return True
        self._node_of(entry.source).is_placed = True
        if restored and self._is_refused(entry):
            self._quarantine(entry)
            return False
        claim = self._claims.claim(entry.placed, entry, is_entitled=restored)
        if not claim.is_given:
            self._quarantine(entry)
        if claim.displaced is not None:
            self._quarantine(claim.displaced)
            self._displaced.append(claim.displaced)
        return claim.is_given

    def _quarantine(self, entry: Entry) -> None:
        contested = entry.address
        self._node_of(entry.source).conflicts.add(contested)
        entry.move(Address(None, entry.name, entry.source), contested)

    def _is_refused(self, entry: Entry) -> bool:
        source = entry.source
        node = EdgeNodeDescriptor(source.group_id, source.edge_node_id)
        return bool(self._handed) and (node, source.device_id or None, entry.name) in self._handed

    def _is_gone(self, entry: Entry) -> bool:
        node = self._node_of(entry.source)
        return node.state == "offline" or not node.devices.get(entry.source.device_id, True)

    def _node_of(self, source: Source) -> Node:
        return self._node(EdgeNodeDescriptor(source.group_id, source.edge_node_id))

    def _count(self, topic: str, now_ms: int, *, rejected: str | None = None, ignored: str | None = None) -> None:
        try:
            parsed = parse_topic(topic)
        except TopicError:
            parsed = None
        is_known = isinstance(parsed, SparkplugTopic) and parsed.edge_node in self.nodes
        if rejected is not None and not is_known and (parsed is None or len(self.nodes) >= _MOST_NODES):
            self._strays += 1  # nobody to blame, or more names than a site has
        elif isinstance(parsed, SparkplugTopic):
            node = self._node(parsed.edge_node)
            node.last_seen_ms = now_ms
            if rejected is not None:
                node.rejected[rejected] += 1
            if ignored is not None:
                node.ignored[ignored] += 1
