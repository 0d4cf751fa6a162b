"""A real database whose next transaction ends badly, as a test likes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from namespace.store import Database, DatabaseUnavailable, Transaction


class Flaky(Database):
    """A database whose next transaction can be made to end badly."""

    trouble: str = ""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        trouble, self.trouble = self.trouble, ""
        if trouble == "away":
            raise DatabaseUnavailable("away", "Wait.")
        async with super().transaction() as tx:
            yield tx
            if trouble == "lost before":
                raise DatabaseUnavailable("lost", "Wait.", outcome_unknown=True)
            if trouble == "lost after":
                tx._after_commit.clear()
        if trouble == "lost after":
            raise DatabaseUnavailable("lost", "Wait.", outcome_unknown=True)
