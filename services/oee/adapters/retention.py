"""Forgets what nothing is judged by any more: figures and their revisions stay, the working behind them has its time.

What is in memory is no business of this: there a unit has what is not final, and some hours before it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from namespace.runtime import Logger
from namespace.store import Database, DatabaseUnavailable, Queries, TransactionConflict
from services.oee.application.units import Units

DAY_MS = 86_400_000
_EVERY_S = 3_600.0


class OeeSettings(BaseModel):
    """Settings of `oee` beside those of every service.

    Attributes:
        oee_keep_samples_days: How long a final window keeps the samples it was judged from. So long late data and words of persons restate
            it; after that it stays as it is.
        oee_keep_intervals_days: How long the state log of a unit is kept; figures, losses and revisions of its windows are kept for good.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    oee_keep_samples_days: Annotated[int, Field(ge=2)] = 92
    oee_keep_intervals_days: Annotated[int, Field(ge=2)] = 400

    @property
    def keep_samples_ms(self) -> int:
        """The same in milliseconds."""
        return self.oee_keep_samples_days * DAY_MS


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was forgotten.

    Attributes:
        windows: Final windows that gave up their samples.
        intervals: Rows of state logs.
        marks: Beginnings and ends of job orders that are over.
    """

    windows: int
    intervals: int
    marks: int


class _Sql(Queries):
    forget_window_samples: str
    forget_intervals: str
    forget_marks: str


_SQL = _Sql.load("services.oee.adapters", "retention.sql")


class Retention:
    """Forgets now and then.

    Args:
        database: The service's schema.
        units: The units of the site; each is as old as its own business time.
        settings: What is kept how long.
        log: For people.
    """

    def __init__(self, database: Database, units: Units, settings: OeeSettings, log: Logger) -> None:
        self._database = database
        self._units = units
        self._settings = settings
        self._log = log

    async def run(self) -> None:
        """Forget what is due every hour until cancelled."""
        while True:
            try:
                forgotten = await self.forget()
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._log.info("nothing_forgotten", error=str(unavailable))
            else:
                if forgotten != Forgotten(0, 0, 0):
                    self._log.info(
                        "forgotten",
                        windows=forgotten.windows,
                        intervals=forgotten.intervals,
                        marks=forgotten.marks,
                    )
            await asyncio.sleep(_EVERY_S)

    async def forget(self) -> Forgotten:
        """Forget what is due, one unit after the other.

        Raises:
            DatabaseUnavailable: The database is not reachable; some units may be done.
            TransactionConflict: The same.
        """
        windows = intervals = marks = 0
        newest_ms = max((unit.known_until_ms for unit in self._units.by_path.values()), default=0)
        for path, unit in self._units.by_path.items():
            now_ms = unit.known_until_ms or newest_ms
            samples_ms = now_ms - self._settings.keep_samples_ms
            intervals_ms = now_ms - self._settings.oee_keep_intervals_days * DAY_MS
            async with self._database.transaction() as tx:
                windows += await tx.execute(_SQL.forget_window_samples, str(path), samples_ms)
                intervals += await tx.execute(_SQL.forget_intervals, str(path), intervals_ms)
                marks += await tx.execute(_SQL.forget_marks, str(path), samples_ms)
        return Forgotten(windows, intervals, marks)
