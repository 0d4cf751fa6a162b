"""Whatever is reported, divided, taken over, reworked and changed: no unit asked for is lost or asked for twice."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.isa95 import Quantity
from services.work_order.domain import amending, decisions, holding, quantities, reworking
from services.work_order.domain.facts import Decision, QuantityReported
from services.work_order.domain.job_order import JobOrder
from services.work_order.domain.refusal import Refusal
from services.work_order.domain.state_machine import State
from services.work_order.domain.wip import Wip, wip_of
from tests.unit.work_order.orders import at, definition, order_in

VERBS = ("report", "split", "merge", "rework", "amend", "begin", "pause", "resume", "hold", "release", "stop", "cancel")
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 5), st.integers(0, 5), st.integers(-5, 30), st.integers(0, 9)),
    max_size=60,
)


class Ledger:
    """The orders of one operation, and independently what they should add up to."""

    def __init__(self) -> None:
        self.orders = {"JO-0": order_in(State.ALLOWED_TO_START, order_id="JO-0", of=definition("100"))}
        self.asked = Decimal(100)
        self.said = {"good": Decimal(0), "scrap": Decimal(0), "rework": Decimal(0)}

    def keep(self, outcome: Decision | Refusal | tuple[Decision, Decision]) -> bool:
        if isinstance(outcome, Refusal):
            return False
        for decision in outcome if isinstance(outcome, tuple) else (outcome,):
            self.orders[decision.order.id] = decision.order
            for fact in decision.facts:
                if isinstance(fact, QuantityReported):
                    self.said["good"] += fact.good
                    self.said["scrap"] += fact.scrap
                    self.said["rework"] += fact.rework
        return True

    def step(self, verb: str, order: JobOrder, other: JobOrder, amount: int, less: int, minute: int) -> None:
        when = at(minute)
        quantity = Quantity(Decimal(abs(amount)), "H87")
        name = f"JO-{len(self.orders)}"
        match verb:
            case "report":
                self.keep(
                    quantities.report(
                        order,
                        when,
                        good=Decimal(amount),
                        scrap=Decimal(less % 3),
                        rework=Decimal(less % 4),
                        unit="H87",
                    )
                )
            case "split":
                self.keep(amending.split(order, when, into=name, quantity=quantity))
            case "merge":
                self.keep(amending.merge(order, other, when))
            case "rework":
                self.keep(reworking.order_rework(order, when, into=name, quantity=quantity))
            case "amend":
                before = order.definition.ordered
                assert before is not None
                if self.keep(amending.amend(order, when, quantity=quantity)) and order.definition.rework_of is None:
                    self.asked += quantity.value - before.value
            case "hold":
                self.keep(holding.hold(order, when, reason="because"))
            case "release":
                self.keep(holding.release(order, when, reason=None))
            case "cancel":
                ordered = order.definition.ordered
                assert ordered is not None
                if self.keep(decisions.cancel(order, when)) and order.definition.rework_of is None:
                    self.asked -= ordered.value
            case _:
                self.keep(getattr(decisions, verb)(order, when))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(STEPS)
def test_no_unit_is_lost_or_asked_for_twice(steps: list[tuple[str, int, int, int, int]]) -> None:
    ledger = Ledger()
    for minute, (verb, number, second, amount, less) in enumerate(steps, start=10):
        names = list(ledger.orders)
        order, other = ledger.orders[names[number % len(names)]], ledger.orders[names[second % len(names)]]
        ledger.step(verb, order, other, amount, less, minute)

    orders = list(ledger.orders.values())
    kept = [order for order in orders if order.definition.rework_of is None and order.removed is None]
    assert sum((o.definition.ordered.value for o in kept if o.definition.ordered), Decimal(0)) == ledger.asked
    for kind, said in ledger.said.items():
        assert sum((getattr(order, kind) for order in orders), Decimal(0)) == said
    assert all(order.rework_ordered <= order.rework for order in orders)
    assert_wip_matches(wip_of(orders), ledger)


def assert_wip_matches(wip: Wip, ledger: Ledger) -> None:
    reworked = [o for o in ledger.orders.values() if o.definition.rework_of is not None and o.removed is None]
    sent = sum((o.definition.ordered.value for o in reworked if o.definition.ordered), Decimal(0))
    assert wip.queued + wip.in_process + wip.done + wip.scrapped + wip.set_aside + wip.short - wip.over == (
        ledger.asked + sent - sum((o.rework_ordered for o in ledger.orders.values()), Decimal(0))
    )
    assert min(wip.queued, wip.in_process, wip.set_aside, wip.short, wip.over) >= 0
    assert (wip.done, wip.scrapped) == (ledger.said["good"], ledger.said["scrap"])
