"""What is remembered of an event log: nothing that could prove a restore is forgotten for something newer."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from namespace.contracts.event_log import EventRow
from services.namespace_state.domain.heard_log import HeardLog, Point
from tests.unit.store.chains import EPOCH, NEXT_EPOCH, chain, head

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LOG = chain(60)
OTHER = LOG[:5] + chain(60, previous=LOG[4], text="b")


def heard(log: HeardLog, rows: list[EventRow], epoch: UUID = EPOCH) -> bool:
    return log.heard(head(rows[-1].seq, epoch), rows, NOW)


def seqs(log: HeardLog) -> list[tuple[UUID, int]]:
    return [(point.epoch, point.seq) for point in log]


def test_a_row_that_continues_replaces_the_one_before() -> None:
    log = HeardLog()
    assert heard(log, LOG[:5])
    assert heard(log, LOG[5:9])
    assert not heard(log, LOG[5:9]), "the same again is no news"
    assert heard(log, LOG[7:12])
    assert seqs(log) == [(EPOCH, 12)]


def test_a_row_that_does_not_continue_or_comes_behind_a_gap_is_kept_beside_the_older_one() -> None:
    log = HeardLog()
    heard(log, LOG[:8])
    heard(log, OTHER[8:10])
    assert seqs(log) == [(EPOCH, 8), (EPOCH, 10)], "row 9 of another history"
    log = HeardLog()
    heard(log, LOG[:8])
    heard(log, LOG[12:14])
    assert seqs(log) == [(EPOCH, 8), (EPOCH, 14)], "what lies between was not heard"
    log = HeardLog()
    heard(log, LOG[:8])
    heard(log, OTHER[5:10])
    assert seqs(log) == [(EPOCH, 8), (EPOCH, 10)], "the batch has another row 8"


def test_a_shorter_log_in_the_same_epoch_leaves_the_longer_one_remembered() -> None:
    log = HeardLog()
    heard(log, LOG[:8])
    assert not heard(log, OTHER[5:6])
    assert [(point.seq, point.hash) for point in log] == [(8, LOG[7].hash)]


def test_each_epoch_is_remembered_by_itself() -> None:
    log = HeardLog()
    heard(log, LOG[:8])
    heard(log, OTHER[5:6], NEXT_EPOCH)
    assert seqs(log) == [(EPOCH, 8), (NEXT_EPOCH, 6)]


def test_a_head_alone_is_remembered_and_gets_its_hash_when_the_row_comes() -> None:
    log = HeardLog()
    assert log.heard(head(8), (), NOW)
    assert log.heard(head(8), LOG[6:8], NOW)
    assert [(point.seq, point.hash) for point in log] == [(8, LOG[7].hash)]


def test_memory_is_bounded_and_keeps_the_oldest_and_the_newest() -> None:
    log = HeardLog()
    for seq in range(1, 60, 2):
        heard(log, LOG[seq - 1 : seq])
    kept = [point.seq for point in log]
    assert (kept[0], kept[-1], len(kept)) == (1, 59, 16)
    for number in range(20):
        log.remember([Point(UUID(int=100 + number), 1, None, NOW)])
    assert len({point.epoch for point in log}) == 8
