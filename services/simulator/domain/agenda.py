"""Simulated time: what will happen next, and when.

One agenda drives one line. It holds appointments in simulated milliseconds and carries them out in order of
time, ties in the order in which they were made, so that the same seed gives the same history whatever the
steps in which time is advanced. It does not know the wall clock.
"""

import heapq
from collections.abc import Callable


class Appointment:
    """Something that will be done at a time, unless it is cancelled before."""

    __slots__ = ("action", "at_ms")

    def __init__(self, at_ms: int, action: Callable[[], None]) -> None:
        self.at_ms = at_ms
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Make the appointment void; doing so twice does no harm."""
        self.action = None


class Agenda:
    """Appointments of one line in simulated time.

    Attributes:
        now_ms: The simulated time, milliseconds since the epoch.
    """

    def __init__(self, start_ms: int) -> None:
        self.now_ms = start_ms
        self._made = 0
        self._heap: list[tuple[int, int, Appointment]] = []

    def after(self, delay_ms: int, action: Callable[[], None]) -> Appointment:
        """Make an appointment.

        Args:
            delay_ms: Simulated milliseconds from now; negative counts as 0.
            action: What to do then.

        Returns:
            The appointment, to cancel it.
        """
        appointment = Appointment(self.now_ms + max(0, delay_ms), action)
        self._made += 1
        heapq.heappush(self._heap, (appointment.at_ms, self._made, appointment))
        return appointment

    @property
    def next_ms(self) -> int | None:
        """When the next appointment is, or None when nothing will ever happen."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def advance(self, until_ms: int) -> None:
        """Carry out every appointment up to and including a time, then stand at that time.

        Args:
            until_ms: Simulated milliseconds since the epoch; a time in the past changes nothing.
        """
        while self._heap and self._heap[0][0] <= until_ms:
            at_ms, _, appointment = heapq.heappop(self._heap)
            if appointment.action is not None:
                self.now_ms = at_ms
                appointment.action()
        self.now_ms = max(self.now_ms, until_ms)
