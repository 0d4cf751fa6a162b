"""Questions to a service, page after page, and what its refusals become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from namespace.runtime import NoAnswer, Page, QueryFailed
from services.console.adapters.answers import ServiceAnswers
from services.console.ports import Answer, NotAnswered, NotAskable


class Pages:
    """A query client in front of a list that is told three rows at a time."""

    def __init__(self, rows: list[int], trouble: Exception | None = None) -> None:
        self.rows = rows
        self.trouble = trouble
        self.cursors: list[object] = []

    async def ask(self, service: str, query: str, args: Mapping[str, Any], *, timeout_s: float) -> Page:
        if self.trouble is not None:
            raise self.trouble
        self.cursors.append(args.get("cursor"))
        begin = int(args.get("cursor") or 0)
        end = begin + 3
        return Page(self.rows[begin:end], str(end) if end < len(self.rows) else None)


async def ask(pages: Pages, most: int = 100) -> Answer:
    return await ServiceAnswers(pages).ask("oee", "intervals", {"place": "P"}, most=most)  # type: ignore[arg-type]


async def test_pages_are_joined_until_there_are_enough_rows_or_no_more() -> None:
    pages = Pages(list(range(8)))
    assert await ask(pages) == Answer(list(range(8)), None)
    assert pages.cursors == [None, "3", "6"]
    assert await ask(Pages(list(range(8))), most=4) == Answer(list(range(6)), "6")


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        (QueryFailed("UnknownPlace", "no such place"), NotAskable),
        (QueryFailed("BadArguments", "since"), NotAskable),
        (QueryFailed("DatabaseUnavailable", "away"), NotAnswered),
        (NoAnswer("oee (query intervals)", 8.0), NotAnswered),
    ],
)
async def test_a_bad_question_is_told_from_a_service_in_trouble(trouble: Exception, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        await ask(Pages([], trouble))
