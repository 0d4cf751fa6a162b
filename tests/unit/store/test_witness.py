"""Judging what others have heard of a log against what its database has."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from namespace.store.epochs import Epoch, LogState, LostRow
from namespace.store.witness import contradictions

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
E1, E2, E3, STRANGE = (UUID(int=n) for n in (1, 2, 3, 9))
HASHES = {seq: f"ours {seq}" for seq in range(1, 11)}


def state(epoch: UUID = E1, seq: int = 10) -> LogState:
    return LogState(
        epoch=epoch,
        previous_epoch=None,
        fork_seq=None,
        seq=seq,
        hash=HASHES[seq],
        handed_over=seq,
        handed_over_hash=HASHES[seq],
        doubt_seq=None,
        restored_from=None,
        system_identifier=1,
        timeline=1,
        found_system_identifier=1,
        found_timeline=1,
    )


def opened(epoch: UUID, previous: UUID | None = None, fork: int | None = None, *lost: LostRow) -> Epoch:
    return Epoch(epoch=epoch, previous_epoch=previous, fork_seq=fork, opened_at=NOW, reason="", lost=lost)


def row(epoch: UUID, seq: int, text: str | None = "ours") -> LostRow:
    return LostRow(epoch=epoch, seq=seq, hash=None if text is None else f"{text} {seq}")


def judged(heard: LostRow, *epochs: Epoch, current: UUID = E1) -> bool:
    """Whether what was heard contradicts the log."""
    return bool(contradictions(state(current), epochs or (opened(E1),), [heard], HASHES))


def test_a_row_that_the_log_has_is_no_contradiction_whatever_its_epoch() -> None:
    assert not judged(row(E1, 10))
    assert not judged(row(STRANGE, 4))
    assert not judged(row(E1, 7, None))


def test_a_row_beyond_the_log_or_with_another_hash_is_one() -> None:
    assert judged(row(E1, 11))
    assert judged(row(E1, 11, None))
    assert judged(row(E1, 4, "other"))
    assert judged(row(STRANGE, 4, "other"))


def test_what_an_earlier_epoch_had_beyond_its_end_is_known_to_be_lost() -> None:
    epochs = (opened(E1), opened(E2, E1, 6))
    assert not judged(row(E1, 12), *epochs, current=E2)
    assert not judged(row(E1, 8, "other"), *epochs, current=E2)
    assert judged(row(E1, 6, "other"), *epochs, current=E2), "up to its end it is part of this log"
    assert judged(row(E2, 12), *epochs, current=E2)


def test_an_epoch_ends_at_the_lowest_fork_behind_it() -> None:
    epochs = (opened(E1), opened(E2, E1, 8), opened(E3, E2, 5))
    assert not judged(row(E1, 7, "other"), *epochs, current=E3)
    assert judged(row(E1, 5, "other"), *epochs, current=E3)


def test_what_made_an_epoch_be_opened_makes_no_second_one() -> None:
    epochs = (opened(E1), opened(E2, E1, 10, row(STRANGE, 40, "other")))
    assert not judged(row(STRANGE, 41, "other"), *epochs, current=E2)
