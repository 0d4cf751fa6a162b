"""The job list of a work center: its order, what keeps an order on it from running, and what it was at any past moment."""

from __future__ import annotations

from random import Random
from uuid import uuid4

import pytest

from namespace.contracts.event_log import EventRow
from namespace.contracts.work_order import DispatchListArgs
from namespace.isa95 import EquipmentPath
from services.work_order.adapters.boards import Boards
from services.work_order.adapters.reading import Reading
from services.work_order.adapters.restrictions import apply_restriction
from services.work_order.application.carrying_out import Accepted, Outcome, Refused
from services.work_order.domain.refusal import Code
from services.work_order.domain.state_machine import State
from tests.integration.work_order.test_routes import shaft
from tests.integration.work_order.worlds import PostgresWorld, World, iso, payloads, released
from tests.unit.work_order.memory import FakeShop
from tests.unit.work_order.orders import LINE, at

PLACE = str(LINE)


def refused(outcome: Outcome) -> Code:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.code


async def queue_of(world: PostgresWorld, place: EquipmentPath = LINE) -> list[str]:
    boards = Boards(world.database, lambda _place, _metrics: None)
    return [order.id for order in (await boards.read([place]))[place].queue]


async def listed(world: PostgresWorld, minute: float | None = None) -> list[str]:
    args = DispatchListArgs(place=PLACE, as_of=None if minute is None else at(minute), limit=200)
    return [row["id"] for row in (await Reading(world.database, FakeShop()).dispatch_list(args)).data]


async def test_an_explicit_sequence_outlasts_changes_of_priority(real: PostgresWorld) -> None:
    await released(real, "A", "B", "C", "D")
    outcome = await real.send("Resequence", PLACE, job_orders=["C", "A"], reason="tool is set up")
    assert isinstance(outcome, Accepted)
    assert await queue_of(real) == ["C", "A", "B", "D"]
    await real.send("Update", "D", priority=9)
    await released(real, "E", priority=20)
    assert await queue_of(real) == ["C", "A", "E", "D", "B"]
    await real.send("Resequence", PLACE)
    assert await queue_of(real) == ["E", "D", "A", "B", "C"]
    first, second = payloads(await real.events(), "JobListResequenced")
    assert (first["job_orders"], first["version"], first["reason"]) == (["C", "A"], 1, "tool is set up")
    assert (second["job_orders"], second["version"]) == ([], 2)


async def test_a_reschedule_never_touches_the_running_order(world: World) -> None:
    await released(world, "A", "B")
    await world.send("Begin", "A")
    before = await world.order("A")
    assert refused(await world.send("Resequence", PLACE, job_orders=["B", "A"])) is Code.WRONG_STATE
    assert refused(await world.send("Resequence", PLACE, job_orders=["B", "B"])) is Code.INVALID_ARGUMENTS
    assert refused(await world.send("Resequence", "Acme/Dallas/Packaging/Line9")) is Code.UNKNOWN_EQUIPMENT
    assert isinstance(await world.send("Resequence", PLACE, job_orders=["B"], expected=0), Accepted)
    assert refused(await world.send("Resequence", PLACE, job_orders=[], expected=0)) is Code.STALE_VERSION
    assert await world.order("A") == before


async def test_nothing_begins_on_unavailable_equipment(world: World) -> None:
    await released(world)
    assert refused(await world.send("SetAvailability", PLACE, available=False)) is Code.REASON_MISSING
    await world.send("SetAvailability", "Acme/Dallas/Packaging", available=False, reason="power is off")
    assert refused(await world.send("Begin", "JO-1")) is Code.EQUIPMENT_UNAVAILABLE
    await world.send("SetAvailability", "Acme/Dallas/Packaging", available=True)
    await world.send("Begin", "JO-1")
    await world.send("SetAvailability", PLACE, available=False, reason="bearing")
    assert (await world.order()).state is State.RUNNING  # what runs goes on
    await world.send("Pause", "JO-1")
    assert refused(await world.send("Resume", "JO-1")) is Code.EQUIPMENT_UNAVAILABLE
    said = payloads(await world.events(), "EquipmentAvailabilityChanged")
    assert [(event["available"], event.get("reason")) for event in said] == [
        (False, "power is off"),
        (True, None),
        (False, "bearing"),
    ]


def event(kind: str, subject: str, minute: float, **payload: object) -> EventRow:
    """An event of another service's log."""
    return EventRow(
        event_id=uuid4(),
        type=kind,
        schema=f"{kind}/1",
        occurred_at=at(minute),
        scope="Acme/Dallas",
        subject=subject,
        payload=payload,
        seq=1,
        recorded_at=at(minute),
        hash="0" * 64,
    )


async def heard(world: PostgresWorld, *events: EventRow) -> None:
    async with world.database.transaction() as tx:
        for row in events:
            await apply_restriction(tx, row)


async def test_material_on_hold_cannot_be_started_whichever_is_known_first(real: PostgresWorld) -> None:
    await heard(real, event("HoldPlaced", "H-1", 1, targets=["Bar"], reason="cracks"))
    await shaft(real)
    assert refused(await real.send("Begin", "WR-1-10")) is Code.MATERIAL_ON_HOLD
    await heard(real, event("HoldReleased", "H-1", 2))
    assert isinstance(await real.send("Begin", "WR-1-10", lots=["L-1"]), Accepted)
    await real.send("Pause", "WR-1-10")
    await heard(real, event("HoldPlaced", "H-2", 3, targets=["L-0", "L-1"], reason="certificate"))
    assert refused(await real.send("Resume", "WR-1-10", lots=["L-1"])) is Code.MATERIAL_ON_HOLD
    assert isinstance(await real.send("Resume", "WR-1-10", lots=["L-2"]), Accepted)


async def test_a_release_that_comes_before_its_hold_is_not_forgotten(real: PostgresWorld) -> None:
    await released(real)
    await heard(
        real,
        event("HoldReleased", "H-1", 5),
        event("HoldPlaced", "H-1", 4, targets=["JO-1"], reason="old"),
        event("Unrelated", "H-1", 6),
    )
    assert isinstance(await real.send("Begin", "JO-1"), Accepted)
    await real.send("Pause", "JO-1")
    await heard(real, event("HoldPlaced", "H-1", 7, targets=["JO-1"], reason="again"))
    assert refused(await real.send("Resume", "JO-1")) is Code.MATERIAL_ON_HOLD


async def test_equipment_that_maintenance_withdrew_is_respected(real: PostgresWorld) -> None:
    await released(real)
    await heard(real, event("EquipmentWithdrawn", PLACE, 1, reason="bearing"))
    assert refused(await real.send("Begin", "JO-1")) is Code.EQUIPMENT_UNAVAILABLE
    await heard(real, event("EquipmentReturned", PLACE, 2))
    assert isinstance(await real.send("Begin", "JO-1"), Accepted)


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_job_list_of_every_past_moment_is_what_it_was_then(real: PostgresWorld, seed: int) -> None:
    random = Random(seed)
    was: dict[int, list[str]] = {}
    for minute in range(1, 60):
        names = [f"JO-{n}" for n in range(25)]
        name, verb = (
            random.choice(names),
            random.choice(
                ("StoreAndStart", "StoreAndStart", "StoreAndStart", "Update", "Begin", "Stop", "Order", "Cancel")
            ),
        )
        if verb == "Order":
            queue = await queue_of(real)
            chosen = random.sample(queue, k=random.randint(0, len(queue)))
            await real.send("Resequence", PLACE, job_orders=chosen, occurred_at=iso(minute))
        elif verb == "Update":
            await real.send("Update", name, priority=random.randint(0, 3), occurred_at=iso(minute))
        elif verb == "StoreAndStart":
            await real.send(verb, name, place=PLACE, priority=random.randint(0, 3), occurred_at=iso(minute))
        else:
            await real.send(verb, name, occurred_at=iso(minute))
        running = [n for n in names if (await _state(real, n)) is State.RUNNING]
        was[minute] = [*running, *await queue_of(real)]

    assert len({tuple(each) for each in was.values()}) > 10
    for minute, expected in was.items():
        assert await listed(real, minute + 0.5) == expected
    assert await listed(real) == was[59]
    assert await listed(real, -1) == []


async def _state(world: PostgresWorld, order_id: str) -> State | None:
    async with world.database.transaction() as tx:
        text = await tx.fetchval("SELECT state FROM job_order WHERE id = $1 AND removed IS NULL", order_id)
    return State(text) if text else None
