"""From a work master to job orders that wait for each other, are divided, held and reworked; in memory and on PostgreSQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.work_order.application.carrying_out import Accepted, Outcome, Refused
from services.work_order.domain.definition import PredecessorRule, QuantitySource
from services.work_order.domain.job_order import Removal
from services.work_order.domain.refusal import Code
from services.work_order.domain.state_machine import State, SubState
from tests.integration.work_order.worlds import World, defective, iso, payloads, processed, released
from tests.unit.work_order.orders import LINE, OTHER_LINE

ROUTE: list[dict[str, Any]] = [
    {
        "id": "10",
        "equipment_class": "Saw",
        "run_s": "2.5",
        "setup_s": "600",
        "quantity_source": "operator",
        "materials": [
            {"material": "Bar", "quantity": "0.2", "unit": "MTR", "over_tolerance": "0.05"},
            {"material": "Chips", "use": "By-product Produced", "quantity": "0.01", "unit": "KGM"},
        ],
    },
    {
        "id": "20",
        "quantity_source": "operator",
        "predecessors": [{"operation": "10", "rule": "Overlap", "quantity": "30"}],
        "under_tolerance": "0.05",
    },
    {
        "id": "30",
        "output_per_unit": "2",
        "quantity_source": "operator",
        "predecessors": [{"operation": "10"}, {"operation": "20"}],
    },
]
PLACES = {"Saw": str(LINE), "20": str(OTHER_LINE), "30": str(LINE)}


def refused(outcome: Outcome) -> Code:
    assert isinstance(outcome, Refused), outcome
    return outcome.refusal.code


async def done(world: World, name: str, subject: str, **args: Any) -> Accepted:
    outcome = await world.send(name, subject, **args)
    assert isinstance(outcome, Accepted), outcome
    return outcome


async def shaft(world: World, quantity: str = "100") -> None:
    """A work request for shafts with its three job orders, permitted to start."""
    world.shop.lines[OTHER_LINE] = world.shop.lines[LINE]
    await done(world, "StoreWorkMaster", "Shaft", operations=ROUTE, material="Shaft", activate=True)
    await done(
        world,
        "StoreWorkRequest",
        "WR-1",
        work_master="Shaft",
        quantity={"value": quantity, "unit": "H87"},
        customer_reference="SO-7",
        due=iso(600),
        priority=4,
    )
    await done(world, "CreateJobOrders", "WR-1", places=PLACES, start=True)


async def yields(world: World, order_id: str, good: str, **more: str) -> None:
    await done(world, "ReportQuantity", order_id, good=good, unit="H87", **more)


async def test_a_work_request_becomes_a_job_order_of_each_operation(world: World) -> None:
    await shaft(world)
    first, second, third = [await world.order(f"WR-1-{operation}") for operation in ("10", "20", "30")]

    asked = first.definition
    assert (asked.work_master, asked.work_master_version, asked.operation) == ("Shaft", 1, "10")
    assert (asked.customer_reference, asked.priority, asked.setup_s, asked.ideal_cycle_s) == (
        "SO-7",
        4,
        Decimal(600),
        Decimal("2.5"),
    )
    assert (second.place, second.definition.under_tolerance) == (OTHER_LINE, Decimal("0.05"))
    assert second.definition.predecessors[0].rule is PredecessorRule.OVERLAP
    assert third.definition.ordered is not None
    assert third.definition.ordered.value == 200
    stored = payloads(await world.events(), "JobOrderStored")
    assert [(event["operation"], event["work_master_version"], event["due"]) for event in stored] == [
        (operation, 1, "2026-03-02T16:00:00Z") for operation in ("10", "20", "30")
    ]
    assert refused(await world.send("CreateJobOrders", "WR-1", places=PLACES)) is Code.DUPLICATE_ID


async def test_all_job_orders_of_a_request_are_made_or_none(world: World) -> None:
    await shaft(world)
    await done(world, "StoreWorkRequest", "WR-2", work_master="Shaft", quantity={"value": "5", "unit": "H87"})
    before = len(await world.events())
    nowhere = {**PLACES, "30": "Acme/Dallas/Nowhere/Line9"}
    assert refused(await world.send("CreateJobOrders", "WR-2", places=nowhere)) is Code.UNKNOWN_EQUIPMENT
    assert refused(await world.send("Start", "WR-2-10")) is Code.UNKNOWN_JOB_ORDER
    assert len(await world.events()) == before


async def test_an_operation_is_done_where_its_equipment_class_is_unless_the_site_does_not_list_it(world: World) -> None:
    world.shop.equipment_classes["Saw"] = frozenset({LINE})
    await shaft(world)
    await done(world, "StoreWorkRequest", "WR-2", work_master="Shaft", quantity={"value": "5", "unit": "H87"})
    elsewhere = await world.send("CreateJobOrders", "WR-2", places={**PLACES, "10": str(OTHER_LINE)})
    assert refused(elsewhere) is Code.WRONG_EQUIPMENT
    part = {"into": "B", "quantity": {"value": "20", "unit": "H87"}}
    assert refused(await world.send("Split", "WR-1-10", **part, place=str(OTHER_LINE))) is Code.WRONG_EQUIPMENT
    await done(world, "Split", "WR-1-20", **part, place=str(LINE))
    del world.shop.equipment_classes["Saw"]
    await done(world, "CreateJobOrders", "WR-2", places={**PLACES, "10": str(OTHER_LINE)})
    assert (await world.order("WR-2-10")).place == OTHER_LINE


async def test_a_job_order_keeps_the_version_it_was_made_from(world: World) -> None:
    await shaft(world)
    faster = [{**ROUTE[0], "run_s": "2"}, *ROUTE[1:]]
    await done(world, "StoreWorkMaster", "Shaft", operations=faster, material="Shaft", activate=True)
    await done(world, "StoreWorkRequest", "WR-2", work_master="Shaft", quantity={"value": "5", "unit": "H87"})
    await done(world, "CreateJobOrders", "WR-2", places=PLACES)

    old, new = (await world.order("WR-1-10")).definition, (await world.order("WR-2-10")).definition
    assert (old.work_master_version, old.ideal_cycle_s) == (1, Decimal("2.5"))
    assert (new.work_master_version, new.ideal_cycle_s) == (2, Decimal(2))
    assert refused(await world.send("Update", "WR-2-10", work_master="Axle")) is Code.INVALID_ARGUMENTS


async def test_versions_are_used_while_active_and_effective(world: World) -> None:
    await done(world, "StoreWorkMaster", "Shaft", operations=ROUTE, effective_from=iso(60), effective_until=iso(120))
    await done(world, "StoreWorkRequest", "WR-1", work_master="Shaft", quantity={"value": "5", "unit": "H87"})
    world.shop.lines[OTHER_LINE] = world.shop.lines[LINE]

    async def make(minute: float) -> Outcome:
        return await world.send("CreateJobOrders", "WR-1", places=PLACES, occurred_at=iso(minute))

    assert refused(await make(90)) is Code.NO_VERSION_IN_FORCE
    await done(world, "ActivateWorkMaster", "Shaft", version=1)
    assert refused(await world.send("ActivateWorkMaster", "Shaft", version=1)) is Code.WRONG_STATE
    assert refused(await make(59)) is Code.NO_VERSION_IN_FORCE
    assert refused(await make(120)) is Code.NO_VERSION_IN_FORCE
    assert isinstance(await make(60), Accepted)
    await done(world, "RetireWorkMaster", "Shaft", version=1)
    assert refused(await make(90)) is Code.NO_VERSION_IN_FORCE
    assert refused(await world.send("RetireWorkMaster", "Shaft", version=2)) is Code.UNKNOWN_WORK_MASTER
    kinds = [name for name, _ in await world.events() if name.startswith("WorkMaster")]
    assert kinds == ["WorkMasterStored", "WorkMasterActivated", "WorkMasterRetired"]


async def test_storing_the_same_route_again_makes_no_version(world: World) -> None:
    for _ in range(2):
        outcome = await done(world, "StoreWorkMaster", "Shaft", operations=ROUTE)
        assert outcome.version == 1
    assert len(payloads(await world.events(), "WorkMasterStored")) == 1


async def test_routes_that_cannot_be_followed_are_refused(world: World) -> None:
    twice = [{"id": "10"}, {"id": "10"}]
    circle = [
        {"id": "10", "predecessors": [{"operation": "20"}]},
        {"id": "20", "predecessors": [{"operation": "10"}]},
    ]
    unknown = [{"id": "10", "predecessors": [{"operation": "5"}]}]
    overlap = [{"id": "10"}, {"id": "20", "predecessors": [{"operation": "10", "rule": "Overlap"}]}]
    for operations in (twice, circle, unknown, overlap):
        assert refused(await world.send("StoreWorkMaster", "Bad", operations=operations)) is Code.INVALID_ARGUMENTS


async def test_an_operation_waits_for_its_predecessors_by_their_rules(world: World) -> None:
    await shaft(world)
    assert refused(await world.send("Begin", "WR-1-20")) is Code.PREDECESSOR_NOT_DONE
    await done(world, "Begin", "WR-1-10")
    await yields(world, "WR-1-10", "29")
    assert refused(await world.send("Begin", "WR-1-20")) is Code.PREDECESSOR_NOT_DONE
    await yields(world, "WR-1-10", "1")
    await done(world, "Begin", "WR-1-20")
    await done(world, "Stop", "WR-1-10")
    assert refused(await world.send("Begin", "WR-1-30")) is Code.PREDECESSOR_NOT_DONE
    await done(world, "Stop", "WR-1-20")
    await done(world, "Begin", "WR-1-30")


async def test_what_was_split_off_is_waited_for_too(world: World) -> None:
    await shaft(world)
    await done(world, "Split", "WR-1-10", into="WR-1-10b", quantity={"value": "40", "unit": "H87"})
    await done(world, "Begin", "WR-1-10")
    await done(world, "Stop", "WR-1-10")
    assert refused(await world.send("Begin", "WR-1-20")) is Code.PREDECESSOR_NOT_DONE
    await done(world, "Cancel", "WR-1-10b")
    await done(world, "Begin", "WR-1-20")


async def test_an_operation_completes_within_its_tolerance(world: World) -> None:
    await shaft(world)
    await done(world, "Begin", "WR-1-10")
    await done(world, "Stop", "WR-1-10")
    await done(world, "Begin", "WR-1-20")
    await yields(world, "WR-1-20", "94")
    assert refused(await world.send("Complete", "WR-1-20")) is Code.QUANTITY_BEYOND_TOLERANCE
    await yields(world, "WR-1-20", "1")
    await done(world, "Complete", "WR-1-20")


async def test_quantity_and_due_date_change_while_the_order_runs(world: World) -> None:
    await shaft(world)
    await done(world, "Begin", "WR-1-10")
    await yields(world, "WR-1-10", "60")
    assert refused(await world.send("Amend", "WR-1-10", quantity={"value": "59", "unit": "H87"})) is (
        Code.QUANTITY_BEYOND_TOLERANCE
    )
    assert refused(await world.send("Amend", "WR-1-10")) is Code.INVALID_ARGUMENTS
    await done(world, "Amend", "WR-1-10", quantity={"value": "80", "unit": "H87"}, due=iso(900), reason="customer")

    order = await world.order("WR-1-10")
    assert (order.state, order.remaining) == (State.RUNNING, Decimal(20))
    (amended,) = payloads(await world.events(), "JobOrderAmended")
    assert (amended["quantity_ordered"]["value"], amended["from_quantity"]["value"]) == ("80", "100")
    assert (amended["cause"], amended["reason"], amended["due"]) == ("Amend", "customer", "2026-03-02T21:00:00Z")


async def test_a_counted_order_that_has_made_the_smaller_quantity_is_complete(world: World) -> None:
    await world.count(processed(0, 0))
    await released(world, quantity={"value": "10", "unit": "H87"}, completes_by="target", occurred_at=iso(0))
    await done(world, "Begin", "JO-1", occurred_at=iso(1))
    await world.count(processed(7, 2))
    await done(world, "Amend", "JO-1", quantity={"value": "7", "unit": "H87"}, occurred_at=iso(3))
    assert (await world.order()).state is State.ENDED


async def test_split_and_merge_keep_the_quantity_asked_for(world: World) -> None:
    await shaft(world)
    await done(world, "Begin", "WR-1-10")
    await yields(world, "WR-1-10", "30", scrap="10", scrap_reason="dent")
    part = {"value": "25", "unit": "H87"}
    too_much = {"value": "61", "unit": "H87"}
    assert refused(await world.send("Split", "WR-1-10", into="X", quantity=too_much)) is Code.QUANTITY_BEYOND_TOLERANCE
    outcome = await done(world, "Split", "WR-1-10", into="WR-1-10b", quantity=part, place=str(OTHER_LINE))
    assert outcome.places == {LINE, OTHER_LINE}
    new = await world.order("WR-1-10b")
    assert (new.state, new.place, new.definition.split_from) == (State.ALLOWED_TO_START, OTHER_LINE, "WR-1-10")
    assert refused(await world.send("Split", "WR-1-10", into="WR-1-10b", quantity=part)) is Code.DUPLICATE_ID

    await done(world, "Begin", "WR-1-10b")
    await yields(world, "WR-1-10b", "5")
    assert refused(await world.send("Merge", "WR-1-10", remaining_of="WR-1-10b")) is Code.WRONG_STATE
    assert refused(await world.send("Merge", "WR-1-10", remaining_of="WR-1-20")) is Code.NOT_THE_SAME_WORK
    await done(world, "Pause", "WR-1-10b")
    await done(world, "Merge", "WR-1-10", remaining_of="WR-1-10b")

    whole, rest = await world.order("WR-1-10"), await world.order("WR-1-10b")
    assert whole.definition.ordered is not None
    assert rest.definition.ordered is not None
    assert (whole.definition.ordered.value, rest.definition.ordered.value) == (Decimal(95), Decimal(5))
    assert (rest.state, rest.remaining, whole.remaining) == (State.ENDED, Decimal(0), Decimal(55))
    causes = [(event["cause"], event["other"]) for event in payloads(await world.events(), "JobOrderAmended")]
    assert causes == [("Split", "WR-1-10b"), ("Merge", "WR-1-10"), ("Merge", "WR-1-10b")]


async def test_what_has_not_begun_is_cancelled_by_the_merge(world: World) -> None:
    await shaft(world)
    await done(world, "Split", "WR-1-10", into="B", quantity={"value": "40", "unit": "H87"})
    await done(world, "Merge", "WR-1-10", remaining_of="B")
    assert (await world.order("B")).removed is Removal.CANCELLED
    ordered = (await world.order("WR-1-10")).definition.ordered
    assert ordered is not None
    assert ordered.value == 100


async def test_a_held_order_does_not_run_until_it_is_released(world: World) -> None:
    await released(world)
    assert refused(await world.send("Hold", "JO-1")) is Code.REASON_MISSING
    await done(world, "Hold", "JO-1", reason="drawing is wrong")
    assert refused(await world.send("Hold", "JO-1", reason="again")) is Code.ON_HOLD
    assert refused(await world.send("Begin", "JO-1")) is Code.ON_HOLD
    await done(world, "Release", "JO-1", reason="new drawing")
    assert refused(await world.send("Release", "JO-1")) is Code.NOT_ON_HOLD
    await done(world, "Begin", "JO-1")

    await done(world, "Hold", "JO-1", reason="lot 7 is suspect")
    order = await world.order()
    assert (order.state, order.sub_state) == (State.INTERRUPTED, SubState.HELD)
    assert refused(await world.send("Resume", "JO-1")) is Code.ON_HOLD
    await done(world, "Release", "JO-1")
    assert (await world.order()).sub_state is SubState.SUSPENDED
    await done(world, "Resume", "JO-1")
    held = payloads(await world.events(), "JobOrderHeld")
    released_ = payloads(await world.events(), "JobOrderReleased")
    assert [event["reason"] for event in held] == ["drawing is wrong", "lot 7 is suspect"]
    assert [event["held_for"] for event in released_] == ["drawing is wrong", "lot 7 is suspect"]


async def test_units_set_aside_are_reworked_by_an_order_of_their_own(world: World) -> None:
    await released(world, quantity={"value": "10", "unit": "H87"}, quantity_source="operator")
    await done(world, "Begin", "JO-1")
    await yields(world, "JO-1", "6", scrap="1", scrap_reason="dent", rework="3", rework_reason="burr")
    three = {"value": "3", "unit": "H87"}
    four = {"value": "4", "unit": "H87"}
    assert refused(await world.send("Rework", "JO-1", into="RW-1", quantity=four)) is Code.QUANTITY_BEYOND_TOLERANCE
    await done(world, "Rework", "JO-1", into="RW-1", quantity=three)
    assert refused(await world.send("Rework", "JO-1", into="RW-2", quantity=three)) is Code.QUANTITY_BEYOND_TOLERANCE
    assert (
        refused(await world.send("ReportQuantity", "JO-1", rework="-1", unit="H87")) is Code.QUANTITY_BEYOND_TOLERANCE
    )
    await done(world, "Complete", "JO-1")
    await done(world, "Begin", "RW-1")
    await yields(world, "RW-1", "2", scrap="1", scrap_reason="dent")
    await done(world, "Complete", "RW-1")

    first, again = payloads(await world.events(), "JobResponse")
    assert (first["good"], first["scrap"], first["rework"], first["scrap_reasons"]) == ("6", "1", "3", {"dent": "1"})
    assert (again["rework_of"], again["good"], again["scrap"]) == ("JO-1", "2", "1")


async def test_counted_defects_can_be_reworked(world: World) -> None:
    await world.count(processed(0, 0))
    await released(world, occurred_at=iso(0))
    await done(world, "Begin", "JO-1", occurred_at=iso(1))
    await world.count(processed(10, 2))
    assert refused(await world.send("Rework", "JO-1", into="RW", quantity={"value": "1", "unit": "H87"})) is (
        Code.QUANTITY_BEYOND_TOLERANCE
    )
    await world.count(defective(0, 3))
    await world.count(defective(4, 4))
    await done(world, "Rework", "JO-1", into="RW", quantity={"value": "3", "unit": "H87"}, occurred_at=iso(5))
    order = await world.order()
    assert (order.good, order.scrap, order.rework) == (Decimal(6), Decimal(1), Decimal(3))
    assert (await world.order("RW")).definition.quantity_source is QuantitySource.OPERATOR


async def test_counts_and_declarations_have_one_writer_each_and_are_reconciled(world: World) -> None:
    await world.count(processed(0, 0))
    await released(world, operator_declares=True, occurred_at=iso(0))
    await done(world, "Begin", "JO-1", occurred_at=iso(1))
    await world.count(processed(50, 2))
    assert refused(await world.send("ReportQuantity", "JO-1", good="1", unit="H87")) is Code.QUANTITY_SOURCE
    await done(world, "DeclareQuantity", "JO-1", good="47", scrap="1", unit="H87", occurred_at=iso(3))
    assert refused(await world.send("Reconcile", "JO-1", keep="declared")) is Code.WRONG_STATE
    await done(world, "Complete", "JO-1", occurred_at=iso(4))
    assert (await world.order()).good == 50
    await done(world, "Reconcile", "JO-1", keep="declared", occurred_at=iso(5))

    order = await world.order()
    assert (order.good, order.scrap) == (Decimal(47), Decimal(1))
    last = payloads(await world.events(), "JobResponse")[-1]
    assert (last["revision"], last["good"], last["declared_good"]) == (2, "47", "47")
    assert refused(await world.send("DeclareQuantity", "JO-1", good="-48", unit="H87")) is (
        Code.QUANTITY_BEYOND_TOLERANCE
    )
