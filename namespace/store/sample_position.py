"""How far a service has used the historian's journal, so that it can ask for what follows when it was down."""

from dataclasses import dataclass

from namespace.store.database import Database
from namespace.store.queries import Queries


class _Sql(Queries):
    read_position: str
    write_position: str


_SQL = _Sql.load("namespace.store", "sample_position.sql")


@dataclass(frozen=True, slots=True)
class SamplePosition:
    """A place in a journal.

    Attributes:
        journal: The journal's id; another one has other positions.
        position: Everything up to here was used.
    """

    journal: str
    position: int


async def read_sample_position(database: Database) -> SamplePosition | None:
    """Return how far the journal was used; None before the first time.

    Raises:
        DatabaseUnavailable: No connection.
    """
    async with database.transaction() as tx:
        row = await tx.fetchrow(_SQL.read_position)
    return None if row is None else SamplePosition(row["journal"], row["position"])


async def write_sample_position(database: Database, position: SamplePosition) -> None:
    """Note that the journal was used up to `position`; within one journal this only grows.

    Raises:
        DatabaseUnavailable: No connection.
    """
    async with database.transaction() as tx:
        await tx.execute(_SQL.write_position, position.journal, position.position)
