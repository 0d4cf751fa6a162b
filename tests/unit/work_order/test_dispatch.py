"""The queue of a work center and what it has in hand."""

from __future__ import annotations

from dataclasses import replace

from services.work_order.domain import decisions
from services.work_order.domain.dispatch import Listed, board
from services.work_order.domain.state_machine import State
from tests.unit.work_order.orders import at, decided, definition, order_in


def listed(order_id: str, seq: int, *, priority: int = 0, planned: float | None = None) -> Listed:
    of = replace(definition(priority=priority), planned_start=None if planned is None else at(planned))
    return Listed(order_in(State.ALLOWED_TO_START, order_id=order_id, of=of), seq)


def test_priority_first_then_planned_start_then_the_order_of_storing() -> None:
    entries = [
        listed("unplanned", 1),
        listed("later", 2, planned=60),
        listed("sooner", 3, planned=30),
        listed("urgent", 4, priority=9),
        listed("as soon", 5, planned=30),
    ]
    queue = board(entries).queue
    assert [order.id for order in queue] == ["urgent", "sooner", "as soon", "later", "unplanned"]


def test_the_board_shows_some_and_counts_all() -> None:
    shown = board([listed(f"J{n}", n) for n in range(30)], show=20)
    assert (len(shown.queue), shown.queue_length) == (20, 30)


def test_the_running_order_is_active_before_an_interrupted_one() -> None:
    interrupted = order_in(State.INTERRUPTED, order_id="paused")
    running = decided(decisions.begin(order_in(State.ALLOWED_TO_START, order_id="runs"), at(30)))
    shown = board([Listed(interrupted, 1), Listed(running, 2)])
    assert shown.active is not None
    assert (shown.active.id, shown.running, shown.queue_length) == ("runs", 1, 0)


def test_cancelled_orders_are_on_no_list() -> None:
    cancelled = decided(decisions.cancel(order_in(State.ALLOWED_TO_START), at(3)))
    shown = board([Listed(cancelled, 1)])
    assert (shown.active, shown.queue_length) == (None, 0)
