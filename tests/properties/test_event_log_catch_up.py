"""Following a log under loss, repetition, disorder, failing fetches and restarts: a model of network and producer.

Everything here is in memory, so that thousands of histories can be tried; the same is done at a real PostgreSQL in
`test_event_log_exactly_once.py`.
"""

from __future__ import annotations

from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from namespace.contracts.event_log import GENESIS_HASH, EventRow, LogHead, LogPage, chain_hash
from namespace.store import FollowSettings, LogForked
from namespace.store.catch_up import Apply, CatchUp, Fetch, Wait
from tests.unit.store.chains import chain

SETTINGS = FollowSettings(grace_s=1.0, page_rows=3, held_rows=4, backoff_s=0.5, backoff_limit_s=4.0)


class Following(RuleBasedStateMachine):
    """One producer, one consumer, and a network between them that does as it likes."""

    @initialize()
    def start(self) -> None:
        self.log: list[EventRow] = []
        self.heads: list[LogHead] = []
        self.epoch_number = 1
        self.previous_epoch: int | None = None
        self.fork_seq: int | None = None
        self.applied: list[EventRow] = []  # what the consumer has committed
        self.now_s = 0.0
        self.late_page: LogPage | None = None
        self.lost: list[EventRow] = []
        self.restart()

    def head(self) -> LogHead:
        return LogHead(
            epoch=UUID(int=self.epoch_number),
            head=len(self.log),
            previous_epoch=None if self.previous_epoch is None else UUID(int=self.previous_epoch),
            fork_seq=self.fork_seq,
        )

    def page(self, from_seq: int, limit: int) -> LogPage:
        rows = tuple(self.log[from_seq - 1 : from_seq - 1 + limit])
        return LogPage(log=self.head(), rows=rows, through=rows[-1].seq if rows else max(len(self.log), from_seq - 1))

    @rule()
    def restart(self) -> None:
        last = self.applied[-1] if self.applied else None
        epoch = self.state.epoch if hasattr(self, "state") else None
        self.state = CatchUp("mes", last.seq if last else 0, last.hash if last else GENESIS_HASH, epoch, SETTINGS)
        self.late_page = None

    @rule(count=st.integers(1, 8))
    def produce(self, count: int) -> None:
        previous = self.log[-1] if self.log else None
        self.log += chain(count, previous=previous, text=f"epoch {self.epoch_number}")
        self.heads.append(self.head())

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        """Some rows, in any order, any number of times."""
        self.state.received(data.draw(st.lists(st.sampled_from(self.log), min_size=1, max_size=6)))

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def deliver_newest(self, data: st.DataObject) -> None:
        self.state.received(self.log[-data.draw(st.integers(1, 6)) :])

    @precondition(lambda self: self.heads)
    @rule(data=st.data())
    def announce(self, data: st.DataObject) -> None:
        """A head as it was said at some time, possibly long ago."""
        self.state.announced(data.draw(st.sampled_from(self.heads)), self.now_s)

    @rule(seconds=st.sampled_from([0.1, 0.6, 1.1, 5.0]))
    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(answer=st.sampled_from(["page", "failure", "short page", "late page"]))
    def step(self, answer: str) -> None:
        do = self.state.next(self.now_s)
        if isinstance(do, Apply):
            self.apply(do.rows[: 1 if answer == "short page" else None])
        elif isinstance(do, Fetch):
            if answer == "failure":
                self.state.fetch_failed(self.now_s, 0.5)
                self.late_page = None  # an answer belongs to its question: a later one has another correlation
            elif answer == "late page" and self.late_page is None:
                self.late_page = self.page(do.from_seq, do.limit)  # read now, told at the next step
            elif self.late_page is not None:
                self.state.fetched(self.late_page, self.now_s, 0.5)
                self.late_page = None
            else:
                limit = 1 if answer == "short page" else do.limit
                self.state.fetched(self.page(do.from_seq, limit), self.now_s, 0.5)

    @rule(seconds=st.sampled_from([0.2, 2.0]))
    def handler_wants_to_wait(self, seconds: float) -> None:
        self.state.postpone(self.now_s, seconds)

    def apply(self, rows: tuple[EventRow, ...]) -> None:
        """What the inbox does: the next rows of the chain, or a fork."""
        for row in rows:
            last = self.applied[-1] if self.applied else None
            assert row.seq == (last.seq if last else 0) + 1, "rows are offered in order and without gap"
            if chain_hash(row, last.hash if last else GENESIS_HASH) != row.hash:
                self.state.refused(LogForked("mes", row.seq, expected="", found=""))
                return
            self.applied.append(row)
            self.state.offered(row.seq, row.hash)

    @invariant()
    def what_is_applied_is_the_log(self) -> None:
        if not hasattr(self, "log"):
            return
        assert self.state.forked is None, self.state.forked
        assert self.applied == self.log[: len(self.applied)]

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "state"):
            assert self.state.held <= SETTINGS.held_rows + SETTINGS.page_rows + 1

    def settle(self) -> None:
        """A heartbeat comes through and fetches succeed: what is next until nothing is.

        While the first page is on its way, a producer says how far it once was: one that was killed before it noted how far its rows had
        gone says so when it is back.
        """
        self.late_page = None
        old = self.heads[:1]
        self.state.announced(self.head(), self.now_s)
        for _ in range(20 * (len(self.log) + 20)):
            do = self.state.next(self.now_s)
            if isinstance(do, Apply):
                self.apply(do.rows)
            elif isinstance(do, Fetch):
                if old:
                    self.state.announced(old.pop(), self.now_s)
                self.state.fetched(self.page(do.from_seq, do.limit), self.now_s, 0.5)
            elif isinstance(do, Wait) and do.until_s is not None:
                self.now_s = max(self.now_s, do.until_s)
            else:
                return
        raise AssertionError("following does not come to rest")

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.settle()
            self.produce(1)
            self.settle()
            assert self.state.forked is None, self.state.forked
            assert self.applied == self.log
            assert not self.state.catching_up


class FollowingRestores(Following):
    """The producer's database is restored from older copies now and then; each time a new epoch begins."""

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        kept = data.draw(st.integers(0, len(self.log)))
        self.lost += self.log[kept:]
        self.log = self.log[:kept]
        self.previous_epoch, self.fork_seq = self.epoch_number, kept
        self.epoch_number += 1
        self.heads.append(self.head())

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def deliver_of_a_lost_history(self, data: st.DataObject) -> None:
        """Rows that were on their way when the database was restored."""
        self.state.received(data.draw(st.lists(st.sampled_from(self.lost), min_size=1, max_size=4)))

    @invariant()
    def what_is_applied_is_the_log(self) -> None:
        """Not while a restored log has not been heard of: see `teardown`."""

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.settle()
            self.produce(1)  # what slipped in behind the last row is noticed with the next one
            self.settle()
            is_our_history = self.applied == self.log[: len(self.applied)]
            assert (self.state.forked is None) == is_our_history, "every lost history is noticed, and no other"
            assert self.applied == self.log or not is_our_history


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestFollowingRestores = FollowingRestores.TestCase
TestFollowingRestores.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
