"""What an edge node of a load owes after losses: by time of sending, once in order, and again if the repetition itself was in doubt."""

from services.simulator.adapters.load.owed import Owed, Owing

TAKEN = [Owing(at_ms, at_ms % 3, at_ms) for at_ms in range(1000)]
WINDOW_MS = 100


def owed(window_ms: int | None = WINDOW_MS) -> Owed:
    return Owed(window_ms, lambda since_ms: (each for each in reversed(TAKEN) if each.at_ms >= since_ms))


def test_nothing_is_owed_before_a_loss_and_nothing_ever_without_a_window() -> None:
    assert not owed()
    never = owed(None)
    never.connection_lost(500)
    assert not never


def test_what_was_sent_within_the_window_is_said_once_in_order_and_in_pieces() -> None:
    debt = owed()
    debt.connection_lost(900)
    assert debt.take(50, 950) == TAKEN[800:850]
    assert debt
    assert debt.take(1000, 960) == TAKEN[850:]
    assert not debt


def test_a_reading_missed_while_away_extends_what_is_owed() -> None:
    debt = owed()
    debt.reach(700)
    debt.reach(950)
    assert debt.take(1, 1000) == [TAKEN[700]]


def test_a_repetition_that_may_have_been_lost_is_repeated_from_its_begin() -> None:
    debt = owed()
    debt.reach(300)  # away for long
    debt.take(1000, 990)
    debt.connection_lost(990 + WINDOW_MS)
    assert debt.take(1, 1100) == [TAKEN[300]]

    settled = owed()
    settled.reach(300)
    settled.take(1000, 890)
    settled.connection_lost(891 + WINDOW_MS)
    assert settled.take(1, 1000) == [TAKEN[891]]


def test_a_repetition_cut_short_is_repeated_however_long_ago_it_began() -> None:
    debt = owed()
    debt.reach(300)
    debt.take(10, 400)
    debt.connection_lost(990)
    assert debt.take(1, 1000) == [TAKEN[300]]
