"""The AsyncAPI document has the structure that AsyncAPI 3.0 asks for: every reference leads somewhere, every key is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from namespace.contracts.asyncapi import asyncapi
from namespace.contracts.offered import offered_commands, offered_queries
from namespace.contracts.registry import SERVICES

DOCUMENT = asyncapi()
_KEY = re.compile(r"[A-Za-z0-9._-]+")


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolve(reference: str) -> Any:
    assert reference.startswith("#/"), f"{reference} leads out of the document"
    target: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        target = target[step]
    return target


def test_the_root_has_what_it_must_have() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    allowed = {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"}
    assert DOCUMENT.keys() <= allowed


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > 100
    for reference in found:
        assert resolve(reference)


@pytest.mark.parametrize("section", ["channels", "operations"])
def test_keys_are_plain_words(section: str) -> None:
    for key in DOCUMENT[section]:
        assert _KEY.fullmatch(key), key
    for key in DOCUMENT["components"]["messages"]:
        assert _KEY.fullmatch(key), key


def test_the_parameters_of_a_channel_are_those_of_its_address() -> None:
    for key, channel in DOCUMENT["channels"].items():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == channel["parameters"].keys(), key
        assert channel["messages"], key
        assert not set("#+?") & set(channel["address"]), key


def test_an_operation_says_what_is_done_on_a_channel_with_its_messages() -> None:
    for key, operation in DOCUMENT["operations"].items():
        assert operation["action"] in {"send", "receive"}, key
        channel = operation["channel"]["$ref"]
        assert re.fullmatch(r"#/channels/[\w.-]+", channel)
        for message in operation["messages"]:
            assert message["$ref"].startswith(f"{channel}/messages/"), key


def test_a_message_has_a_schema_and_says_what_it_is() -> None:
    for name, message in DOCUMENT["components"]["messages"].items():
        assert message["name"] == name
        assert message["payload"]["type"] == "object"
        assert message["summary"]
        assert message["contentType"] == "application/json"


def test_every_event_command_and_query_of_the_registry_is_in_it() -> None:
    messages = DOCUMENT["components"]["messages"].keys()
    for contract in SERVICES:
        for event in contract.events:
            assert f"{contract.service}.{event.type}.{event.version}" in messages
        for offered in (*offered_commands(contract), *offered_queries(contract)):
            assert f"{contract.service}.{offered.name}" in messages
