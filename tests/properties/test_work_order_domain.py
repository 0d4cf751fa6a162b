"""Job orders under random methods and counts: never outside the table, nothing lost, nothing invented."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.work_order.domain import decisions, definitions, quantities
from services.work_order.domain.counters import CounterRules, Position, advance, attribute
from services.work_order.domain.definition import QuantitySource
from services.work_order.domain.dispatch import Listed, board, dispatch_key
from services.work_order.domain.facts import Cancelled, Cleared, Decision, StateChanged, Updated
from services.work_order.domain.job_order import JobOrder, interrupted_time, running_time
from services.work_order.domain.state_machine import TRANSITIONS, Method, State
from tests.unit.work_order.orders import apply, at, decided, definition, order_in

ASKED = st.sampled_from([method for method in Method if method not in {Method.STORE, Method.STORE_AND_START}])
EDGES = {(row.source, row.target) for row in TRANSITIONS}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(ASKED, max_size=40))
def test_random_methods_never_leave_the_graph(methods: list[Method]) -> None:
    order = order_in(State.NOT_ALLOWED_TO_START)
    accepted = 0
    facts = 0
    for minute, method in enumerate(methods, start=10):
        outcome = apply(method, order, at(minute))
        if not isinstance(outcome, Decision):
            continue
        accepted += 1
        facts += sum(isinstance(f, StateChanged | Updated | Cancelled | Cleared) for f in outcome.facts)
        after = outcome.order
        assert after.removed or (order.state, after.state) in EDGES
        assert after.version == order.version + 1
        order = after
    assert facts == accepted
    assert order.version == 1 + accepted
    if order.begun_at and order.ended_at:
        assert running_time(order) + interrupted_time(order) == order.ended_at - order.begun_at


# A machine makes units (0..40 at a time); between two samples the counter may be reset to zero.
MADE = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4), st.booleans()), min_size=1, max_size=60)
BITS = 8
RULES = CounterRules(bits=BITS, max_step=40)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(MADE, st.integers(0, 2**BITS - 1))
def test_counts_resets_and_rollovers_conserve_the_quantity(made: list[tuple[int, int, bool]], first: int) -> None:
    order = order_in(State.RUNNING, of=definition(None, QuantitySource.COUNTER))
    processed, defective = Position(first, at(2)), Position(0, at(2))
    expected_good = expected_scrap = 0
    for minute, (units, bad, reset) in enumerate(made, start=3):
        bad = min(bad, units)
        # a reset is seen only where the counter, going on from zero, could not have rolled over to the same value
        cleared = reset and (units - processed.value) % 2**BITS > RULES.largest_rollover
        start = 0 if cleared else processed.value
        sample = Position((start + units) % 2**BITS, at(minute))
        step = advance(processed, sample, RULES)
        scrap = advance(defective, Position((defective.value + bad) % 2**BITS, at(minute)), RULES)
        processed, defective = step.position, scrap.position
        assert step.units == units
        counted = quantities.count(order, at(minute), good=step.units - scrap.units, scrap=scrap.units)
        order = counted.order if counted else order
        expected_good, expected_scrap = expected_good + units - bad, expected_scrap + bad
    assert (order.good, order.scrap) == (Decimal(expected_good), Decimal(expected_scrap))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 20)), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 50)), max_size=60),
)
def test_every_unit_is_attributed_to_at_most_one_order(
    lengths: list[tuple[int, int]], samples: list[tuple[int, int]]
) -> None:
    orders: list[JobOrder] = []
    minute = 5
    for number, (length, gap) in enumerate(lengths):
        of = definition(None, QuantitySource.COUNTER)
        order = order_in(State.ALLOWED_TO_START, order_id=f"JO-{number}", of=of)
        order = decided(decisions.begin(order, at(minute)))
        minute += length
        orders.append(decided(decisions.complete(order, at(minute))))
        minute += gap
    for when, _ in samples:
        owner = attribute(orders, at(when))
        owners = [o.id for o in orders if o.begun_at and o.ended_at and o.begun_at < at(when) <= o.ended_at]
        assert ([owner.id] if owner else []) == owners


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(-3, 3), st.none() | st.integers(0, 5)), max_size=30), st.randoms())
def test_the_queue_is_sorted_and_complete_however_it_is_read(
    entries: list[tuple[int, int | None]], random: Random
) -> None:
    listed = []
    for seq, (priority, planned) in enumerate(entries):
        order = order_in(State.NOT_ALLOWED_TO_START, order_id=f"J{seq}", of=definition(priority=priority))
        if planned is not None:
            order = decided(definitions.update(order, {"planned_start": at(planned)}, at(1)))
        listed.append(Listed(order, seq))
    shuffled = list(listed)
    random.shuffle(shuffled)
    queue = board(shuffled, show=100).queue
    assert [o.id for o in queue] == [entry.order.id for entry in sorted(listed, key=dispatch_key)]
