"""Every contract is owned once, and whatever it says can be said on the wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from namespace.contracts.contract import MetricContract, Place, ServiceContract
from namespace.contracts.node import NODE_METRICS
from namespace.contracts.offered import offered_commands, offered_queries
from namespace.contracts.registry import SERVICES, contract_of
from namespace.isa95.level import METRIC_FOLDERS

CONTRACTS = pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)


def repeated(names: Iterable[object]) -> list[object]:
    return [name for name, count in Counter(names).items() if count > 1]


@pytest.mark.tck(
    "intro-edge-node-id-uniqueness",
    "topic-structure-namespace-unique-edge-node-descriptor",
    "payloads-nbirth-edge-node-descriptor",
    "case-sensitivity-sparkplug-ids",
)
def test_every_service_is_registered_once() -> None:
    assert not repeated(contract.service for contract in SERVICES)
    assert not repeated(contract.edge_node_id for contract in SERVICES)


@CONTRACTS
def test_names_are_given_once_within_a_service(contract: ServiceContract) -> None:
    node_metrics = tuple(metric.name for metric in NODE_METRICS)
    own = tuple(metric.name for metric in contract.metrics if Place.NODE in metric.places)
    assert not repeated((*node_metrics, *own))
    assert not repeated(event.schema for event in contract.events)
    assert not repeated(command.name for command in offered_commands(contract))
    assert not repeated(query.name for query in offered_queries(contract))


def test_a_metric_at_a_place_is_owned_by_one_service() -> None:
    owned = [(place, metric.name) for contract in SERVICES for metric in contract.metrics for place in metric.places]
    assert not repeated(pair for pair in owned if pair[0] is not Place.NODE)


def test_an_event_type_belongs_to_one_service() -> None:
    owners: dict[str, set[str]] = {}
    for contract in SERVICES:
        for event in contract.events:
            owners.setdefault(event.type, set()).add(contract.service)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def metrics_at_places() -> list[MetricContract]:
    return [m for contract in SERVICES for m in contract.metrics if m.places - {Place.NODE}]


@pytest.mark.parametrize("metric", metrics_at_places(), ids=lambda metric: metric.name)
def test_the_folder_of_a_metric_can_be_no_place(metric: MetricContract) -> None:
    assert metric.name.split("/")[0] in METRIC_FOLDERS


@CONTRACTS
def test_whoever_is_followed_asked_or_commanded_is_registered_and_offers_it(contract: ServiceContract) -> None:
    for followed in contract.follows:
        assert contract_of(followed).events, f"{followed} keeps no log to follow"
    for asked in contract.asks:
        assert offered_queries(contract_of(asked)), f"{asked} answers nothing"
    for commanded in contract.commands_to:
        assert offered_commands(contract_of(commanded)), f"{commanded} accepts nothing"


@CONTRACTS
def test_every_argument_and_payload_is_closed_frozen_and_described(contract: ServiceContract) -> None:
    models = [event.payload for event in contract.events]
    models += [command.args for command in offered_commands(contract)]
    models += [query.args for query in offered_queries(contract)]
    for model in models:
        assert model.model_config.get("frozen"), f"{model.__name__} can be changed after it was read"
        assert model.model_config.get("extra") == "ignore", f"{model.__name__} refuses fields it does not know yet"
        assert (model.__doc__ or "").strip(), f"{model.__name__} says nothing about itself"


def test_exactly_one_service_observes_everything() -> None:
    assert [contract.service for contract in SERVICES if contract.observes_everything] == ["namespace_state"]


def test_only_the_simulator_acts_as_machines() -> None:
    assert [contract.service for contract in SERVICES if contract.acts_as_edge_nodes] == ["simulator"]
