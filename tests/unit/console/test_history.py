"""A job order's history draws runs of counts together."""

from datetime import UTC, datetime, timedelta

from services.console.application.history import condense
from services.console.domain.states import JsonValue
from services.console.ports import HistoryEntry

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def entry(minute: int, type_: str, **payload: JsonValue) -> HistoryEntry:
    at = START + timedelta(minutes=minute)
    return HistoryEntry(at=at, type=type_, actor=None, cause=None, from_state=None, to_state=None, payload=payload)


def test_a_run_of_counts_is_one_entry_with_the_sums() -> None:
    told = condense(
        [
            entry(0, "JobOrderStateChanged"),
            entry(1, "QuantityReported", good="10.5", scrap="1"),
            entry(2, "QuantityReported", good="4.5", scrap="0", total_good="15"),
            entry(3, "JobOrderStateChanged"),
            entry(4, "QuantityReported", good="1", scrap="0"),
        ]
    )
    assert [each.type for each in told] == [
        "JobOrderStateChanged",
        "QuantityReported",
        "JobOrderStateChanged",
        "QuantityReported",
    ]
    assert told[1].payload == {"good": "15.0", "scrap": "1", "total_good": "15", "reports": 2}
    assert told[1].at == START + timedelta(minutes=2)


def test_a_history_without_counts_stays_as_it_is() -> None:
    history = [entry(0, "JobOrderStored"), entry(1, "JobOrderStateChanged")]
    assert list(condense(history)) == history
