"""What is published of a work center does not grow with the orders that wait there: births stay as large as they are."""

from __future__ import annotations

from typing import Any

from namespace.contracts.work_order import CONTRACT
from namespace.isa95 import EquipmentPath
from namespace.runtime.places import device_definitions
from namespace.sparkplug import Metric, Payload, encode_payload
from namespace.testing.site import eventually
from services.work_order.adapters.boards import SHOWN, Boards, metrics_of
from services.work_order.application.carrying_out import Accepted
from tests.integration.work_order.running import load_demo_site
from tests.integration.work_order.worlds import PostgresWorld, released
from tests.unit.work_order.orders import LINE

COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Update", {"priority": 3}),
    ("Begin", {}),
    ("ReportQuantity", {"good": "1", "unit": "H87"}),
    ("Pause", {}),
    ("Resume", {}),
    ("Complete", {}),
)


TABLES = ("job_order", "job_listing")


async def birth_of(world: PostgresWorld, place: EquipmentPath) -> tuple[int, int]:
    """Return how many metrics a work center's birth has with what is published there now, and its bytes."""
    boards = Boards(world.database, lambda _place, _metrics: None)
    values = metrics_of((await boards.read([place]))[place])
    definitions = device_definitions(CONTRACT, load_demo_site())[place.device_id]
    metrics = [
        Metric(name=each.name, datatype=each.datatype, value=values[each.name], timestamp=0) for each in definitions
    ]
    return len(metrics), len(encode_payload(Payload(timestamp=0, metrics=tuple(metrics))))


async def test_births_are_as_large_with_many_orders_as_with_twenty(real: PostgresWorld) -> None:
    await released(real, *(f"JO-{number:04}" for number in range(SHOWN)))
    metrics, size = await birth_of(real, LINE)
    await released(real, *(f"JO-{number:04}" for number in range(SHOWN, 10 * SHOWN)))
    more_metrics, more_bytes = await birth_of(real, LINE)
    assert more_metrics == metrics
    assert more_bytes - size <= 2  # the number that says how many wait


async def test_no_command_reads_all_the_orders_there_are(real: PostgresWorld) -> None:
    """Plans made while the tables are small stay in use: none of them may be a plan that reads a whole table.

    Statistics taken at a moment when a table has one page make every plan such a plan until they are taken again, a minute later; when that
    moment is depends on the server's other tables, so none are taken here.
    """
    async with real.database.transaction() as tx:
        for table in TABLES:
            await tx.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    ids = [f"JO-{number:04}" for number in range(150)]
    await released(real, *ids, quantity={"value": "10", "unit": "H87"}, quantity_source="operator")
    for order_id in ids[:40]:
        for name, args in COMMANDS:
            assert isinstance(await real.send(name, order_id, **args), Accepted), name

    seen: list[Any] = []

    async def counted() -> list[Any] | None:
        """The database's counters, once all sessions have handed theirs in, which takes them some seconds."""
        async with real.database.transaction() as tx:
            await tx.fetchval("SELECT pg_stat_force_next_flush()")
            rows = await tx.fetch(
                "SELECT relname, seq_tup_read, idx_scan FROM pg_stat_user_tables"
                " WHERE schemaname = current_schema() AND relname = ANY($1::text[])",  # other tests have schemas here, too
                list(TABLES),
            )
        seen[:] = [dict(row) for row in rows]
        return rows if all(row["idx_scan"] > 150 for row in rows) else None

    for row in await eventually(counted, within_s=60, what=lambda: f"the statistics of the tables: {seen}"):
        assert row["seq_tup_read"] < 500, f"{row['relname']}: {row['seq_tup_read']} rows were read one after the other"
