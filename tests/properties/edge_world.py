"""An edge node with its real protocol, decisions and buffer file, in a world whose clock, network and deaths a test turns.

What an asynchronous driver does is done here step by step. Messages are on their way for `ON_WAY_MS`, less than the resend window; a cut
loses the last of them. What arrives goes through a real host session, so that aliases, sequence and history flags count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from namespace.runtime.edge_buffer_file import BufferFile, Change, Contents
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    EdgeNodeConfig,
    EdgeNodeSession,
    Forwarding,
    ForwardingSettings,
    HostSession,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    RebirthWanted,
    Span,
    StoredReport,
    Undeliverable,
    decode_report,
    encode_report,
    resend,
)

WINDOW_S = 10
ON_WAY_MS = 4_000
RATE = 50
PAGE = 5
DEVICES = ("A", "B")
AGE_MS = 600_000


def _definitions(datatype: DataType = DataType.Int64) -> list[MetricDefinition]:
    value = "" if datatype is DataType.String else 0
    return [MetricDefinition(name="n", datatype=datatype, value=value, timestamp=0)]


@dataclass
class World:
    """One edge node, its disk, the network, and a host.

    Attributes:
        arrived: Readings that reached the host, by device and value, each time they did.
        kept: Readings that were committed, by number.
        flushed: Pages of the backlog since births last went out: when, and how many readings.
    """

    path: Path
    limit_bytes: int = 1 << 20
    now_ms: int = 1_000_000
    types: dict[str, DataType] = field(default_factory=lambda: dict.fromkeys(DEVICES, DataType.Int64))
    arrived: Counter[tuple[str, int]] = field(default_factory=Counter)
    kept: dict[int, tuple[str, int]] = field(default_factory=dict)
    flushed: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.value = 0
        self.dead: set[str] = set()
        self._on_way: list[tuple[int, OutgoingMessage]] = []
        self._pending: list[StoredReport] = []
        self._undeliverable: list[Undeliverable] = []
        self._sent_ms: dict[int, int] = {}
        self._flushed_to: dict[str | None, int] = {}
        self._bd_seq = 255
        self.host = HostSession()
        self.host.connected(0)
        self.start()

    # -- the process

    def start(self) -> None:
        self.file = BufferFile(self.path, limit_bytes=self.limit_bytes, age_ms=AGE_MS, survives_power_cut=False)
        self.end = self.file.contents.end
        self.core = EdgeNodeSession(
            EdgeNodeConfig(group_id="G", edge_node_id="E"),
            [],
            {device: _definitions(datatype) for device, datatype in self.types.items()},
        )
        self.forwarding = Forwarding(ForwardingSettings(resend_window_s=WINDOW_S, flush_rate=RATE, page_readings=PAGE))
        self.dead.clear()

    def kill(self) -> None:
        """End the process: what was not committed is gone with it; the connection breaks."""
        self.file.close()
        self._pending.clear()
        self._undeliverable.clear()
        self._lose()
        self.start()

    def report(self, device: str) -> None:
        self.value += 1
        updates = [MetricUpdate("n", self.value, timestamp=self.value)]
        now_ms = self.now_ms
        changes = self.core.changes(device, updates, now_ms)
        payload, readings = encode_report(self.core, device, changes)
        messages = self.core.update(device, changes, now_ms, force=True)
        number, self.end = self.end, self.end + 1
        self._pending.append(StoredReport(number, now_ms, device, readings, payload))
        if messages:
            self._send(messages)
            self.forwarding.sent(Span(number, number + 1), readings, now_ms)
            self._sent_ms[number] = now_ms
        elif self.forwarding.is_open:
            self.forwarding.hold_new(device, number)

    def commit(self) -> None:
        released = self.forwarding.release(self.now_ms)
        before = {report.number: report for report in (*self.left(), *self._pending)}
        forgotten = {n: r for n, r in before.items() if any(_holds(span, r) for span in released)}
        for number in forgotten:
            assert self.now_ms - self._sent_ms[number] > WINDOW_S * 1000, "forgotten before it is sure to have arrived"
        hopeless = {each.number for each in self._undeliverable if each.payload is None}
        dropped = self.contents.dropped
        self.file.write(Change(self._pending, released, self._undeliverable), self.now_ms)
        for report in self._pending:
            (reading,) = decode_report(report.payload)
            assert isinstance(reading.value, int)
            self.kept[report.number] = (str(report.source), reading.value)
        lost = before.keys() - {report.number for report in self.left()} - forgotten.keys() - hopeless
        assert self.contents.dropped - dropped == sum(before[number].readings for number in lost)
        assert self.contents.readings == sum(report.readings for report in self.left())
        self._pending, self._undeliverable = [], []

    def left(self) -> list[StoredReport]:
        """Return what is on the disk."""
        return self.file.page(Span(0, 1 << 60), 1 << 30)[0]

    # -- the session

    @property
    def is_open(self) -> bool:
        return self.core.is_born

    def connect(self) -> None:
        if self.is_open:
            return
        self._bd_seq = (self._bd_seq + 1) % 256
        self.core.connect(self._bd_seq, self.now_ms)
        self._send(self.core.subscribed(self.now_ms))
        self._opened()

    def rebirth(self) -> None:
        if self.is_open:
            self._send(self.core.rebirth(self.now_ms))
            self._opened()

    def _opened(self) -> None:
        self.forwarding.opened(min(self.file.contents.first, self.end), self.end, self.now_ms)
        self.flushed.clear()
        self._flushed_to.clear()

    def cut(self) -> None:
        """Break the connection: what is on its way is lost, and nobody knows what that was."""
        self.core.disconnected()
        self.forwarding.closed()
        self._lose()

    def die(self, device: str) -> None:
        self._send(self.core.device_death(device, self.now_ms))
        self.dead.add(device)

    def revive(self, device: str) -> None:
        self._send(self.core.device_birth(device, None, self.now_ms))
        self.dead.discard(device)
        self.forwarding.revived(device)

    def flush(self) -> bool:
        """Send one page of the backlog; return whether there was one."""
        want = self.forwarding.want(self.now_ms)
        committed = self.end - len(self._pending)
        if want is None or want.span.first >= committed:
            return False
        span = want.span
        part = Span(span.first, min(span.end, committed), span.of_one, span.source)
        reports, end = self.file.page(part, want.readings)
        readings = sum(report.readings for report in reports)
        assert self.forwarding.take(span, end, readings, self.now_ms)
        page = resend(self.core, self.forwarding, reports, of_one=span.of_one, now_ms=self.now_ms)
        self._undeliverable.extend(page.undeliverable)
        self._send(page.messages)
        for sent, count in page.sent:
            self.forwarding.sent(sent, count, self.now_ms)
            self._sent_ms.update((report.number, self.now_ms) for report in reports if _holds(sent, report))
        for report in reports:
            if any(_holds(sent, report) for sent, _ in page.sent):
                assert report.number > self._flushed_to.get(report.source, 0), "a device's history goes in order"
                self._flushed_to[report.source] = report.number
        self._keep_to_rate(readings)
        return True

    def _keep_to_rate(self, readings: int) -> None:
        assert readings <= PAGE
        if self.flushed:
            at_ms, before = self.flushed[-1]
            assert self.now_ms - at_ms >= before * 1000 / RATE - 1
        self.flushed.append((self.now_ms, readings))

    # -- the network

    def pass_time(self, milliseconds: int) -> None:
        self.now_ms += milliseconds
        while self._on_way and self._on_way[0][0] + ON_WAY_MS <= self.now_ms:
            self._arrive(self._on_way.pop(0)[1])

    def _send(self, messages: list[OutgoingMessage]) -> None:
        self._on_way.extend((self.now_ms, message) for message in messages)

    def _lose(self) -> None:
        self._on_way.clear()
        self._sent_ms.clear()

    def _arrive(self, message: OutgoingMessage) -> None:
        for event in self.host.receive(message.topic, message.payload, self.now_ms):
            assert not isinstance(event, RebirthWanted), event
            if isinstance(event, Data | DeviceBirth) and event.device_id is not None:
                for metric in event.metrics:
                    self._take(event.device_id, metric.value)

    def _take(self, device: str, value: object) -> None:
        if isinstance(value, int) and value:
            self.arrived[device, value] += 1

    # -- in the end

    def heal(self) -> None:
        """Everything works again, for long enough."""
        for device in sorted(self.dead):
            self.revive(device)
        self.connect()
        self.commit()
        for _ in range(100_000):
            if not self.forwarding.has_backlog:
                break
            self.flush()
            self.pass_time(20)
        assert not self.forwarding.has_backlog
        self.pass_time(ON_WAY_MS)
        self.commit()

    @property
    def contents(self) -> Contents:
        return self.file.contents


def _holds(span: Span, report: StoredReport) -> bool:
    return span.first <= report.number < span.end and (not span.of_one or span.source == report.source)
