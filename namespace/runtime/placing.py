"""The site's mapping rules with a memory: where a node's metrics belong and whose they are, for which places it speaks, and since when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from namespace.isa95 import Claims, EquipmentPath, ForeignPlaces, MappingRules, Placement
from namespace.sparkplug import EdgeNodeDescriptor, MetricValue

Device = tuple[EdgeNodeDescriptor, str | None]
"""A device of an edge node, or, with None, the node itself."""

Quarantined = tuple[EdgeNodeDescriptor, str | None, str]
"""A metric, by the name that its edge node or device gives it, whose place another producer has."""

_BROKEN = -1
"""A bdSeq that no session has."""


class Places:
    """Resolves foreign metrics by the site's rules, each name once, and takes a metric of a place from one producer alone.

    A metric that another producer has is quarantined: it is unplaced here, so that nobody mixes the two.

    Args:
        rules: The site's.

    Attributes:
        quarantines: How often it has changed what is quarantined.
    """

    def __init__(self, rules: MappingRules) -> None:
        self._foreign = ForeignPlaces(rules)
        self._known: dict[Device, dict[str, Placement | None]] = {}
        self.quarantines = 0
        self._quarantined: dict[Device, set[str]] = {}
        self._gone: set[Device] = set()
        self._claims: Claims[Placement, Device] = Claims(self._gone.__contains__)
        self._handed: frozenset[Quarantined] = frozenset()

    def handed(self, quarantined: Iterable[Quarantined]) -> None:
        """Take over which metrics are quarantined with who hands over the births that are restored next."""
        self._handed = frozenset(quarantined)

    def born(
        self, node: EdgeNodeDescriptor, device: str | None, metrics: Iterable[MetricValue], *, restored: bool = False
    ) -> frozenset[EquipmentPath]:
        """Take note of a birth, before its metrics are asked for: it may tell where it is.

        Args:
            node: The edge node.
            device: Its device; None for the node itself.
            metrics: All that it has from now on.
            restored: Another listener, who has heard everything, tells of the birth: his is the word on whose a metric is.

        Returns:
            Places that it leaves: it spoke for them, and nobody does any more.
        """
        source = (node, device)
        before, known = self.of_device(node, device), self._known.setdefault(source, {})
        said = {metric.name: metric.value for metric in metrics}
        self._gone.discard(source)
        has_moved = self._foreign.born(node.group_id, node.edge_node_id, device, said.items())
        left = [known.pop(name) for name in list(known) if has_moved or name not in said]
        for name in said:
            if name not in known:
                known[name] = self._foreign.resolve(node.group_id, node.edge_node_id, device, name)
        if left:
            kept = set(known.values())
            for placement in left:
                if placement is not None and placement not in kept:
                    self._claims.give_up(placement, source)
        self._claim_all(source, known, restored=restored)
        return frozenset(place for place in before - self.of_device(node, device) if not self._is_spoken_for(place))

    def node_died(self, node: EdgeNodeDescriptor) -> None:
        """Note that a node is gone with its devices: who is born next may have what they had."""
        self._gone.update(source for source in self._known if source[0] == node)

    def device_died(self, node: EdgeNodeDescriptor, device: str) -> None:
        """Note that a device is gone: who is born next may have what it had."""
        self._gone.add((node, device))

    def resolve(self, node: EdgeNodeDescriptor, device: str | None, metric: str) -> Placement | None:
        """Return where a metric belongs and what it is called there; None for an unplaced or quarantined one."""
        source = (node, device)
        known = self._known.get(source, {})
        if metric in known:
            quarantined = self._quarantined.get(source)
            return None if quarantined and metric in quarantined else known[metric]
        placement = self._foreign.resolve(
            node.group_id, node.edge_node_id, device, metric
        )  # of somebody who was never born
        return None if placement is None or self._claims.owner(placement) not in {None, source} else placement

    def of_device(self, node: EdgeNodeDescriptor, device: str | None) -> frozenset[EquipmentPath]:
        """Return the places for which a device (or the node itself, None) has spoken."""
        source = (node, device)
        quarantined = self._quarantined.get(source, ())
        placements = self._known.get(source, {}).items()
        return frozenset(p.place for name, p in placements if p is not None and name not in quarantined)

    def of_node(self, node: EdgeNodeDescriptor) -> frozenset[EquipmentPath]:
        """Return the places for which a node or any of its devices has spoken."""
        return frozenset(
            place for known, device in self._known if known == node for place in self.of_device(node, device)
        )

    def quarantined(self, node: EdgeNodeDescriptor, device: str | None) -> Collection[str]:
        """Return the names of a device's metrics that another producer has."""
        return self._quarantined.get((node, device), ())

    @property
    def quarantined_count(self) -> int:
        """How many metrics are claimed in vain."""
        return sum(map(len, self._quarantined.values()))

    def rivals(self) -> Iterator[str]:
        """Yield, in words, each metric that is claimed in vain: where it would stand, who claims it and who has it."""
        for source, names in sorted(self._quarantined.items(), key=lambda item: _spelled(item[0])):
            for name in sorted(names):
                placement = self._known[source][name]
                assert placement is not None, "what has no place cannot be claimed"
                owner = self._claims.owner(placement)
                held = "" if owner is None else f", which {_spelled(owner)} has"
                yield f"{_spelled(source)} claims {placement.place}: {placement.metric}{held}"

    def _claim_all(self, source: Device, known: Mapping[str, Placement | None], *, restored: bool) -> None:
        quarantined: set[str] = set()
        given: set[Placement] = set()
        for name, placement in known.items():
            if placement is None:
                continue
            refused = restored and (*source, name) in self._handed
            if refused and placement not in given:
                self._claims.give_up(placement, source)
            if refused or placement in given:
                quarantined.add(name)
                continue
            claim = self._claims.claim(placement, source, is_entitled=restored)
            if claim.is_given:
                given.add(placement)
            else:
                quarantined.add(name)
            if claim.displaced is not None:
                self._displace(claim.displaced, placement)
        if quarantined != self._quarantined.pop(source, set()):
            self.quarantines += 1
        if quarantined:
            self._quarantined[source] = quarantined

    def _displace(self, source: Device, placement: Placement) -> None:
        self._quarantine(source, {name for name, known in self._known.get(source, {}).items() if known == placement})

    def _quarantine(self, source: Device, names: set[str]) -> None:
        self._quarantined.setdefault(source, set()).update(names)
        self.quarantines += 1

    def _is_spoken_for(self, place: EquipmentPath) -> bool:
        return any(place in self.of_device(*source) for source in self._known if source not in self._gone)


def _spelled(source: Device) -> str:
    node, device = source
    return str(node) if device is None else f"{node}/{device}"


class Sources:
    """Which nodes and devices go on from what they said before, and which begin anew (and their counters with them)."""

    def __init__(self) -> None:
        self._bd_seq: dict[EdgeNodeDescriptor, int | None] = {}
        self._heard_elsewhere: set[EdgeNodeDescriptor] = set()
        self._continuing: set[Device] = set()
        self._unsaved: dict[EdgeNodeDescriptor, int | None] = {}

    def remember(self, sessions: Mapping[EdgeNodeDescriptor, int | None]) -> None:
        """Take over which sessions were used before this process began."""
        self._bd_seq.update(sessions)

    def unsaved(self) -> dict[EdgeNodeDescriptor, int | None]:
        """Return, once, the sessions that are new since the last time."""
        unsaved, self._unsaved = self._unsaved, {}
        return unsaved

    def nodes(self) -> tuple[EdgeNodeDescriptor, ...]:
        """Return every node that was ever born."""
        return tuple(self._bd_seq)

    def node_born(self, node: EdgeNodeDescriptor, bd_seq: int | None, *, restored: bool) -> bool:
        """Note an NBIRTH or a node's snapshot; return whether nothing begins anew: its session is the one known.

        Of a node that was never heard here, a snapshot tells what another host has followed: nothing begins anew by that either.
        """
        is_known = node in self._bd_seq
        same = self._bd_seq[node] == bd_seq if is_known else restored
        if not same or not is_known:
            self._unsaved[node] = bd_seq
        self._bd_seq[node] = bd_seq
        if not same:
            self.node_died(node)
            self._heard_elsewhere.discard(node)
        elif restored and not any(known == node for known, _ in self._continuing):
            self._heard_elsewhere.add(node)
        return same

    def born(self, node: EdgeNodeDescriptor, device: str | None, *, restored: bool) -> bool:
        """Note the birth of a node or device; return whether it is the first of a new session."""
        is_first = (node, device) not in self._continuing and not (restored and node in self._heard_elsewhere)
        self._continuing.add((node, device))
        return is_first

    def break_off(self, nodes: Iterable[EdgeNodeDescriptor]) -> None:
        """Have nodes begin anew with their next birth, whatever its session."""
        self._bd_seq.update(dict.fromkeys(nodes, _BROKEN))

    def node_died(self, node: EdgeNodeDescriptor) -> None:
        """Note that a node and its devices will begin anew."""
        self._continuing = {source for source in self._continuing if source[0] != node}

    def device_died(self, node: EdgeNodeDescriptor, device: str) -> None:
        """Note that a device will begin anew."""
        self._continuing.discard((node, device))
