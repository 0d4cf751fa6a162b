"""Contracts only grow: what breaks somebody is named, what does not is let through."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from namespace.contracts.compatibility import breaking_changes
from namespace.contracts.documents import schemas


class Inner(BaseModel):
    value: str
    unit: str


def schema(**fields: Any) -> dict[str, Any]:
    return create_model("Document", **fields).model_json_schema()


EVENT, COMMAND = "oee/event/Closed/1", "oee/command/Close"


def changes(key: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return breaking_changes({key: schema(**before)}, {key: schema(**after)})


def test_nothing_breaks_by_staying_as_it_is() -> None:
    assert breaking_changes(schemas(), schemas()) == []


@pytest.mark.parametrize("key", [EVENT, COMMAND])
def test_a_new_optional_field_breaks_nobody(key: str) -> None:
    assert changes(key, {"a": (str, ...)}, {"a": (str, ...), "b": (str | None, None)}) == []


@pytest.mark.parametrize("key", [EVENT, COMMAND])
def test_a_removed_field_or_contract_is_named(key: str) -> None:
    assert changes(key, {"a": (str, ...), "b": (str, "x")}, {"a": (str, ...)}) == [f"{key}: field 'b' removed"]
    assert breaking_changes({key: {}}, {}) == [f"{key}: removed"]


def test_a_changed_type_is_named_on_both_ways() -> None:
    for key in (EVENT, COMMAND):
        assert changes(key, {"a": (str, ...)}, {"a": (int, ...)}) == [
            f"{key}: field 'a': changed from string to integer"
        ]


def test_a_reader_of_events_minds_what_a_caller_of_commands_does_not() -> None:
    wider = ({"a": (str, ...)}, {"a": (str | None, None)})
    assert changes(COMMAND, *wider) == []
    assert changes(EVENT, *wider) == [
        f"{EVENT}: field 'a': changed from string to null or string",
        f"{EVENT}: field 'a' is no longer always present",
    ]


def test_a_caller_of_commands_minds_what_a_reader_of_events_does_not() -> None:
    needed = ({"a": (str, "x")}, {"a": (str, ...)})
    assert changes(EVENT, *needed) == []
    assert changes(COMMAND, *needed) == [f"{COMMAND}: field 'a' became mandatory"]
    shorter = ({"a": (str, ...)}, {"a": (Annotated[str, Field(max_length=5)], ...)})
    assert changes(EVENT, *shorter) == []
    assert changes(COMMAND, *shorter) == [f"{COMMAND}: field 'a': maxLength tightened from None to 5"]


def test_a_new_word_breaks_readers_and_a_missing_one_breaks_callers() -> None:
    two, three = (Literal["A", "B"], ...), (Literal["A", "B", "C"], ...)
    assert changes(EVENT, {"a": two}, {"a": three})
    assert not changes(COMMAND, {"a": two}, {"a": three})
    assert changes(COMMAND, {"a": three}, {"a": two})
    assert not changes(EVENT, {"a": three}, {"a": two})


def test_what_is_nested_is_compared_too() -> None:
    class Changed(BaseModel):
        value: int
        unit: str

    expected = [f"{EVENT}: field 'a': field 'value': changed from string to integer"]
    assert changes(EVENT, {"a": (Inner, ...)}, {"a": (Changed, ...)}) == expected
    assert changes(EVENT, {"a": (Inner | None, None)}, {"a": (Changed | None, None)}) == expected


def test_a_metric_keeps_type_unit_and_places() -> None:
    before = {"datatype": "Double", "unit": "C62", "places": ["WORK_UNIT"], "writable": False}
    key = "oee/metric/OEE/OEE"
    for change in ({"datatype": "Float"}, {"unit": "P1"}, {"places": []}):
        assert len(breaking_changes({key: before}, {key: {**before, **change}})) == 1
    assert breaking_changes({key: before}, {key: {**before, "places": ["WORK_CENTER", "WORK_UNIT"]}}) == []
