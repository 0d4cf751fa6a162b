"""The edge nodes that were ever born, in PostgreSQL."""

from __future__ import annotations

import asyncio

from namespace.runtime import Logger
from namespace.sparkplug import EdgeNodeDescriptor
from namespace.store import Database, DatabaseUnavailable, Queries, TransactionConflict

_WRITE_EVERY_S = 1.0


class _Sql(Queries):
    all_known: str
    remember: str


_SQL = _Sql.load("services.namespace_state.adapters", "known_nodes.sql")


class KnownNodes:
    """Remembers births, written together once a second.

    Args:
        database: The service's schema.
        log: Told when the database is away.
    """

    def __init__(self, database: Database, log: Logger) -> None:
        self._database = database
        self._log = log
        self._born: set[EdgeNodeDescriptor] = set()

    async def all(self) -> list[EdgeNodeDescriptor]:
        """Read every edge node that was ever born."""
        async with self._database.transaction() as transaction:
            rows = await transaction.fetch(_SQL.all_known)
        return [EdgeNodeDescriptor(row["group_id"], row["edge_node_id"]) for row in rows]

    def born(self, node: EdgeNodeDescriptor) -> None:
        """Note a birth."""
        self._born.add(node)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(_WRITE_EVERY_S)
            if not self._born:
                continue
            nodes = sorted(self._born)
            try:
                async with self._database.transaction() as transaction:
                    groups = [node.group_id for node in nodes]
                    await transaction.execute(_SQL.remember, groups, [node.edge_node_id for node in nodes])
            except (DatabaseUnavailable, TransactionConflict) as unavailable:
                self._log.warning("known_nodes_wait_for_database", error=str(unavailable))
            else:
                self._born -= set(nodes)
