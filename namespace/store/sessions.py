"""The number of a Sparkplug session, kept across restarts.

Source: Sparkplug 3.0, section 6.4.17 (bdSeq): it grows by one with every CONNECT and returns from 255 to 0.
"""

from collections.abc import Mapping

from namespace.store.database import Database
from namespace.store.queries import Queries


class _Sql(Queries):
    next_bd_seq: str
    machine_sessions: str
    note_machine_sessions: str


_SQL = _Sql.load("namespace.store", "sessions.sql")


async def next_bd_seq(database: Database, edge_node: str) -> int:
    """Number the next CONNECT of an edge node; the number is committed before it is used.

    Args:
        database: The service's database.
        edge_node: `<group_id>/<edge_node_id>`.

    Returns:
        0 to 255.

    Raises:
        DatabaseUnavailable: No connection; do not connect to the broker with a number from elsewhere.
    """
    async with database.transaction() as tx:
        number: int = await tx.fetchval(_SQL.next_bd_seq, edge_node)
    return number


class MachineSessions:
    """Which Sparkplug session of each machine's edge node a service has used last.

    Args:
        database: The service's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self) -> dict[str, int | None]:
        """Read bdSeq by `<group_id>/<edge_node_id>`; None for a node that tells none.

        Raises:
            DatabaseUnavailable: No connection.
        """
        async with self._database.transaction() as tx:
            return {record["edge_node"]: record["bd_seq"] for record in await tx.fetch(_SQL.machine_sessions)}

    async def note(self, sessions: Mapping[str, int | None]) -> None:
        """Note sessions whose births have been used; do it afterwards, so that a crash in between takes them for new ones.

        Args:
            sessions: bdSeq by `<group_id>/<edge_node_id>`.

        Raises:
            DatabaseUnavailable: No connection.
        """
        async with self._database.transaction() as tx:
            await tx.execute(_SQL.note_machine_sessions, list(sessions), list(sessions.values()))
