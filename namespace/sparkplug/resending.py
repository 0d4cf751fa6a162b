"""Writing stored reports under the present birth: as history, device by device, in order.

What cannot be sent any more - its device or metric is gone, or has another data type - is found here, so that it can be counted once and
forgotten. What a device reported that is dead now waits for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.definition import MetricUpdate
from namespace.sparkplug.edge_node import EdgeNodeSession
from namespace.sparkplug.errors import LocalProtocolError, RemoteProtocolError
from namespace.sparkplug.forwarding import Forwarding, Source, Span
from namespace.sparkplug.message import OutgoingMessage
from namespace.sparkplug.metric import Metric
from namespace.sparkplug.stored_report import StoredReport, decode_report, encode_readings


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """A stored report that cannot be sent any more.

    Attributes:
        number: which.
        payload: what of it can still be sent; None for nothing.
        readings: how many of its readings cannot.
    """

    number: int
    payload: bytes | None
    readings: int


@dataclass(slots=True)
class Resend:
    """A page of stored reports as it goes out.

    Attributes:
        messages: what to publish, in this order.
        sent: spans that hold the reports in `messages` and nothing that stays, with their readings.
        undeliverable: what to forget at once.
    """

    messages: list[OutgoingMessage] = field(default_factory=list)
    sent: list[tuple[Span, int]] = field(default_factory=list)
    undeliverable: list[Undeliverable] = field(default_factory=list)


def resend(
    core: EdgeNodeSession, forwarding: Forwarding, reports: Sequence[StoredReport], *, of_one: bool, now_ms: int
) -> Resend:
    """Write a page of stored reports as history.

    Args:
        core: a born edge node.
        forwarding: takes note of what is held back.
        reports: in order, without a hole among those of their span.
        of_one: they are those of one source, and others may lie between them.
        now_ms: ms since the epoch, UTC.
    """
    page = Resend()
    stays: set[int] = set()
    by_source: dict[Source, list[StoredReport]] = {}
    for report in reports:
        by_source.setdefault(report.source, []).append(report)
    for source, theirs in by_source.items():
        if source is None or (core.has_device(source) and core.is_alive(source)):
            stays |= _resend_source(core, page, source, theirs, now_ms)
        elif core.has_device(source):
            stays.update(report.number for report in theirs)
            forwarding.hold(source, (report.number for report in theirs))
        else:
            stays.update(report.number for report in theirs)
            page.undeliverable.extend(Undeliverable(report.number, None, report.readings) for report in theirs)
    page.sent = _spans(reports, stays, of_one=of_one)
    return page


def _resend_source(
    core: EdgeNodeSession, page: Resend, source: Source, reports: Iterable[StoredReport], now_ms: int
) -> set[int]:
    """Write the reports of one living source; return the numbers of those of which nothing goes out."""
    updates: list[MetricUpdate] = []
    gone: set[int] = set()
    for report in reports:
        try:
            readings = decode_report(report.payload)
        except RemoteProtocolError:
            readings = ()
        good = [reading for reading in readings if _fits(core, source, reading)]
        refused = report.readings - len(good)
        if not good:
            gone.add(report.number)
        if refused:
            page.undeliverable.append(Undeliverable(report.number, encode_readings(good) if good else None, refused))
        updates.extend(
            MetricUpdate(r.name or "", r.value, r.timestamp, is_historical=True, properties=r.properties) for r in good
        )
    page.messages += core.update(source, updates, now_ms)
    return gone


def _fits(core: EdgeNodeSession, source: Source, reading: Metric) -> bool:
    """Whether the present birth has the metric, in the form in which it was reported."""
    definition = core.definition(source, reading.name or "")
    if definition is None or definition.datatype is not reading.datatype:
        return False
    if definition.datatype is DataType.Template:  # its definition may have other members now
        try:
            core.check(source, MetricUpdate(definition.name, reading.value, reading.timestamp, is_historical=True))
        except LocalProtocolError:
            return False
    return True


def _spans(reports: Iterable[StoredReport], stays: set[int], *, of_one: bool) -> list[tuple[Span, int]]:
    spans: list[tuple[Span, int]] = []
    goes_on = False
    for report in reports:
        if report.number in stays:
            goes_on = False
        elif goes_on:
            span, readings = spans[-1]
            spans[-1] = (Span(span.first, report.number + 1, of_one, span.source), readings + report.readings)
        else:
            source = report.source if of_one else None
            spans.append((Span(report.number, report.number + 1, of_one, source), report.readings))
            goes_on = True
    return spans
