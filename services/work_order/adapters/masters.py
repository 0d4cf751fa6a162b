"""The work masters of the ports on PostgreSQL, within the runtime's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from namespace.isa95 import EquipmentPath
from namespace.store import Queries, Transaction, append
from services.work_order.adapters.events import NewId, work_master_event
from services.work_order.adapters.rows import Row
from services.work_order.application.defining import WORK_MASTER
from services.work_order.domain.work_master import WorkMaster, WorkMasterState
from services.work_order.ports import Origin


class WorkMasterSql(Queries):
    """The statements on work masters."""

    lock_work_master: str
    versions: str
    version: str
    newest_version: str
    put_work_master: str
    page_of_work_masters: str


SQL = WorkMasterSql.load("services.work_order.adapters", "work_masters.sql")


class PostgresWorkMasters:
    """`WorkMasters` in one transaction.

    Args:
        tx: The transaction; the caller commits it.
        site: The site, the place of work masters.
        new_id: Makes event ids.
    """

    def __init__(self, tx: Transaction, site: EquipmentPath, new_id: NewId) -> None:
        self._tx = tx
        self._site = site
        self._new_id = new_id

    async def versions(self, master_id: str) -> list[WorkMaster]:
        """Return all versions, oldest first, locked against others that ask."""
        await self._tx.fetchval(SQL.lock_work_master, master_id)
        return [work_master_of(row) for row in await self._tx.fetch(SQL.versions, master_id)]

    async def version(self, master_id: str, version: int) -> WorkMaster | None:
        """Return one version."""
        row = await self._tx.fetchrow(SQL.version, master_id, version)
        return work_master_of(row) if row else None

    async def put(self, master: WorkMaster, at: datetime, origin: Origin, *, reason: str | None = None) -> None:
        """Write a version, new or with another state, and its event."""
        await self._tx.execute(
            SQL.put_work_master,
            master.id,
            master.version,
            master.state.value,
            master.material,
            master.effective_from,
            master.effective_until,
            WORK_MASTER.dump_json(master).decode(),
            at,
        )
        await append(self._tx, [work_master_event(master, at, self._site, origin, self._new_id, reason=reason)])


def work_master_of(row: Row) -> WorkMaster:
    """Return the version of a row: its document, in its present state."""
    master: WorkMaster = WORK_MASTER.validate_json(row["document"])
    return replace(master, state=WorkMasterState(row["state"]))
