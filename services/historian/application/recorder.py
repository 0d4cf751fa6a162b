"""From what edge nodes say to columns: every sample that is meant for history, every birth, death and loss, in the order heard.

Which tag a metric is, is settled when its source is born. What only rides in the form of a metric - rows of event logs, commands and their
answers - is left out: its record is the event log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat

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
from services.historian.domain.tag import Source, Tag, Tags

_OWN = "mes-"
_PROTOCOL = frozenset({BD_SEQ, REBIRTH})
_MESSAGES = frozenset({EVENTS_METRIC, COMMAND_REQUEST_METRIC, COMMAND_RESPONSE_METRIC})
_MOST_MS = 2**63 - 1
_GOOD, _HISTORICAL = int(Quality.GOOD), int(Mark.HISTORICAL)

_Memo = Tag | tuple[Tag | None, int]
"""What a slot is: a tag whose values are good; or with another quality; or nothing that is journaled."""
_LEFT_OUT: tuple[None, int] = (None, _GOOD)

Take = Callable[[Iterator[HostEvent], Batch, int], tuple[HostEvent, int] | None]
"""The optional compiled step, `adapters/_fast/columns.c`: takes plain rows as `Recorder` would, and stops before the first that is not.

Its arguments are events, the batch to which their rows are appended, and our clock in ms since the epoch. It returns the event at which it
stopped and the row from which on that is to be taken; None when all are taken.
"""


@dataclass(slots=True)
class _Known:
    """A node or device as the recorder knows it.

    Attributes:
        source: In its tags.
        is_own: Whether it is an MES service of this site.
    """

    source: Source
    is_own: bool


class Recorder:
    """Fills the batch that is written next.

    Args:
        site: Its mapping rules say what is where.
        tags: The tags of this process.
        now_ms: Our clock, ms since the epoch.
        take: The compiled step for plain rows, where there is one.

    Attributes:
        batch: What was heard since `take`.
        places: Where metrics belong; one whose place another producer has is recorded as unplaced.
        recorded: Samples since the start.
        gaps: Gaps since the start.
    """

    def __init__(self, site: SiteModel, tags: Tags, now_ms: Callable[[], int], take: Take | None = None) -> None:
        self._own_group = site.group_id
        self._tags = tags
        self._now_ms = now_ms
        self._take = take
        self.places = Places(site.mappings)
        self._sources = Sources()
        self._known: dict[EdgeNodeDescriptor, dict[str | None, _Known]] = {}
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
        if self._take is not None:
            rest = iter(events)
            while (stopped := self._take(rest, self.batch, now_ms)) is not None:
                event, row = stopped
                self._heard(event, gone, now_ms, row)
        else:
            for event in events:
                self._heard(event, gone, now_ms, 0)

    def _heard(self, event: HostEvent, gone: Collection[Device], now_ms: int, row: int) -> None:
        """Take in one event; data from a row on."""
        match event:
            case Data(edge_node=node, device_id=device):
                columns = event.columns
                if columns is None or columns.unusual is not None:
                    self._samples(self._told_one_by_one(node, device, event), now_ms, 0)
                else:
                    self._columns(node, device, columns, now_ms, row)
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
        known = self._known_of(node, device)
        if not known.is_own:
            left = self.places.born(node, device, event.metrics, restored=event.restored)
            if left:
                self._note(NoteKind.STALE, node, device, event.timestamp, now_ms, reason=MOVED, places=map(str, left))
        tags = [self._tag(known, node, device, m) for m in event.metrics]
        if event.restored:
            mark = Mark.IN_BIRTH | Mark.FROM_SNAPSHOT
        else:
            mark = Mark.IN_BIRTH | (Mark.BASELINE if is_first else 0)
            places = {tag.place for tag in tags if tag is not None and tag.is_machine and tag.place}
            self._note(NoteKind.BIRTH, node, device, event.timestamp, now_ms, bd_seq=bd_seq, places=places)
        self._samples(zip(tags, event.metrics, strict=True), now_ms, int(mark))

    def _samples(self, rows: Iterable[tuple[Tag | None, MetricValue]], now_ms: int, mark: int) -> None:
        batch = self.batch
        fresh, doubtful = batch.fresh, batch.doubtful
        size = batch.size
        for tag, metric in rows:
            _, _, value, at_ms, is_historical, is_transient, properties = metric
            if tag is None or is_transient:
                continue
            kind = value.__class__
            if kind is not float and kind is not bool:
                value = _cell(value, metric.datatype)
            is_fresh = mark == 0 and not is_historical and tag.newest_ms < at_ms <= _MOST_MS
            columns = fresh if is_fresh else doubtful
            at_ms = min(at_ms, _MOST_MS)
            tag.newest_ms = max(tag.newest_ms, at_ms)
            columns.order.append(size)
            columns.tags.append(tag)
            columns.at_ms.append(at_ms)
            columns.received_ms.append(now_ms)
            columns.cells.append(value)  # type: ignore[arg-type]
            columns.quality.append(_GOOD if properties is None else _quality(properties.quality))
            columns.marks.append(mark | _HISTORICAL if is_historical else mark)
            size += 1
        batch.size = size

    def _columns(self, node: EdgeNodeDescriptor, device: str | None, columns: Columns, now_ms: int, first: int) -> None:
        """Take plain current values, nearly all there is, without an object apiece. What a slot is, is found once."""
        batch = self.batch
        fresh, size = batch.fresh, batch.size
        order, tags, times, cells, qualities = fresh.order, fresh.tags, fresh.at_ms, fresh.cells, fresh.quality
        rows: Iterable[tuple[Slot, Value, int]] = zip(columns.slots, columns.values, columns.timestamps, strict=True)
        if first:
            rows = islice(rows, first, None)
        for slot, value, at_ms in rows:
            memo: _Memo = slot.memo or self._memo(node, device, slot)
            tag, quality = (memo, _GOOD) if isinstance(memo, Tag) else memo
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

    def _memo(self, node: EdgeNodeDescriptor, device: str | None, slot: Slot) -> _Memo:
        """Find out what a slot is; it stays that for as long as the slot is there."""
        tag = self._tag(self._known_of(node, device), node, device, slot)
        quality = _GOOD if slot.properties is None else _quality(slot.properties.quality)
        if tag is None or slot.is_transient:
            memo: _Memo = _LEFT_OUT
        else:
            memo = tag if quality == _GOOD else (tag, quality)
        slot.memo = memo
        return memo

    def _told_one_by_one(
        self, node: EdgeNodeDescriptor, device: str | None, event: Data
    ) -> Iterator[tuple[Tag | None, MetricValue]]:
        known = self._known_of(node, device)
        slots = repeat(None) if event.columns is None else event.columns.slots
        for slot, metric in zip(slots, event.metrics, strict=False):
            memo: _Memo | None = None if slot is None else slot.memo
            if isinstance(memo, Tag):
                yield memo, metric
            else:
                yield self._tag(known, node, device, metric), metric

    # -- what a metric is

    def _known_of(self, node: EdgeNodeDescriptor, device: str | None) -> _Known:
        of_node = self._known.get(node)
        if of_node is None:
            of_node = self._known[node] = {}
        known = of_node.get(device)
        if known is None:
            source = Source(_text(node.group_id), _text(node.edge_node_id), _text(device or ""))
            known = of_node[device] = _Known(source, self._is_own(node))
        return known

    def _tag(
        self, known: _Known, node: EdgeNodeDescriptor, device: str | None, metric: MetricValue | Slot
    ) -> Tag | None:
        name, properties = metric.name, metric.properties
        if name in _PROTOCOL or (known.is_own and device is None and name in _MESSAGES):
            return None
        tag = self._tags.of(known.source, _text(name), int(metric.datatype))
        unit = None if properties is None else properties.value("engUnit")
        unit = _text(unit) if isinstance(unit, str) else None
        self._tags.describe(tag, *self._placed(known, node, device, name), unit)
        return tag

    def _is_own(self, node: EdgeNodeDescriptor) -> bool:
        return node.group_id == self._own_group and node.edge_node_id.startswith(_OWN)

    def _placed(
        self, known: _Known, node: EdgeNodeDescriptor, device: str | None, name: str
    ) -> tuple[str | None, str, bool]:
        if not known.is_own:
            placement = self.places.resolve(node, device, name)
            if placement is None:
                return None, _text(name), False
            return str(placement.place), _text(placement.metric), True
        if device is None:
            return None, _text(name), False
        try:
            return str(EquipmentPath.from_sparkplug(node.group_id, device)), _text(name), False
        except EquipmentPathError:
            return None, _text(name), False

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
    """PostgreSQL keeps no NUL in texts. A name without one stays the same object."""
    return name.replace("\0", "\N{SYMBOL FOR NULL}")
