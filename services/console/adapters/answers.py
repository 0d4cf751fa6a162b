"""Questions that are put to a service as its contract says, and answered as it writes (port `Answers`)."""

from __future__ import annotations

from collections.abc import Mapping

from namespace.runtime import NoAnswer, NotConnected, QueryClient, QueryFailed
from services.console.domain.states import JsonValue
from services.console.ports import Answer, NotAnswered, NotAskable

_ASK_S = 3.0
_OURS = frozenset({"InternalError", "TookTooLong", "DatabaseUnavailable", "UnknownQuery", "Malformed"})
"""Codes of a service that is in trouble itself; what it says with any other is about the question."""


class ServiceAnswers:
    """Asks over the console's session.

    Args:
        queries: The client of the session.
    """

    def __init__(self, queries: QueryClient) -> None:
        self._queries = queries

    async def ask(self, service: str, query: str, args: Mapping[str, JsonValue], *, most: int) -> Answer:
        """Ask, going on from page to page until there are `most` rows; an answer that is no list of rows is one page."""
        rows: list[JsonValue] = []
        asked = dict(args)
        while True:
            try:
                page = await self._queries.ask(service, query, asked, timeout_s=_ASK_S)
            except QueryFailed as failed:
                if failed.code in _OURS:
                    raise NotAnswered(service, failed.message) from None
                raise NotAskable(service, failed.code, failed.message) from None
            except (NoAnswer, NotConnected) as silent:
                raise NotAnswered(service, str(silent)) from None
            if not isinstance(page.data, list):
                return Answer(page.data, page.next)
            rows += page.data
            if page.next is None or len(rows) >= most:
                return Answer(rows, page.next)
            asked["cursor"] = page.next
