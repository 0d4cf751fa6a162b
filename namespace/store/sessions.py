"""The number of a Sparkplug session, kept across restarts.

Source: Sparkplug 3.0, section 6.4.17 (bdSeq): it grows by one with every CONNECT and returns from 255 to 0.
"""

from namespace.store.database import Database
from namespace.store.queries import Queries


class _Sql(Queries):
    next_bd_seq: str


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
