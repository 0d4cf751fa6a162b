"""From what edge nodes say to columns: every sample that is meant for history, every birth, death and loss, in the order heard.

Which tag a metric is, is settled when its source is born. What only rides in the form of a metric - rows of event logs, commands and their
answers - is left out: its record is the event log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice

from namespace.contracts.command import COMMAND_REQUEST_METRIC, COMMAND_RESPONSE_METRIC
from namespace.contracts.node import EVENTS_METRIC
from namespace.isa95 import EquipmentPath, EquipmentPathError, SiteModel
from namespace.runtime.machine_news import DEVICE_DEATH, MOVED, NODE_DEATH
from namespace.runtime.placing import Device, Places, Sources
from namespace.sparkplug import (
    BD_SEQ,
    REBIRTH,
    Columns,
    Data,
    DataType,
    DeviceBirth,
    DeviceDeath,
    EdgeNodeDescriptor,
    HostEvent,
    Metric,
    MetricValue,
    NodeBirth,
    NodeDeath,
    NodeStale,
    Payload,
    Quality,
    Slot,
    Value,
    WantedReason,
    encode_payload,
)
from services.historian.domain.batch import Batch, Cell, Gap, Mark, Note, NoteKind
from services.historian.domain.tag import Tag, TagKey, Tags

_OWN = "mes-"
_PROTOCOL = frozenset({BD_SEQ, REBIRTH})
_MESSAGES = frozenset({EVENTS_METRIC, COMMAND_REQUEST_METRIC, COMMAND_RESPONSE_METRIC})
_MOST_MS = 2**63 - 1
_UNKNOWN = Tag(-1, TagKey("", "", "", "", 0))

_Slots = dict[str, Tag | None]
"""Tag by metric name; None for what is left out."""


Extend = Callable[
    [list[Slot], list[Value], list[int], list[int], list[Tag], list[int], list[Cell], list[int], int], int
]
"""The optional compiled step, `adapters/_fast/columns.c`: takes plain rows as `Recorder` would, and stops before the first that is not.

Its arguments are slots, values and timestamps of a message; order, tags, times, cells and qualities of the batch, to which it appends; and
how many samples and notes the batch holds. It returns how many rows it took.
"""


class Recorder:
    """Fills the batch that is written next.

    Args:
        site: Its mapping rules say what is where.
        tags: The tags of this process.
        now_ms: Our clock, ms since the epoch.
        extend: The compiled step for plain rows, where there is one.

    Attributes:
        batch: What was heard since `take`.
        places: Where metrics belong; one whose place another producer has is recorded as unplaced.
        recorded: Samples since the start.
        gaps: Gaps since the start.
    """

    def __init__(self, site: SiteModel, tags: Tags, now_ms: Callable[[], int], extend: Extend | None = None) -> None:
        self._site = site
        self._tags = tags
        self._now_ms = now_ms
        self._extend = extend
        self.places = Places(site.mappings)
        self._sources = Sources()
        self._slots: dict[tuple[EdgeNodeDescriptor, str | None], _Slots] = {}
        self._open: dict[EdgeNodeDescriptor, Gap] = {}
        self.batch = Batch()
        self.recorded = 0
        self.gaps = 0

    def take(self) -> Batch:
        """Return what is there and begin anew."""
        taken, self.batch = self.batch, Batch()
        self.recorded += taken.samples
        return taken

    def gap(self, gap: Gap) -> None:
        """Note a gap that began or ended."""
        self.gaps += gap.until_ms is not None
        self.batch.gaps.append(gap)

    def told(self, events: Iterable[HostEvent], gone: Collection[Device] = frozenset()) -> None:
        """Take in what was heard.

        Args:
            events: In order.
            gone: Nodes and devices whose death a snapshot tells of; it was noted when it happened.
        """
        now_ms = self._now_ms()
        for event in events:
            match event:
                case Data(edge_node=node, device_id=device):
                    columns = event.columns
                    if columns is None or columns.unusual is not None:
                        self._samples(node, device, event.metrics, now_ms, 0)
                    else:
                        self._columns(node, device, columns, now_ms)
                case NodeBirth(edge_node=node, restored=restored):
                    self._sources.node_born(node, event.bd_seq, restored=restored)
                    self._born(node, None, event, now_ms, event.bd_seq)
                    self._close(node, now_ms)
                case DeviceBirth(edge_node=node, device_id=device):
                    self._born(node, device, event, now_ms, None)
                case NodeDeath() | DeviceDeath():
                    self._died(event, gone, now_ms)
                case NodeStale(edge_node=node, reason=reason) if reason is not WantedReason.CONNECTION_LOST:
                    self._note(NoteKind.STALE, node, None, event.timestamp, now_ms, reason=reason)
                    self._lost(node, reason, event.timestamp)

    # -- samples

    def _born(
        self,
        node: EdgeNodeDescriptor,
        device: str | None,
        event: NodeBirth | DeviceBirth,
        now_ms: int,
        bd_seq: int | None,
    ) -> None:
        is_first = self._sources.born(node, device, restored=event.restored)
        if not self._is_own(node):
            left = self.places.born(node, device, event.metrics, restored=event.restored)
            if left:
                self._note(NoteKind.STALE, node, device, event.timestamp, now_ms, reason=MOVED, places=map(str, left))
        slots = self._slots[node, device] = {m.name: self._tag(node, device, m) for m in event.metrics}
        if event.restored:
            mark = Mark.IN_BIRTH | Mark.FROM_SNAPSHOT
        else:
            mark = Mark.IN_BIRTH | (Mark.BASELINE if is_first else 0)
            places = {tag.place for tag in slots.values() if tag is not None and tag.is_machine and tag.place}
            self._note(NoteKind.BIRTH, node, device, event.timestamp, now_ms, bd_seq=bd_seq, places=places)
        self._samples(node, device, event.metrics, now_ms, int(mark))

    def _samples(
        self, node: EdgeNodeDescriptor, device: str | None, metrics: Iterable[MetricValue], now_ms: int, mark: int
    ) -> None:
        slots = self._slots.get((node, device))
        if slots is None:
            slots = self._slots[node, device] = {}
        batch = self.batch
        fresh = batch.fresh
        for metric in metrics:
            name, _, value, at_ms, is_historical, is_transient, properties = metric
            tag = slots.get(name, _UNKNOWN)
            if tag is _UNKNOWN:
                tag = slots[name] = self._tag(node, device, metric)
            if tag is None or is_transient:
                continue
            quality = 192 if properties is None else _quality(properties.quality)
            kind = value.__class__
            if kind is not float and kind is not bool:
                value = _cell(value, metric.datatype)
            if mark == 0 and not is_historical and tag.newest_ms < at_ms <= _MOST_MS:
                tag.newest_ms = at_ms
                fresh.order.append(batch.size)
                fresh.tags.append(tag)
                fresh.at_ms.append(at_ms)
                fresh.received_ms.append(now_ms)
                fresh.cells.append(value)  # type: ignore[arg-type]
                fresh.quality.append(quality)
                fresh.marks.append(0)
                batch.size += 1
            else:
                what = mark | (Mark.HISTORICAL if is_historical else 0)
                batch.add(tag, at_ms, now_ms, value, quality=quality, mark=int(what), is_doubtful=True)  # type: ignore[arg-type]

    def _columns(self, node: EdgeNodeDescriptor, device: str | None, columns: Columns, now_ms: int) -> None:
        """Take plain current values, nearly all there is, without an object apiece. What a slot is, is found once."""
        batch = self.batch
        fresh, size = batch.fresh, batch.size
        order, tags, times, cells, qualities = fresh.order, fresh.tags, fresh.at_ms, fresh.cells, fresh.quality
        rows: Iterable[tuple[Slot, Value, int]] = zip(columns.slots, columns.values, columns.timestamps, strict=True)
        if self._extend is not None:
            whole = columns.slots, columns.values, columns.timestamps
            done = self._extend(*whole, order, tags, times, cells, qualities, size)
            size += len(order) - len(fresh.marks)
            rows = () if done == len(columns.slots) else islice(rows, done, None)
        for slot, value, at_ms in rows:
            tag, quality = slot.memo or self._known(node, device, slot)
            if tag is None:
                continue
            kind = value.__class__
            if kind is not float and kind is not bool and (kind is not int or value > _MOST_MS):  # type: ignore[operator]
                value = _cell(value, slot.datatype)
            if tag.newest_ms < at_ms <= _MOST_MS:
                tag.newest_ms = at_ms
                order.append(size)
                tags.append(tag)
                times.append(at_ms)
                cells.append(value)  # type: ignore[arg-type]
                qualities.append(quality)
                size += 1
            else:
                batch.size = size
                batch.add(tag, at_ms, now_ms, value, quality=quality, mark=0, is_doubtful=True)  # type: ignore[arg-type]
                size = batch.size
        added = len(order) - len(fresh.marks)
        fresh.received_ms += [now_ms] * added
        fresh.marks += [0] * added
        batch.size = size

    def _known(self, node: EdgeNodeDescriptor, device: str | None, slot: Slot) -> tuple[Tag | None, int]:
        slots = self._slots.setdefault((node, device), {})
        tag = slots.get(slot.name, _UNKNOWN)
        if tag is _UNKNOWN:
            tag = slots[slot.name] = self._tag(node, device, slot.as_value())
        quality = int(Quality.GOOD) if slot.properties is None else _quality(slot.properties.quality)
        known = slot.memo = (None if slot.is_transient else tag, quality)
        return known

    # -- what a metric is

    def _tag(self, node: EdgeNodeDescriptor, device: str | None, metric: MetricValue) -> Tag | None:
        is_own = self._is_own(node)
        if metric.name in _PROTOCOL or (is_own and device is None and metric.name in _MESSAGES):
            return None
        key = TagKey(
            _text(node.group_id),
            _text(node.edge_node_id),
            _text(device or ""),
            _text(metric.name),
            int(metric.datatype),
        )
        tag = self._tags.get(key)
        unit = None if metric.properties is None else metric.properties.value("engUnit")
        place, canonical, is_machine = self._placed(node, device, metric.name, is_own=is_own)
        self._tags.describe(tag, place, _text(canonical), _text(unit) if isinstance(unit, str) else None, is_machine)
        return tag

    def _is_own(self, node: EdgeNodeDescriptor) -> bool:
        return node.group_id == self._site.group_id and node.edge_node_id.startswith(_OWN)

    def _placed(
        self, node: EdgeNodeDescriptor, device: str | None, name: str, *, is_own: bool
    ) -> tuple[str | None, str, bool]:
        if not is_own:
            placement = self.places.resolve(node, device, name)
            return (None, name, False) if placement is None else (str(placement.place), placement.metric, True)
        if device is None:
            return None, name, False
        try:
            return str(EquipmentPath.from_sparkplug(node.group_id, device)), name, False
        except EquipmentPathError:
            return None, name, False

    # -- what happened to sources

    def _died(self, event: NodeDeath | DeviceDeath, gone: Collection[Device], now_ms: int) -> None:
        node, device = event.edge_node, event.device_id if isinstance(event, DeviceDeath) else None
        if isinstance(event, NodeDeath):
            self.places.node_died(node)
        else:
            self.places.device_died(node, event.device_id)
        if (node, device) in gone:
            return
        if isinstance(event, NodeDeath):
            self._sources.node_died(node)
            self._note(NoteKind.DEATH, node, None, event.timestamp, now_ms, bd_seq=event.bd_seq, reason=NODE_DEATH)
        else:
            self._sources.device_died(node, event.device_id)
            self._note(NoteKind.DEATH, node, device, event.timestamp, now_ms, reason=DEVICE_DEATH)

    def _note(
        self,
        kind: NoteKind,
        node: EdgeNodeDescriptor,
        device: str | None,
        at_ms: int,
        now_ms: int,
        *,
        bd_seq: int | None = None,
        reason: str = "",
        places: Iterable[str] | None = None,
    ) -> None:
        if places is None:
            concerned = self.places.of_node(node) if device is None else self.places.of_device(node, device)
            places = map(str, concerned)
        self.batch.note(
            Note(
                self.batch.size,
                kind,
                _text(node.group_id),
                _text(node.edge_node_id),
                _text(device or ""),
                min(at_ms, _MOST_MS),
                now_ms,
                bd_seq,
                str(reason),
                tuple(sorted(places)),
                not self._is_own(node),
            )
        )

    def _lost(self, node: EdgeNodeDescriptor, reason: str, at_ms: int) -> None:
        if node not in self._open:
            gap = Gap(str(reason), at_ms, None, _text(node.group_id), _text(node.edge_node_id))
            self._open[node] = gap
            self.gap(gap)

    def _close(self, node: EdgeNodeDescriptor, now_ms: int) -> None:
        gap = self._open.pop(node, None)
        if gap is not None:
            self.gap(Gap(gap.reason, gap.since_ms, now_ms, gap.group_id, gap.edge_node_id))


def _cell(value: Value, datatype: DataType) -> Cell:
    """Return the form in which a value is journaled."""
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if value < 2**63 else value - 2**64
        case str() if "\0" not in value:
            return value
    return encode_payload(Payload(metrics=(Metric(name="value", datatype=datatype, value=value),)))


def _quality(declared: int | None) -> int:
    if declared is None:
        return int(Quality.GOOD)
    return declared if 0 <= declared < 2**15 else int(Quality.BAD)


def _text(name: str) -> str:
    """PostgreSQL keeps no NUL in texts."""
    return name.replace("\0", "\N{SYMBOL FOR NULL}")
