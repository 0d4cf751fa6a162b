"""What a consumer does next about one log: a state machine without I/O or clock.

Live rows, announcements of the log's head, pages and failures go in; `next` says what to do: apply rows,
fetch a page, wait, or nothing because the log forked. Live rows are only hints: what contradicts them is
checked against a page before following stops, because a message may be old, doubled or out of order, and a
page is the log.

Source: ARCHITECTURE, event log, points 3 and 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from namespace.contracts.event_log import MAX_BATCH_ROWS, EventRow, LogHead, LogPage
from namespace.store.errors import LogForked


@dataclass(frozen=True, slots=True)
class Apply:
    """Offer these rows to the inbox; report with `offered`, `live_row_refused` or `postpone`."""

    rows: tuple[EventRow, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask for a page of at most `limit` rows from `from_seq`; report with `fetched` or `fetch_failed`."""

    from_seq: int
    limit: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing before `until_s` (by the caller's clock) or, if None, before something comes in."""

    until_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowSettings:
    """Limits and times of following one log.

    Attributes:
        grace_s: Seconds that a gap may last before it is fetched: the missing rows are often on their way.
        page_rows: Most rows asked for at once.
        held_rows: Most live rows kept while something before them is missing; more are dropped and fetched.
        fetch_timeout_s: Seconds that a page may take.
        backoff_s: Seconds after the first failure; doubled by each further one.
        backoff_limit_s: Most seconds between attempts.
    """

    grace_s: float = 1.0
    page_rows: int = MAX_BATCH_ROWS
    held_rows: int = 5000
    fetch_timeout_s: float = 10.0
    backoff_s: float = 0.5
    backoff_limit_s: float = 30.0


@dataclass(slots=True)
class _Held:
    row: EventRow
    from_page: bool


class CatchUp:
    """The state of following one log.

    Attributes:
        cursor: Last row applied.
        highest: Highest `seq` that is known of.
        catching_up: Whether pages are fetched at present.
        forked: Why following has stopped, or None.
        dropped: Live rows dropped because too many were held.
        failures: Fetches that failed since the last page.
    """

    def __init__(self, producer: str, seq: int, row_hash: str, epoch: UUID | None, settings: FollowSettings) -> None:
        """Begin at a cursor; the first thing to do is to fetch what came since.

        Args:
            producer: Whose log.
            seq: Last row applied.
            row_hash: Its hash.
            epoch: Epoch it was last known to belong to.
            settings: Limits and times.
        """
        self.cursor = seq
        self.highest = seq
        self.catching_up = True
        self.forked: LogForked | None = None
        self.dropped = 0
        self.failures = 0
        self._producer = producer
        self._hash = row_hash
        self._epoch = epoch
        self._settings = settings
        self._held: dict[int, _Held] = {}
        self._gap_until: float | None = None
        self._not_before = 0.0
        self._apply_not_before = 0.0
        self._verify = False
        self._asked: Fetch | None = None
        self._heard = 0
        self._told_epoch: UUID | None = None

    @property
    def held(self) -> int:
        """Rows kept because something before them is missing, or because the handler is at work."""
        return len(self._held)

    @property
    def epoch(self) -> UUID | None:
        """Epoch that the history applied is known to belong to."""
        return self._epoch

    def next(self, now_s: float) -> Apply | Fetch | Wait:
        """Say what to do now.

        Args:
            now_s: Seconds of the caller's monotonic clock.
        """
        if self.forked is not None:
            return Wait(None)
        if self._asked is not None:
            return self._asked
        if self._must_verify():
            return self._fetch_when_due(now_s)
        if self.cursor + 1 in self._held:
            self._gap_until = None
            if now_s < self._apply_not_before:
                return Wait(self._apply_not_before)
            return Apply(self._run())
        if self.catching_up:
            return self._fetch_when_due(now_s)
        if self.highest <= self.cursor:
            self._gap_until = None
            return Wait(None)
        if self._gap_until is None:
            self._gap_until = now_s + self._settings.grace_s
        if now_s < self._gap_until:
            return Wait(self._gap_until)
        self.catching_up = True
        return self._fetch_when_due(now_s)

    def received(self, rows: Sequence[EventRow]) -> None:
        """Take in live rows, in any order."""
        for row in rows:
            self._hear(row.seq)
            if row.seq <= self.cursor:
                if row.seq == self.cursor and row.hash != self._hash:
                    self._verify = True
                continue
            known = self._held.get(row.seq)
            if known is not None:
                if known.row.hash != row.hash and not known.from_page:
                    del self._held[row.seq]  # one of the two is from another history: the page decides
                    self.catching_up = True
            elif row.seq == self.cursor + 1 or len(self._held) < self._settings.held_rows:
                self._held[row.seq] = _Held(row, from_page=False)
            else:
                self.dropped += 1

    def announced(self, log: LogHead, now_s: float) -> None:
        """Take in what a birth or a heartbeat says of the log: its producer is there.

        Args:
            log: What it says.
            now_s: Seconds of the caller's monotonic clock.
        """
        self._hear(log.head)
        self._not_before = min(self._not_before, now_s + self._settings.backoff_s)
        # Another epoch need not mean another history, nor a lower head a shorter log: rows may have come before
        # the announcement, and announcements late. What stands at the cursor tells, and until then nothing is applied.
        self._told_epoch = log.epoch
        if log.head < self.cursor or (log.head == self.cursor and log.hash not in {None, self._hash}):
            self._verify = True

    def fetched(self, page: LogPage, now_s: float, jitter: float) -> None:
        """Take in the page that was asked for.

        Args:
            page: The page.
            now_s: Seconds of the caller's monotonic clock.
            jitter: 0 to 1, spreads attempts after a page that brings nothing.
        """
        asked, self._asked = self._asked, None
        if asked is None or self.forked is not None:
            return
        if self._verify:
            if asked.from_seq > self.cursor:
                return  # asked for before there was reason to verify: it cannot tell what stands at the cursor
            self._verify = False
            if not self._is_our_history(page):
                return
            self._held.clear()
        elif self.cursor > 0 and self._is_another_history(page.log):
            self._verify = True
            return
        self.highest = max(self.cursor, self._heard, page.log.head)
        # Live rows that came under another epoch, or that no log is long enough for, belong to another history.
        if page.log.epoch != self._epoch:
            self._held.clear()
        self._epoch = page.log.epoch
        self._held = {seq: held for seq, held in self._held.items() if seq <= self.highest}
        for row in page.rows:
            if row.seq > self.cursor:
                self._held[row.seq] = _Held(row, from_page=True)
        self.catching_up = self.highest > self._through()
        if self.catching_up and self.cursor + 1 not in self._held and asked.from_seq > self.cursor:
            self._back_off(now_s, jitter)
        else:
            self.failures = 0

    def fetch_failed(self, now_s: float, jitter: float) -> None:
        """Note that the page could not be had: ask again later, each time later."""
        self._asked = None
        self._back_off(now_s, jitter)

    def offered(self, seq: int, row_hash: str) -> None:
        """Note how far the rows were applied."""
        self.cursor, self._hash = seq, row_hash
        self.highest = max(self.highest, seq)
        self._held = {held_seq: held for held_seq, held in self._held.items() if held_seq > seq}

    def postpone(self, now_s: float, after_s: float) -> None:
        """Apply nothing for a while: a handler or the database asks for it."""
        self._apply_not_before = now_s + after_s

    def refused(self, fork: LogForked) -> None:
        """Note that a row breaks the chain: final if a page brought it, else ask for the page."""
        held = self._held.get(fork.seq)
        if held is not None and held.from_page:
            self.forked = fork
            return
        self._held.clear()
        self._verify = self.cursor > 0
        self.catching_up = True

    def _hear(self, seq: int) -> None:
        self._heard = max(self._heard, seq)
        self.highest = max(self.highest, seq)

    def _must_verify(self) -> bool:
        if self.cursor > 0 and self._told_epoch not in {None, self._epoch}:
            self._verify = True
        return self._verify

    def _through(self) -> int:
        seq = self.cursor
        while seq + 1 in self._held:
            seq += 1
        return seq

    def _run(self) -> tuple[EventRow, ...]:
        run: list[EventRow] = []
        seq = self.cursor + 1
        while (held := self._held.get(seq)) is not None and len(run) < self._settings.page_rows:
            run.append(held.row)
            seq += 1
        return tuple(run)

    def _fetch_when_due(self, now_s: float) -> Fetch | Wait:
        if now_s < self._not_before:
            return Wait(self._not_before)
        self._gap_until = None
        # The page will tell how far the log goes; only what is heard from here on may go beyond it.
        self._heard = self.cursor
        self._told_epoch = None
        if self._verify:
            self._asked = Fetch(self.cursor, 1)
        else:
            self._asked = Fetch(self.cursor + 1, self._settings.page_rows)
        return self._asked

    def _back_off(self, now_s: float, jitter: float) -> None:
        delay_s = min(self._settings.backoff_s * 2**self.failures, self._settings.backoff_limit_s)
        self.failures = min(self.failures + 1, 16)
        self._not_before = now_s + delay_s * (0.5 + 0.5 * jitter)
        self.catching_up = True

    def _is_another_history(self, log: LogHead) -> bool:
        is_other_row = log.head == self.cursor and log.hash not in {None, self._hash}
        return log.epoch != self._epoch or log.head < self.cursor or is_other_row

    def _is_our_history(self, page: LogPage) -> bool:
        row = page.rows[0] if page.rows else None
        if row is not None and row.seq == self.cursor and row.hash == self._hash:
            return True
        self.forked = LogForked(
            self._producer,
            self.cursor,
            expected=f"hash {self._hash}",
            found=f"a log of epoch {page.log.epoch} that ends at seq {page.log.head}"
            if row is None
            else f"hash {row.hash}",
        )
        return False
