"""Store and forward: what of the kept reports goes out next, and when one may be forgotten.

QoS 0 has no acknowledgement, so a report that was handed to the broker may still be lost with the session. It is kept until it is older
than the resend window while the session that carried it lives; whenever births go out anew, everything that is kept goes again, as
history. Live reports are not held up by it: they leave as they come, and the backlog follows between them at a set rate.

A state machine without I/O. Reports have ascending numbers. It knows numbers, sources and times alone; the reports themselves lie
elsewhere. Times are milliseconds of a clock that never goes back.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

Source = str | None
"""The device that reported; None for the edge node itself."""

_MERGE_MS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingSettings:
    """How a backlog is sent.

    Attributes:
        resend_window_s: for how long a report is kept after it was sent, in seconds; more than 1.5 keep-alives and a flush.
        flush_rate: readings of the backlog in a second.
        page_readings: readings of the backlog that may go out in one go, before live ones have their turn again.
    """

    resend_window_s: float = 120.0
    flush_rate: float = 2_000.0
    page_readings: int = 200

    def __post_init__(self) -> None:
        if self.resend_window_s < 0 or self.flush_rate <= 0 or self.page_readings < 1:
            raise ValueError("a resend window of 0 s or more, a flush rate above 0 and at least one reading a page")


@dataclass(frozen=True, slots=True)
class Span:
    """Reports numbered from `first` up to `end`, exclusive.

    Attributes:
        of_one: only those of `source`.
    """

    first: int
    end: int
    of_one: bool = False
    source: Source = None


@dataclass(frozen=True, slots=True)
class Want:
    """What to read from the store and send: the first reports of a span.

    Attributes:
        readings: how many at most; one report goes whole however many it has.
    """

    span: Span
    readings: int


@dataclass(slots=True)
class _Run:
    """Reports that were sent; `at_ms` is when the last of them was."""

    span: Span
    readings: int
    since_ms: int
    at_ms: int


class Forwarding:
    """Decides for one edge node.

    Args:
        settings: window and rate.
    """

    def __init__(self, settings: ForwardingSettings | None = None) -> None:
        self._settings = settings or ForwardingSettings()
        self._window_ms = round(self._settings.resend_window_s * 1000)
        self._is_open = False
        self._backlog: deque[Span] = deque()
        self._held: dict[Source, Span] = {}
        self._held_new: dict[Source, Span] = {}
        self._sent: deque[_Run] = deque()
        self._due_ms = 0.0
        self.sent_readings = 0

    @property
    def is_open(self) -> bool:
        """Whether births are out, so that reports are sent."""
        return self._is_open

    @property
    def has_backlog(self) -> bool:
        """Whether there may be something to send that is not live; what a dead device left behind does not count."""
        return self._is_open and bool(self._backlog)

    def opened(self, first: int, end: int, now_ms: int) -> None:
        """Note that births have gone out: all that is kept goes again, and what is reported from now on is live.

        Args:
            first: number of the oldest report that is kept.
            end: number that the next report will have.
            now_ms: now.
        """
        self._is_open = True
        self._backlog = deque([Span(first, end)] if first < end else [])
        self._forget()
        self._due_ms = float(now_ms)

    def closed(self) -> None:
        """Note that the session is over: what was sent in it may be lost."""
        self._is_open = False
        self._backlog.clear()
        self._forget()

    # -- sending

    def want(self, now_ms: int) -> Want | None:
        """Return what of the backlog is to be sent now; None when there is nothing or it is too early, see `due_in_ms`."""
        if not self.has_backlog or now_ms < self._due_ms:
            return None
        return Want(self._backlog[0], self._settings.page_readings)

    def due_in_ms(self, now_ms: int) -> float:
        """Return how long the rate makes the next part of the backlog wait, ms."""
        return max(0.0, self._due_ms - now_ms)

    def take(self, span: Span, end: int, readings: int, now_ms: int) -> bool:
        """Note that the reports of `span` (that of a `Want`) below `end` have been read and are sent now.

        Args:
            span: as it was wanted.
            end: `span.end` when nothing is left in it.
            readings: how many of them use up the rate.
            now_ms: now.

        Returns:
            False when they are not next any more, because the session or a device has changed meanwhile: do not send them.
        """
        if not self.has_backlog or self._backlog[0] != span:
            return False
        self._backlog.popleft()
        if end < span.end:
            self._backlog.appendleft(replace(span, first=end))
        self._due_ms = max(self._due_ms, now_ms) + readings * 1000 / self._settings.flush_rate
        return True

    def sent(self, span: Span, readings: int, now_ms: int) -> None:
        """Note that the broker has been given the reports of a span, in the session that is open now."""
        if not self._is_open:
            return
        self.sent_readings += readings
        last = self._sent[-1] if self._sent else None
        if last is not None and _continues(last.span, span) and now_ms - last.since_ms <= _MERGE_MS:
            last.span = replace(last.span, end=span.end)
            last.readings += readings
            last.at_ms = now_ms
        else:
            self._sent.append(_Run(span, readings, now_ms, now_ms))

    # -- devices that are away

    def hold(self, source: Source, numbers: Iterable[int]) -> None:
        """Keep back reports of the backlog whose device is not alive, until `revived` or the next births."""
        _extend(self._held, source, numbers)

    def hold_new(self, source: Source, number: int) -> None:
        """Keep back a new report of a device that is not alive."""
        _extend(self._held_new, source, (number,))

    def revived(self, source: Source) -> None:
        """Note that a device is alive again: what was passed over goes first, what came meanwhile last; so it stays in order."""
        held, new = self._held.pop(source, None), self._held_new.pop(source, None)
        if held is not None:
            self._backlog.appendleft(held)
        if new is not None:
            self._backlog.append(new)

    # -- forgetting

    def release(self, now_ms: int) -> list[Span]:
        """Return reports that need not be kept any longer; each is returned once."""
        spans: list[Span] = []
        while self._is_open and self._sent and now_ms - self._sent[0].at_ms > self._window_ms:
            run = self._sent.popleft()
            self.sent_readings -= run.readings
            spans.append(run.span)
        return spans

    def _forget(self) -> None:
        self._held.clear()
        self._held_new.clear()
        self._sent.clear()
        self.sent_readings = 0


def _extend(held: dict[Source, Span], source: Source, numbers: Iterable[int]) -> None:
    for number in numbers:
        span = held.get(source)
        first = number if span is None else min(span.first, number)
        end = number + 1 if span is None else max(span.end, number + 1)
        held[source] = Span(first, end, of_one=True, source=source)


def _continues(run: Span, span: Span) -> bool:
    return run.end == span.first and (run.of_one, run.source) == (span.of_one, span.source)
