"""Sending what an edge node has kept: page by page, as history, between live reports.

What to send and when is decided by `namespace.sparkplug.Forwarding`; this reads it from the buffer, writes it under the present birth and
waits until the broker has been given it before it reads on. What cannot be sent any more - its device or metric is gone, or has another
type - leaves the buffer and is counted; what a device reported that is dead now waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterable, Sequence

from namespace.runtime.edge_buffer import EdgeBuffer
from namespace.runtime.edge_buffer_file import Report
from namespace.runtime.edge_node import EdgeNode
from namespace.runtime.logging import get_logger
from namespace.sparkplug import (
    EdgeNodeSession,
    Forwarding,
    Metric,
    OutgoingMessage,
    Payload,
    RemoteProtocolError,
    Source,
    Span,
    decode_report,
    encode_payload,
    recall,
)

_LOOK_S = 1.0
_RETRY_S = 1.0


class Backlog:
    """The backlog of one edge node.

    Args:
        core: The protocol of the node.
        node: Publishes.
        buffer: Keeps.
        forwarding: Decides.
    """

    def __init__(self, core: EdgeNodeSession, node: EdgeNode, buffer: EdgeBuffer, forwarding: Forwarding) -> None:
        self._core = core
        self._node = node
        self._buffer = buffer
        self._forwarding = forwarding
        self._wake = asyncio.Event()
        self._log = get_logger(part="backlog", node=str(core.config.edge_node))

    def wake(self) -> None:
        """Look again: the session, a device or the buffer has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._wake.clear()
            try:
                has_sent = await self._send_some()
            except sqlite3.Error as error:
                self._log.error("edge_buffer_not_read", error=str(error))
                await asyncio.sleep(_RETRY_S)
                continue
            if not has_sent:
                await self._pause()

    async def _pause(self) -> None:
        due_ms = self._forwarding.due_in_ms(self._buffer.now_ms())
        if self._forwarding.has_backlog and due_ms > 0:
            await asyncio.sleep(due_ms / 1000)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._wake.wait()

    async def _send_some(self) -> bool:
        """Send one page; return whether to look again at once."""
        want = self._forwarding.want(self._buffer.now_ms())
        if want is None or want.span.first >= self._buffer.committed:
            return False
        reports, end = await self._buffer.page(want.span, want.readings)
        readings = sum(report.readings for report in reports)
        if not self._forwarding.take(want.span, end, readings, self._buffer.now_ms()):
            return True
        page = _Page(reports, of_one=want.span.of_one)
        messages = self._write(page)
        if not messages:
            return True
        handed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def told(is_handed: bool) -> None:
            now_ms = self._buffer.now_ms()
            for span, count in page.sent_spans() if is_handed else ():
                self._forwarding.sent(span, count, now_ms)
            if not handed.done():
                handed.set_result(None)

        self._node.publish(messages, told)
        await handed
        return True

    def _write(self, page: _Page) -> list[OutgoingMessage]:
        messages: list[OutgoingMessage] = []
        for source, reports in page.by_source().items():
            if source is not None and not self._core.has_device(source):
                self._give_up(page, reports)
            elif source is not None and not self._core.is_alive(source):
                self._forwarding.hold(source, page.leave_out(reports))
            else:
                messages += self._recall(page, source, reports)
        return messages

    def _recall(self, page: _Page, source: Source, reports: Sequence[Report]) -> list[OutgoingMessage]:
        now_ms = self._node.now_ms()
        readings: list[Metric] = []
        for report in reports:
            try:
                readings += decode_report(report.payload)
            except RemoteProtocolError as error:
                self._log.error("edge_report_damaged", number=report.number, error=str(error))
                self._give_up(page, [report])
        recalled = recall(self._core, source, readings, now_ms)
        if recalled.refused:
            self._amend(page, source, [report for report in reports if report.number in page.numbers])
        return recalled.messages

    def _amend(self, page: _Page, source: Source, reports: Iterable[Report]) -> None:
        """Take out of stored reports what cannot be sent any more, so that it is counted once."""
        for report in reports:
            readings = decode_report(report.payload)
            good = tuple(reading for reading in readings if not self._is_refused(source, reading))
            refused = len(readings) - len(good)
            if not good:
                self._give_up(page, [report])
            elif refused:
                self._buffer.undeliverable(report.number, encode_payload(Payload(metrics=good)), refused)

    def _is_refused(self, source: Source, reading: Metric) -> bool:
        definition = self._core.definition(source, reading.name or "")
        return definition is None or definition.datatype is not reading.datatype

    def _give_up(self, page: _Page, reports: Sequence[Report]) -> None:
        page.leave_out(reports)
        for report in reports:
            self._log.info("edge_report_undeliverable", device=report.source, readings=report.readings)
            self._buffer.undeliverable(report.number, None, report.readings)


class _Page:
    """Reports that were read together, and which of them go out."""

    def __init__(self, reports: Sequence[Report], *, of_one: bool) -> None:
        self._reports = reports
        self._of_one = of_one
        self.numbers = {report.number for report in reports}

    def by_source(self) -> dict[Source, list[Report]]:
        found: dict[Source, list[Report]] = {}
        for report in self._reports:
            found.setdefault(report.source, []).append(report)
        return found

    def leave_out(self, reports: Iterable[Report]) -> list[int]:
        """Note that some do not go out; return their numbers."""
        numbers = [report.number for report in reports]
        self.numbers.difference_update(numbers)
        return numbers

    def sent_spans(self) -> list[tuple[Span, int]]:
        """Return spans that hold what went out and nothing that stays, with their readings."""
        spans: list[tuple[Span, int]] = []
        is_open = False
        for report in self._reports:
            if report.number not in self.numbers:
                is_open = False
            elif is_open:
                span, count = spans[-1]
                spans[-1] = (Span(span.first, report.number + 1, span.of_one, span.source), count + report.readings)
            else:
                source = report.source if self._of_one else None
                spans.append((Span(report.number, report.number + 1, self._of_one, source), report.readings))
                is_open = True
        return spans
