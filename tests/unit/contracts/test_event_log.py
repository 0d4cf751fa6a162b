"""The event row: what it refuses, how it is hashed, and that both forms on the wire say the same."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from namespace.contracts.canonical import EventFormatError, canonical_json
from namespace.contracts.event_log import (
    GENESIS_HASH,
    EventRow,
    LogHead,
    LogPage,
    NewEvent,
    chain_hash,
    encoded_size,
)
from namespace.contracts.event_wire import (
    COLUMNS,
    page_from_json,
    page_to_json,
    row_from_columns,
    row_from_json,
    row_to_columns,
    row_to_json,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def an_event(**changes: Any) -> NewEvent:
    fields: dict[str, Any] = {
        "event_id": UUID(int=7),
        "type": "QuantityReported",
        "schema": "QuantityReported/1",
        "occurred_at": NOW,
        "scope": "Acme/Dallas/Packaging/Line1",
        "subject": "JO-1",
        "payload": {"quantity": {"value": "12.50", "unit": "KGM"}},
    }
    return NewEvent(**(fields | changes))


def a_row(**changes: Any) -> EventRow:
    event = an_event()
    fields = {name: getattr(event, name) for name in NewEvent.__dataclass_fields__}
    return EventRow(**(fields | {"seq": 1, "recorded_at": NOW, "hash": GENESIS_HASH} | changes))


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
instants = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
names = texts.filter(bool)
rows = st.builds(
    EventRow,
    event_id=st.uuids(),
    type=names,
    schema=names,
    occurred_at=instants,
    scope=names,
    subject=names,
    payload=st.dictionaries(texts, json_values, max_size=4),
    job_order=st.none() | names,
    lot=st.none() | names,
    actor=st.none() | names,
    correlation=st.none() | names,
    causation=st.none() | names,
    seq=st.integers(1, 2**53 - 1),
    recorded_at=instants,
    hash=st.just("ab" * 32),
)


def test_canonical_json_has_one_text_for_one_value() -> None:
    assert canonical_json({"b": [1, None, True], "a": "é\n\x01/"}) == '{"a":"é\\n\\u0001/","b":[1,null,true]}'
    assert canonical_json({"z": (1, 2), "a": {}}) == canonical_json({"a": {}, "z": [1, 2]})


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"quantity": {"value": 12.5}}, "payload.quantity.value"),
        ({"n": [1, 2**53]}, "payload.n[1]"),
        ({"text": "a\0b"}, "payload.text"),
        ({"text": "\ud800"}, "payload.text"),
        ({"at": NOW}, "payload.at"),
        ({1: "one"}, "payload"),
        ({"nan": float("nan")}, "payload.nan"),
    ],
)
def test_a_value_without_canonical_form_is_refused_with_its_place(value: Any, where: str) -> None:
    with pytest.raises(EventFormatError) as refused:
        canonical_json(value)
    assert refused.value.field == where


def test_nesting_without_end_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(EventFormatError, match="nested deeper"):
        canonical_json({"loop": value})


def test_an_event_keeps_whole_milliseconds_of_utc() -> None:
    event = an_event(occurred_at=NOW.astimezone(timezone(timedelta(hours=-6))))
    assert event.occurred_at == NOW.replace(microsecond=123000)
    assert event.occurred_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("field", "value"),
    [("occurred_at", datetime(2026, 3, 1)), ("subject", ""), ("actor", ""), ("scope", "x" * 401), ("lot", "a\0")],  # noqa: DTZ001
)
def test_an_event_refuses_what_the_log_cannot_carry(field: str, value: object) -> None:
    with pytest.raises(EventFormatError) as refused:
        an_event(**{field: value})
    assert refused.value.field == field


def test_the_hash_is_sha_256_over_the_canonical_json_of_the_row_and_the_previous_hash() -> None:
    # Computed the way an auditor would, from the JSON of the query page and nothing of ours.
    row = a_row(actor='p"1', lot="L-é", seq=42)
    document = row_to_json(row)
    del document["hash"]
    document["previous_hash"] = "f" * 64
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert chain_hash(row, "f" * 64) == hashlib.sha256(text.encode()).hexdigest()


def test_the_hash_of_a_known_row_never_changes() -> None:
    # `sha256sum` over the JSON text written by hand. A change would make every log written so far look forked.
    assert chain_hash(a_row(), GENESIS_HASH) == "ac6b6d9d430aea94912cbdd06d063aea1bbc7ebb13c39d35b38a2f105e8c0012"


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 2},
        {"event_id": UUID(int=8)},
        {"type": "T"},
        {"schema": "T/2"},
        {"occurred_at": NOW + timedelta(milliseconds=1)},
        {"recorded_at": NOW + timedelta(milliseconds=1)},
        {"scope": "Acme"},
        {"subject": "JO-2"},
        {"job_order": "JO-1"},
        {"lot": "JO-1"},
        {"actor": "JO-1"},
        {"correlation": "JO-1"},
        {"causation": "JO-1"},
        {"payload": {}},
    ],
)
def test_every_field_enters_the_hash(change: dict[str, Any]) -> None:
    assert chain_hash(a_row(**change), GENESIS_HASH) != chain_hash(a_row(), GENESIS_HASH)


def test_the_previous_hash_enters_the_hash_and_the_own_one_does_not() -> None:
    assert chain_hash(a_row(), "a" * 64) != chain_hash(a_row(), GENESIS_HASH)
    assert chain_hash(a_row(hash="c" * 64), GENESIS_HASH) == chain_hash(a_row(), GENESIS_HASH)


@settings(max_examples=150, deadline=None)
@given(rows)
def test_both_forms_on_the_wire_give_the_row_back(row: EventRow) -> None:
    assert row_from_columns(row_to_columns(row)) == row
    assert row_from_json(json.loads(json.dumps(row_to_json(row)))) == row
    assert chain_hash(row_from_columns(row_to_columns(row)), GENESIS_HASH) == chain_hash(row, GENESIS_HASH)


@settings(max_examples=100, deadline=None)
@given(rows)
def test_the_encoded_size_is_never_below_either_form(row: EventRow) -> None:
    size = encoded_size(row)
    page_bytes = len(canonical_json(row_to_json(row)).encode())
    # In protobuf a cell costs its text and at most 8 bytes of tags and lengths, a number at most 12.
    dataset_bytes = sum(len(c.encode()) + 8 if isinstance(c, str) else 12 for c in row_to_columns(row))
    assert page_bytes <= size
    assert dataset_bytes <= size


def test_a_page_survives_json() -> None:
    log = LogHead(epoch=UUID(int=1), head=9, previous_epoch=UUID(int=2), fork_seq=4)
    page = LogPage(log=log, rows=(a_row(),), through=1)
    assert page_from_json(json.loads(json.dumps(page_to_json(page)))) == page
    assert not page.is_last
    assert replace(page, through=9).is_last


def test_unknown_columns_and_members_are_passed_over() -> None:
    row = a_row()
    columns = [name for name, _ in COLUMNS]
    assert row_from_columns(("x", *row_to_columns(row)), ("future", *columns)) == row
    assert row_from_json(row_to_json(row) | {"future": 1}) == row


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seq", -1),
        ("seq", True),
        ("seq", "1"),
        ("event_id", "no uuid"),
        ("occurred_at", 2**53 - 1),
        ("payload", "[1]"),
        ("payload", "{"),
        ("payload", "[" * 30000),
        ("type", 7),
        ("type", ""),
        ("hash", None),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_by_name(column: str, value: object) -> None:
    names = [name for name, _ in COLUMNS]
    cells: list[object] = list(row_to_columns(a_row()))
    cells[names.index(column)] = value
    with pytest.raises(EventFormatError) as refused:
        row_from_columns(cells, names)
    assert refused.value.field == column


@pytest.mark.parametrize("document", [{}, {"rows": 1}, {"rows": [1]}, {"rows": [], "epoch": "x"}])
def test_what_is_no_page_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(EventFormatError):
        page_from_json(document)
