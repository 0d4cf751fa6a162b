"""What is published of a work center does not grow with the orders that wait there: births stay as large as they are."""

from __future__ import annotations

from namespace.contracts.work_order import CONTRACT
from namespace.isa95 import EquipmentPath
from namespace.runtime.places import device_definitions
from namespace.sparkplug import Metric, Payload, encode_payload
from services.work_order.adapters.boards import SHOWN, Boards, metrics_of
from tests.integration.work_order.running import load_demo_site
from tests.integration.work_order.worlds import PostgresWorld, released
from tests.unit.work_order.orders import LINE


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
