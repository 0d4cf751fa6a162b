"""The decisions of following a log, one situation at a time; random interleavings are in tests/properties."""

from __future__ import annotations

from dataclasses import replace

from namespace.contracts.event_log import GENESIS_HASH, EventRow
from namespace.store import FollowSettings, LogForked
from namespace.store.catch_up import Apply, CatchUp, Fetch, Wait
from tests.unit.store.chains import EPOCH, NEXT_EPOCH, chain, head, page

SETTINGS = FollowSettings(grace_s=1.0, page_rows=5, held_rows=4, backoff_s=1.0, backoff_limit_s=8.0)
LOG = chain(20)


def following(log: list[EventRow], cursor: int = 0) -> CatchUp:
    """A follower that has applied `cursor` rows of `log` and knows of nothing beyond."""
    state = CatchUp("mes", cursor, log[cursor - 1].hash if cursor else GENESIS_HASH, EPOCH, SETTINGS)
    asked = state.next(0.0)
    assert isinstance(asked, Fetch)
    state.fetched(page(log[:cursor], asked.from_seq), 0.0, 0.5)
    assert state.next(0.0) == Wait(None)
    return state


def apply_all(state: CatchUp, now_s: float = 0.0) -> list[int]:
    """Apply what can be applied; return the seqs."""
    applied = []
    while isinstance(do := state.next(now_s), Apply):
        applied += [row.seq for row in do.rows]
        state.offered(do.rows[-1].seq, do.rows[-1].hash)
    return applied


def test_a_new_consumer_fetches_from_the_first_row_at_once() -> None:
    state = CatchUp("mes", 0, GENESIS_HASH, None, SETTINGS)
    assert state.next(0.0) == Fetch(1, 5)


def test_pages_follow_each_other_until_the_log_ends() -> None:
    state = CatchUp("mes", 0, GENESIS_HASH, None, SETTINGS)
    seen: list[int] = []
    asked = []
    while not isinstance(do := state.next(0.0), Wait):
        if isinstance(do, Fetch):
            asked.append(do.from_seq)
            state.fetched(page(LOG, do.from_seq, do.limit), 0.0, 0.5)
        seen += apply_all(state)
    assert asked == [1, 6, 11, 16]
    assert seen == list(range(1, 21))
    assert not state.catching_up


def test_live_rows_are_applied_without_a_page() -> None:
    state = following(LOG, 3)
    state.received(LOG[3:6])
    assert apply_all(state) == [4, 5, 6]
    assert state.next(0.0) == Wait(None)


def test_a_gap_is_given_a_grace_period_before_it_is_fetched() -> None:
    state = following(LOG, 3)
    state.received([LOG[5]])
    assert state.next(10.0) == Wait(11.0)
    assert state.next(10.5) == Wait(11.0)
    state.received(LOG[3:5])
    assert apply_all(state, 10.6) == [4, 5, 6]
    state.received([LOG[7]])
    assert state.next(20.0) == Wait(21.0)
    assert state.next(21.0) == Fetch(7, 5)


def test_a_head_beyond_the_cursor_reveals_a_lost_last_row() -> None:
    state = following(LOG, 3)
    state.announced(head(4), 0.0)
    assert state.next(0.0) == Wait(1.0)
    assert state.next(1.0) == Fetch(4, 5)


def test_live_rows_beyond_the_buffer_are_dropped_and_fetched_later() -> None:
    state = CatchUp("mes", 0, GENESIS_HASH, EPOCH, SETTINGS)
    assert state.next(0.0) == Fetch(1, 5)
    state.received(LOG[10:20])
    assert state.held == 4
    assert state.dropped == 6
    state.fetched(page(LOG, 1, 5), 0.0, 0.5)
    seen = apply_all(state)
    while isinstance(do := state.next(0.0), Fetch):
        state.fetched(page(LOG, do.from_seq, do.limit), 0.0, 0.5)
        seen += apply_all(state)
    assert seen == list(range(1, 21))


def test_failed_fetches_are_repeated_ever_later_and_a_heartbeat_brings_the_next_one_forward() -> None:
    state = CatchUp("mes", 0, GENESIS_HASH, None, SETTINGS)
    waits = []
    now_s = 0.0
    for _ in range(6):
        assert isinstance(state.next(now_s), Fetch)
        state.fetch_failed(now_s, jitter=1.0)
        do = state.next(now_s)
        assert isinstance(do, Wait)
        assert do.until_s is not None
        waits.append(do.until_s - now_s)
        now_s = do.until_s
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert isinstance(state.next(now_s), Fetch)
    state.fetch_failed(now_s, jitter=1.0)
    state.announced(head(3), now_s)
    assert state.next(now_s) == Wait(now_s + 1.0)


def test_a_page_that_brings_nothing_of_what_it_promises_counts_as_a_failure() -> None:
    state = CatchUp("mes", 0, GENESIS_HASH, None, SETTINGS)
    state.next(0.0)
    empty = page([], 1)
    state.fetched(type(empty)(log=head(9), rows=(), through=0), 0.0, 1.0)
    assert state.next(0.0) == Wait(1.0)


def test_a_retry_of_the_handler_holds_later_rows_back() -> None:
    state = following(LOG, 3)
    state.received(LOG[3:5])
    state.postpone(5.0, 2.0)
    assert state.next(5.0) == Wait(7.0)
    assert isinstance(state.next(7.0), Apply)


def test_a_live_row_from_nowhere_does_not_lead_to_endless_fetching() -> None:
    state = following(LOG, 20)
    state.received([chain(1, previous=chain(60)[-1])[0]])
    assert state.next(0.0) == Wait(1.0)
    assert state.next(1.0) == Fetch(21, 5)
    state.fetched(page(LOG, 21), 1.0, 0.5)
    assert state.next(1.0) == Wait(None)
    assert state.held == 0
    assert state.highest == 20


def test_an_old_head_is_checked_against_the_log_and_then_ignored() -> None:
    state = following(LOG, 10)
    state.announced(head(4), 0.0)
    assert state.next(0.0) == Fetch(10, 1)
    state.fetched(page(LOG[:10], 10, 1), 0.0, 0.5)
    assert state.next(0.0) == Wait(None)
    assert state.forked is None


def test_a_page_asked_for_before_an_old_head_was_heard_does_not_tell_what_stands_at_the_cursor() -> None:
    state = following(LOG, 10)
    state.announced(head(14), 0.0)
    assert state.next(1.0) == Wait(2.0)
    ordinary = state.next(2.0)
    assert ordinary == Fetch(11, 5)
    state.announced(head(8), 2.0)  # a restarted producer whose last rows went out before it noted that they had
    state.fetched(page(LOG[:14], 11), 2.1, 0.5)
    assert state.next(2.1) == Fetch(10, 1)
    state.fetched(page(LOG[:14], 10, 1), 2.2, 0.5)
    assert state.next(2.2) == Fetch(11, 5)
    state.fetched(page(LOG[:14], 11), 2.3, 0.5)
    assert apply_all(state, 2.3) == [11, 12, 13, 14]
    assert state.forked is None


def test_a_log_that_ends_before_the_cursor_has_forked() -> None:
    state = following(LOG, 10)
    state.announced(head(4), 0.0)
    state.next(0.0)
    state.fetched(page(LOG[:4], 10, 1), 0.0, 0.5)
    assert isinstance(state.forked, LogForked)
    assert "ends at seq 4" in str(state.forked)
    state.received(LOG[10:])
    assert state.next(100.0) == Wait(None)


def test_a_head_with_another_hash_than_the_row_at_the_cursor_is_a_fork_without_any_further_row() -> None:
    other = chain(10, text="b")
    state = following(LOG, 10)
    state.announced(replace(head(10), hash=LOG[9].hash), 0.0)
    assert state.next(0.0) == Wait(None)
    state.announced(replace(head(10), hash=other[9].hash), 0.0)
    assert state.next(0.0) == Fetch(10, 1)
    state.fetched(page(other, 10, 1), 0.0, 0.5)
    assert state.forked is not None


def test_another_row_at_the_cursor_is_a_fork() -> None:
    other = chain(12, text="b")
    state = following(LOG, 10)
    state.announced(head(12, NEXT_EPOCH), 0.0)
    assert state.next(0.0) == Fetch(10, 1)
    state.fetched(page(other, 10, 1, epoch=NEXT_EPOCH), 0.0, 0.5)
    assert state.forked is not None
    assert state.forked.seq == 10


def test_an_epoch_that_forked_before_the_cursor_applies_nothing_and_stops_for_good() -> None:
    other = LOG[:9] + chain(21, previous=LOG[8], text="b")
    state = following(LOG, 10)
    state.announced(head(30, NEXT_EPOCH, previous=EPOCH, fork_seq=9), 0.0)
    state.received(LOG[10:12])
    assert state.next(0.0) == Fetch(10, 1)
    state.fetch_failed(0.0, 1.0)
    assert state.next(0.0) == Wait(1.0)
    assert state.next(1.0) == Fetch(10, 1)
    state.fetched(page(other, 10, 1, epoch=NEXT_EPOCH), 1.0, 0.5)
    assert state.forked is not None
    assert state.forked.seq == 10
    assert state.next(100.0) == Wait(None)


def test_a_new_epoch_whose_rows_came_before_its_announcement_is_no_fork() -> None:
    other = LOG[:5] + chain(5, previous=LOG[4], text="b")
    state = following(LOG, 5)
    state.received(other[5:])
    assert apply_all(state) == [6, 7, 8, 9]
    state.received(other[9:])
    assert apply_all(state) == [10]
    state.announced(head(10, NEXT_EPOCH, previous=EPOCH, fork_seq=5), 0.0)
    assert state.next(0.0) == Fetch(10, 1)
    state.fetched(page(other, 10, 1, epoch=NEXT_EPOCH), 0.0, 0.5)
    assert state.forked is None
    assert state.epoch == NEXT_EPOCH


def test_an_epoch_that_forked_after_the_cursor_is_followed_once_its_page_agrees() -> None:
    other = LOG[:12] + chain(3, previous=LOG[11], text="b")
    state = following(LOG, 10)
    state.received([LOG[13]])  # of the history that was lost, and never to be applied
    state.announced(head(15, NEXT_EPOCH, previous=EPOCH, fork_seq=12), 0.0)
    seen = []
    while not isinstance(do := state.next(0.0), Wait):
        if isinstance(do, Fetch):
            state.fetched(page(other, do.from_seq, do.limit, epoch=NEXT_EPOCH), 0.0, 0.5)
        else:
            seen += list(do.rows)
            state.offered(do.rows[-1].seq, do.rows[-1].hash)
    assert seen == other[10:]
    assert state.epoch == NEXT_EPOCH


def test_a_log_that_was_restored_while_the_consumer_was_away_is_noticed_with_its_first_page() -> None:
    state = CatchUp("mes", 10, LOG[9].hash, EPOCH, SETTINGS)
    assert state.next(0.0) == Fetch(11, 5)
    state.fetched(page(LOG[:4], 11, 5), 0.0, 0.5)
    assert state.next(0.0) == Fetch(10, 1)
    state.fetched(page(LOG[:4], 10, 1), 0.0, 0.5)
    assert state.forked is not None


def test_a_live_row_that_breaks_the_chain_is_replaced_by_the_page() -> None:
    state = following(LOG, 10)
    bogus = chain(1, previous=LOG[9], text="b")[0]
    state.received([bogus])
    assert state.next(0.0) == Apply((bogus,))
    state.refused(LogForked("mes", 11, expected="", found=""))
    assert state.next(0.0) == Fetch(10, 1)
    state.fetched(page(LOG, 10, 1), 0.0, 0.5)
    assert state.next(0.0) == Fetch(11, 5)
    state.fetched(page(LOG, 11, 5), 0.0, 0.5)
    assert apply_all(state)[0] == 11
    assert state.forked is None


def test_a_page_row_that_breaks_the_chain_is_a_fork() -> None:
    state = following(LOG, 10)
    state.announced(head(12), 0.0)
    state.next(0.0)
    assert state.next(2.0) == Fetch(11, 5)
    state.fetched(page(chain(12, text="b"), 11), 2.0, 0.5)
    assert isinstance(state.next(2.0), Apply)
    fork = LogForked("mes", 11, expected="", found="")
    state.refused(fork)
    assert state.forked is fork


def test_two_live_rows_with_one_seq_are_both_dropped_and_fetched() -> None:
    state = following(LOG, 10)
    state.received([LOG[11]])
    state.received([chain(12, text="b")[11]])
    assert state.held == 0
    assert isinstance(state.next(0.0), Fetch)


def test_the_row_at_the_cursor_with_another_hash_is_checked() -> None:
    state = following(LOG, 10)
    state.received([chain(10, text="b")[9]])
    assert state.next(0.0) == Fetch(10, 1)
