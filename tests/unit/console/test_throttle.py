"""Failures cost waiting time."""

from datetime import UTC, datetime, timedelta

from services.console.domain.throttle import Throttle, ThrottlePolicy

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
POLICY = ThrottlePolicy(free_failures=3, first_wait_s=5, longest_wait_s=60, forget_after_s=600, keys=2)


def failed(throttle: Throttle, times: int, key: str = "ann") -> None:
    for _ in range(times):
        throttle.failed(key, START)


def test_the_first_failures_are_free() -> None:
    throttle = Throttle(POLICY)
    failed(throttle, 2)
    assert throttle.wait_s("ann", START) == 0


def test_the_wait_doubles_and_has_an_end() -> None:
    throttle = Throttle(POLICY)
    waits = []
    for _ in range(8):
        throttle.failed("ann", START)
        waits.append(throttle.wait_s("ann", START))
    assert waits == [0, 0, 5, 10, 20, 40, 60, 60]


def test_the_wait_runs_off() -> None:
    throttle = Throttle(POLICY)
    failed(throttle, 3)
    assert throttle.wait_s("ann", START + timedelta(seconds=2)) == 3
    assert throttle.wait_s("ann", START + timedelta(seconds=5)) == 0


def test_success_and_time_forget() -> None:
    throttle = Throttle(POLICY)
    failed(throttle, 5)
    throttle.succeeded("ann")
    assert throttle.wait_s("ann", START) == 0
    failed(throttle, 5)
    assert throttle.wait_s("ann", START + timedelta(seconds=601)) == 0


def test_the_oldest_key_is_forgotten_when_there_are_too_many() -> None:
    throttle = Throttle(POLICY)
    failed(throttle, 3, "ann")
    failed(throttle, 3, "bob")
    failed(throttle, 3, "cho")
    assert throttle.wait_s("ann", START) == 0
    assert throttle.wait_s("bob", START) > 0
