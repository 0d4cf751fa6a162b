"""What the application needs: somewhere to write, and somewhere to put what cannot be written now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.historian.domain.batch import Batch


class SpoolFull(Exception):
    """The spool has no room for more, or the disk has none.

    Attributes:
        reason: In words for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch.

    Attributes:
        samples: How many are new in the journal.
        repeated: How many were there already.
        refused: How many the database would not take by themselves.
        position: Of the last row.
    """

    samples: int
    repeated: int
    refused: int
    position: int


class Journal(Protocol):
    """The database."""

    async def write(self, batch: Batch) -> Written:
        """Write a batch, all or nothing; writing it again changes nothing.

        Raises:
            DatabaseUnavailable: It is not written, or nobody knows.
            TransactionConflict: It is not written.
        """
        ...


class Spool(Protocol):
    """Batches on disk, first in, first out, that outlive the process."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be written to the database."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        ...

    @property
    def limit_bytes(self) -> int:
        """What it may take."""
        ...

    async def put(self, batch: Batch) -> None:
        """Append a batch; it is on the disk when this returns.

        Raises:
            SpoolFull: It is not.
        """
        ...

    async def first(self) -> Batch | None:
        """Return the oldest batch, which stays; None when there is none."""
        ...

    async def done(self) -> None:
        """Forget what `first` returned."""
        ...
