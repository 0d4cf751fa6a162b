"""Arguments as people type them, and what they are told when they mistype."""

from __future__ import annotations

from typing import Any

import pytest

from namespace.cli.arguments import describe, find_contract, find_service, read_arguments
from namespace.cli.errors import CliError
from namespace.contracts.node import EVENTS_QUERY, EventsArgs
from namespace.contracts.offered import offered_commands, offered_queries
from namespace.contracts.registry import contract_of
from namespace.contracts.work_order import StoreArgs

LINE = "Acme/Dallas/Packaging/Line1"


def test_text_is_converted_by_the_contract() -> None:
    arguments = read_arguments(StoreArgs, [f"place={LINE}", "priority=7"], None)
    assert arguments == {"place": LINE, "priority": 7}


@pytest.mark.parametrize(
    "pairs", [["quantity.value=100", "quantity.unit=H87"], ['quantity={"value": "100", "unit": "H87"}']]
)
def test_a_nested_value_is_dotted_or_json(pairs: list[str]) -> None:
    arguments = read_arguments(StoreArgs, [f"place={LINE}", *pairs], None)
    assert arguments["quantity"] == {"value": "100", "unit": "H87"}


def test_pairs_are_laid_over_the_document() -> None:
    arguments = read_arguments(StoreArgs, ["priority=2"], f'{{"place": "{LINE}", "priority": 1}}')
    assert arguments == {"place": LINE, "priority": 2}


def test_a_name_on_the_wire_is_the_name_on_the_command_line() -> None:
    assert read_arguments(EventsArgs, ["from=3", 'types=["JobOrderStored"]'], None) == {
        "from": 3,
        "types": ["JobOrderStored"],
    }


@pytest.mark.parametrize(
    ("pairs", "document", "said"),
    [
        (["priority"], None, "not an argument: priority"),
        (["=1"], None, "not an argument"),
        (["priorty=1"], None, "did you mean priority?"),
        (["priority=1"], None, "place: Field required"),
        ([f"place={LINE}", "priority=high"], None, "priority: Input should be a valid integer"),
        (['quantity={"value"'], None, "quantity is no JSON"),
        ([], "{", "it is no JSON"),
        ([], "[1]", "it is no JSON object"),
        (["quantity=1", "quantity.unit=H87"], None, "quantity has a value already"),
    ],
)
def test_a_mistake_is_said_in_one_line_with_the_way_out(pairs: list[str], document: str | None, said: str) -> None:
    with pytest.raises(CliError) as error:
        read_arguments(StoreArgs, pairs, document)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert error.value.remedy


@pytest.mark.parametrize("name", ["work_order", "work-order", "mes-work-order"])
def test_a_service_is_found_by_any_of_its_names(name: str) -> None:
    assert find_service(name).service == "work_order"


def test_a_service_or_command_that_is_not_there_suggests_one() -> None:
    with pytest.raises(CliError, match=r"no service work_oder; did you mean work_order\?"):
        find_service("work_oder")
    commands = offered_commands(contract_of("work_order"))
    assert find_contract("work_order", "command", "storeandstart", commands).name == "StoreAndStart"
    with pytest.raises(CliError, match=r"knows no command Beginn; did you mean Begin\?"):
        find_contract("work_order", "command", "Beginn", commands)


def test_what_every_follower_offers_is_offered() -> None:
    oee = contract_of("oee")
    assert {"Redrive"} <= {command.name for command in offered_commands(oee)}
    assert {"parked", EVENTS_QUERY.name} <= {query.name for query in offered_queries(oee)}


def test_the_list_says_what_must_be_given_and_how() -> None:
    text = describe(offered_commands(contract_of("work_order")))
    (line,) = [each for each in text.splitlines() if each.startswith("Store  ")]
    assert "about the job order's id" in line
    for form in (
        "place*: text",
        "quantity: {value, unit}",
        "quantity_source: counter or operator",
        "planned_start: time",
    ):
        assert form in text


@pytest.mark.parametrize("value", ["null", "true"])
def test_null_and_words_stay_what_they_are(value: str) -> None:
    arguments: dict[str, Any] = read_arguments(StoreArgs, [f"place={LINE}", f"work_master={value}"], None)
    assert arguments["work_master"] == (None if value == "null" else value)
