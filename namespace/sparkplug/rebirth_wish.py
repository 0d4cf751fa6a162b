"""When to ask an edge node for a rebirth: not twice at once, ever less often, and spread over many nodes."""

from namespace.sparkplug.host_event import WantedReason

_LONGEST_INTERVAL_MS = 300_000

_LONGEST_LOSS_MS = 30_000
"""The longest interval where messages were lost and births come: an edge node keeps what it sent for some time only, to send it again
after its birth (`ForwardingSettings.resend_window_s`)."""

_DEAF_AFTER = 3
"""Requests in vain after which an edge node is taken for one that does not answer."""

_BROKEN = frozenset({WantedReason.UNKNOWN_METRIC, WantedReason.BIRTH_REFUSED})
"""Reasons that no lost message explains."""


class RebirthWish:
    """The wish to hear one edge node's births.

    A wish that is not fulfilled is repeated at doubling intervals, up to five minutes; so is one that comes
    back right after each birth, because the peer is broken. Where messages get lost again and again, half a minute is the most. It starts
    afresh after a quiet time.

    Args:
        interval_ms: between the first request and the second.
        attempts: requests before it waits for fresh evidence instead of repeating by itself.
    """

    def __init__(self, interval_ms: int, attempts: int) -> None:
        self._interval_ms = interval_ms
        self._max_attempts = attempts
        self._reason: WantedReason | None = None
        self._attempts = 0
        self._unanswered = 0
        self._due_ms = 0
        self._asked_ms: int | None = None
        self._is_heard = False

    @property
    def is_open(self) -> bool:
        """Whether a rebirth is wanted and may still be asked for without fresh evidence."""
        return self._reason is not None and self._attempts < self._max_attempts

    @property
    def reason(self) -> WantedReason | None:
        """Why a rebirth is wanted; None while none is."""
        return self._reason

    @property
    def takes_any_birth(self) -> bool:
        """Whether requests went unanswered so often that even a birth which looks old is welcome.

        The peer's clock may have been set back, or stand still.
        """
        return self._unanswered > 2

    def expects_birth(self, now_ms: int) -> bool:
        """Whether the edge node is there and will answer: it was heard without its birth, or has just been asked.

        Whoever is silent may be coming back by itself; an answer says nothing of those.

        Args:
            now_ms: ms since the epoch.
        """
        return self._is_heard or (self._unanswered > 0 and now_ms < self._due_ms)

    def want(self, reason: WantedReason, now_ms: int, delay_ms: int = 0) -> None:
        """Note evidence that a rebirth is needed.

        Args:
            reason: why; the first one stays until fulfilled.
            now_ms: ms since the epoch.
            delay_ms: how long to wait at least before the first request.
        """
        if self._asked_ms is not None and now_ms - self._asked_ms >= 2 * self._interval():
            self._attempts = 0
        self._is_heard = self._is_heard or reason is not WantedReason.CONNECTION_LOST
        if self._reason is None:
            self._reason = reason
            self._due_ms = max(self._due_ms, now_ms + delay_ms)

    def not_asked(self, now_ms: int) -> None:
        """Note that the request that was counted last has not gone out."""
        if self._unanswered:
            self._unanswered -= 1
            self._attempts = max(0, self._attempts - 1)
            self._due_ms = min(self._due_ms, now_ms + self._interval_ms)

    def fulfilled(self) -> None:
        """Note that a birth has come, whoever asked for it."""
        self._reason, self._unanswered, self._is_heard = None, 0, False

    def is_due(self, now_ms: int, *, has_evidence: bool) -> bool:
        """Whether a request is due now; see `ask`."""
        return self._reason is not None and now_ms >= self._due_ms and (has_evidence or self.is_open)

    def ask(self, now_ms: int, *, has_evidence: bool) -> WantedReason | None:
        """Return the reason if a request is due now, and count it as sent.

        Args:
            now_ms: ms since the epoch.
            has_evidence: a message has just shown the need; without, the number of attempts is limited.
        """
        if not self.is_due(now_ms, has_evidence=has_evidence):
            return None
        self._attempts += 1
        self._unanswered += 1
        self._asked_ms = now_ms
        self._due_ms = now_ms + self._interval()
        return self._reason

    def _interval(self) -> int:
        is_loss = self._reason is not None and self._reason not in _BROKEN and self._unanswered <= _DEAF_AFTER
        longest_ms = _LONGEST_LOSS_MS if is_loss else _LONGEST_INTERVAL_MS
        return min(self._interval_ms << min(max(self._attempts - 1, 0), 16), longest_ms)
