"""The counter of the sender and the window of the receiver."""

from itertools import pairwise

import pytest

from namespace.sparkplug import ForwardingSettings, WantedReason
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


def test_what_was_held_in_vain_comes_out_as_it_was_sent_also_across_the_wrap() -> None:
    """Several messages of one millisecond have only their numbers to tell which was first."""
    window: SequenceWindow[str] = SequenceWindow()
    window.restart(250)
    for seq, sent_at, message in ((1, 10, "c"), (254, 10, "a"), (2, 5, "earlier"), (0, 10, "b")):
        window.hold(seq, sent_at, message)

    assert [message for _, _, message in window.drop_held()] == ["earlier", "a", "b", "c"]
    assert not window.is_waiting


def test_a_birth_ends_what_was_known_from_somebody_else() -> None:
    window: SequenceWindow[str] = SequenceWindow()
    window.resume(0, 100)
    assert window.place(5, 100) is Order.REPEATED
    window.restart(0)

    assert window.place(5, 1) is Order.AHEAD


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


@pytest.mark.parametrize("reason", sorted({*WantedReason} - {WantedReason.UNKNOWN_METRIC, WantedReason.BIRTH_REFUSED}))
def test_whose_messages_are_lost_again_and_again_is_asked_before_it_has_forgotten_them(reason: WantedReason) -> None:
    wish = RebirthWish(5_000, attempts=8)
    asked = []
    for now in range(0, 1_000_000, 500):
        wish.want(reason, now)
        if wish.ask(now, has_evidence=True):
            asked.append(now)
            wish.fulfilled()
    assert max(later - earlier for earlier, later in pairwise(asked)) == 30_000
    assert ForwardingSettings().resend_window_s * 1000 >= 2 * 30_000


def test_a_request_that_did_not_go_out_is_repeated_soon_and_counts_for_nothing() -> None:
    wish = RebirthWish(1_000, attempts=99)
    wish.want(WantedReason.SEQUENCE_GAP, 0)
    for now in range(0, 60_000, 1_000):
        assert wish.ask(now, has_evidence=False) is WantedReason.SEQUENCE_GAP
        wish.not_asked(now)
        assert wish.ask(now + 999, has_evidence=False) is None
    assert not wish.takes_any_birth
    wish.fulfilled()
    wish.not_asked(60_000)
    assert wish.ask(90_000, has_evidence=True) is None


def test_a_birth_ends_the_count_of_requests_in_vain() -> None:
    """Only after three more would a birth that looks old be believed."""
    wish = RebirthWish(1_000, attempts=99)
    now = 0
    for answered in (True, False):
        for asked in range(1, 4):
            now += 400_000
            wish.want(WantedReason.NO_BIRTH, now)
            assert wish.ask(now, has_evidence=True) is not None
            assert wish.takes_any_birth is (asked == 3)
        if answered:
            wish.fulfilled()


def test_the_first_reason_stays_until_a_birth_comes() -> None:
    """What began it is what a person wants to read."""
    wish = RebirthWish(1_000, attempts=3)
    wish.want(WantedReason.SEQUENCE_GAP, 0)
    wish.want(WantedReason.UNKNOWN_METRIC, 1)

    assert wish.ask(1, has_evidence=False) is WantedReason.SEQUENCE_GAP
    wish.fulfilled()
    assert wish.ask(10_000, has_evidence=True) is None


def test_a_wish_without_fresh_evidence_is_repeated_so_often_and_then_no_more() -> None:
    wish = RebirthWish(1_000, attempts=3)
    wish.want(WantedReason.NO_BIRTH, 0)
    asked = [now for now in range(0, 60_000, 500) if wish.ask(now, has_evidence=False)]

    assert asked == [0, 1_000, 3_000]
    assert not wish.is_open


@pytest.mark.parametrize(("later_ms", "waits_ms"), [(1_999, 2_000), (2_000, 1_000)])
def test_a_quiet_time_is_twice_the_last_interval(later_ms: int, waits_ms: int) -> None:
    wish = RebirthWish(1_000, attempts=9)
    wish.want(WantedReason.NO_BIRTH, 0)
    wish.ask(0, has_evidence=True)
    wish.fulfilled()
    wish.want(WantedReason.NO_BIRTH, later_ms)
    wish.ask(later_ms, has_evidence=True)

    assert wish.ask(later_ms + waits_ms - 1, has_evidence=True) is None
    assert wish.ask(later_ms + waits_ms, has_evidence=True) is not None


def test_messages_held_for_long_come_out_in_the_order_of_their_numbers_from_the_next_one_on() -> None:
    window: SequenceWindow[str] = SequenceWindow()
    window.restart(0)
    for seq, message in ((255, "last"), (2, "first")):
        window.hold(seq, 10, message)

    assert [message for _, _, message in window.drop_held()] == ["first", "last"]
