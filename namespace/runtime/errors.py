"""What can go wrong between a service and the namespace, said so that the caller knows what to do."""

from __future__ import annotations


class NotConnected(Exception):
    """There is no broker session now; nothing was sent. Keep what you have and try again when there is one."""


class NoAnswer(Exception):
    """Nobody answered within the limit: the service may be down, or the account may not ask it.

    Attributes:
        asked: What was asked, for people.
        waited_s: For how long, in seconds.
    """

    def __init__(self, asked: str, waited_s: float) -> None:
        super().__init__(f"no answer from {asked} within {waited_s:g} s; is the service running (`uns status`)?")
        self.asked = asked
        self.waited_s = waited_s


class QueryFailed(Exception):
    """A service answered a query with an error.

    Attributes:
        code: A stable short word for programs.
        message: One sentence for people.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class NotKept(Exception):
    """A report could not be kept on disk and was dropped; it has been sent if there was a session. The text says why."""
