"""The counter of the sender and the window of the receiver."""

from itertools import pairwise

import pytest

from namespace.sparkplug import WantedReason
from namespace.sparkplug.rebirth_wish import RebirthWish
from namespace.sparkplug.sequence import Order, SequenceCounter, SequenceWindow


@pytest.mark.tck("topics-nbirth-seq-num", "payloads-sequence-num-incrementing")
@pytest.mark.trap(1)
def test_the_counter_wraps_after_255_and_restarts_at_0() -> None:
    counter = SequenceCounter()
    seen = []
    for _ in range(258):
        seen.append(counter.upcoming)
        counter.advance()
    counter.restart()

    assert seen == [*range(256), 0, 1]
    assert counter.upcoming == 0


@pytest.mark.tck("payloads-ndata-seq-inc")
def test_the_window_wraps_after_255() -> None:
    window: SequenceWindow[str] = SequenceWindow()
    window.restart(254)

    assert window.place(255, 1) is Order.NEXT
    window.accept(1)
    assert window.place(0, 2) is Order.NEXT
    assert window.place(1, 3) is Order.AHEAD


@pytest.mark.tck("payloads-sequence-num-req-nbirth", "payloads-nbirth-seq")
def test_a_birth_may_carry_any_number() -> None:
    window: SequenceWindow[str] = SequenceWindow()
    window.restart(255)
    assert window.place(0, 1) is Order.NEXT
    window.restart(17)
    assert window.place(18, 1) is Order.NEXT


@pytest.mark.tck("operational-behavior-host-reordering-success")
def test_held_messages_come_out_in_order_once_the_hole_is_filled() -> None:
    window: SequenceWindow[str] = SequenceWindow()
    window.restart(0)
    window.hold(4, 40, "d")
    window.hold(3, 30, "c")
    window.hold(2, 20, "b")
    assert list(window.release()) == []
    window.accept(10)
    out = []
    for sent_at, message in window.release():
        out.append(message)
        window.accept(sent_at)

    assert out == ["b", "c", "d"]
    assert not window.is_waiting
    assert window.expected == 5


def test_a_message_without_a_time_is_never_taken_for_a_repeat() -> None:
    """The number alone cannot tell a repeat from the loss of a whole round."""
    window: SequenceWindow[str] = SequenceWindow()
    window.restart(0)
    window.accept(0)
    window.hold(5, 0, "held")

    assert window.place(1, 0) is Order.AHEAD
    assert window.place(5, 0) is Order.CONFLICT


@pytest.mark.trap(15)
def test_a_wish_waits_longer_each_time_and_starts_afresh_after_a_quiet_time() -> None:
    """A peer that is broken for good is not asked every few seconds."""
    wish = RebirthWish(1_000, attempts=99)
    asked = []
    for now in range(0, 2_000_000, 500):
        wish.want(WantedReason.UNKNOWN_METRIC, now)
        if wish.ask(now, has_evidence=True):
            asked.append(now)
            wish.fulfilled()
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps[:4] == [1_000, 2_000, 4_000, 8_000]
    assert max(gaps) == 300_000
    wish.fulfilled()
    wish.want(WantedReason.NO_BIRTH, 10_000_000)
    assert wish.ask(10_000_000, has_evidence=True) is WantedReason.NO_BIRTH
    wish.fulfilled()
    wish.want(WantedReason.NO_BIRTH, 10_001_000)
    assert wish.ask(10_001_000, has_evidence=True) is WantedReason.NO_BIRTH


def test_the_first_reason_stays_until_a_birth_comes() -> None:
    """What began it is what a person wants to read."""
    wish = RebirthWish(1_000, attempts=3)
    wish.want(WantedReason.SEQUENCE_GAP, 0)
    wish.want(WantedReason.UNKNOWN_METRIC, 1)

    assert wish.ask(1, has_evidence=False) is WantedReason.SEQUENCE_GAP
    wish.fulfilled()
    assert wish.ask(10_000, has_evidence=True) is None
