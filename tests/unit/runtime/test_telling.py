"""Trouble over one event costs that event."""

from __future__ import annotations

from collections.abc import Iterator

from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.telling import Teller
from namespace.sparkplug import HostEvent, Ignored, IgnoredReason

from .support import sample

EVENTS = [Ignored(str(number), IgnoredReason.REPEATED) for number in range(6)]


def _topic(event: HostEvent) -> str:
    assert isinstance(event, Ignored)
    return event.topic


def test_events_behind_one_that_fails_are_told_once_and_in_order() -> None:
    kept: list[str] = []
    metrics = ServiceMetrics()

    def keep(events: Iterator[HostEvent]) -> None:
        for event in events:
            if _topic(event) in ("0", "3", "5"):
                raise ZeroDivisionError
            kept.append(_topic(event))

    Teller(get_logger(), metrics).tell(EVENTS, keep)
    assert kept == ["1", "2", "4"]
    assert sample(metrics, "uns_rejected_total", kind="event", reason="keeper_failed") == 3


def test_a_keeper_that_takes_nothing_is_not_asked_for_ever() -> None:
    asked: list[int] = []

    def broken(_: Iterator[HostEvent]) -> None:
        asked.append(1)
        raise ZeroDivisionError

    Teller(get_logger()).tell(EVENTS, broken)
    assert asked == [1]


def test_nothing_is_told_once_it_is_over() -> None:
    kept: list[str] = []
    teller = Teller(get_logger(), is_over=lambda: len(kept) == 2)
    teller.tell(EVENTS, lambda events: kept.extend(map(_topic, events)))
    assert kept == ["0", "1"]
