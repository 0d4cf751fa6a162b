"""The safety rule of the system, read off the permissions that the contracts give (the broker's side is an integration test)."""

from dataclasses import replace

import pytest

from namespace.contracts.access import Access, AccessRule, SiteAccess, client_rules, edge_node_rules, service_rules
from namespace.contracts.contract import ServiceContract
from namespace.contracts.registry import SERVICES, contract_of
from namespace.isa95 import EquipmentPath
from namespace.transport import topic_matches

SITE = SiteAccess(EquipmentPath.parse("Acme/Dallas"), ("Packaging",), ("Bottling",), "Dallas-mes")
MACHINE_NCMD = "spBv1.0/Bottling/NCMD/Line1-PLC"
MACHINE_DCMD = "spBv1.0/Bottling/DCMD/Line1-PLC/Filler"


def may(rules: tuple[AccessRule, ...], access: Access, topic: str) -> bool:
    return any(rule.access is access and topic_matches(rule.topic_filter, topic) for rule in rules)


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
def test_no_service_may_write_a_device_command_to_a_machine(contract: ServiceContract) -> None:
    assert not may(service_rules(contract, SITE), Access.WRITE, MACHINE_DCMD)


def test_exactly_one_service_may_write_a_node_command_to_a_machine() -> None:
    able = [c.service for c in SERVICES if may(service_rules(c, SITE), Access.WRITE, MACHINE_NCMD)]
    assert able == ["namespace_state"]


def test_edge_nodes_with_an_account_may_be_asked_for_a_rebirth_without_a_mapping_rule() -> None:
    site = replace(SITE, registered_groups=("Load",))
    able = [c.service for c in SERVICES if may(service_rules(c, site), Access.WRITE, "spBv1.0/Load/NCMD/Node0001")]
    assert able == ["namespace_state"]


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
def test_a_service_commands_only_the_services_its_contract_names(contract: ServiceContract) -> None:
    rules = service_rules(contract, SITE)
    commanded = {
        other.service
        for other in SERVICES
        if may(rules, Access.WRITE, f"spBv1.0/Acme:Dallas/NCMD/{other.edge_node_id}")
    }
    allowed = set(contract.commands_to)
    if contract.observes_everything:  # asks MES nodes for a rebirth like any other node
        allowed = {other.service for other in SERVICES}
    assert commanded == allowed


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
def test_a_service_publishes_as_itself_alone(contract: ServiceContract) -> None:
    rules = service_rules(contract, SITE)
    for other in SERVICES:
        for kind in ("NBIRTH", "NDATA", "NDEATH"):
            topic = f"spBv1.0/Acme:Dallas/{kind}/{other.edge_node_id}"
            assert may(rules, Access.WRITE, topic) is (other is contract), topic


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
def test_nobody_reads_the_answers_given_to_another_account(contract: ServiceContract) -> None:
    rules = service_rules(contract, SITE)
    assert not may(rules, Access.READ, "uns/v1/Acme/Dallas/_reply/somebody-else/1")


@pytest.mark.tck("operational-behavior-host-application-host-id")
@pytest.mark.parametrize(
    ("topic", "owner"),
    [
        ("uns/v1/Acme/Dallas/Packaging/Line1/OEE/OEE", "namespace_state"),
        ("uns/v1/Acme/Dallas/_Site/Namespace/Nodes", "namespace_state"),
        ("spBv1.0/STATE/Dallas-mes", "historian"),
    ],
)
def test_the_projection_and_state_have_one_writer_each(topic: str, owner: str) -> None:
    assert [c.service for c in SERVICES if may(service_rules(c, SITE), Access.WRITE, topic)] == [owner]


def test_a_client_reads_the_site_and_commands_what_it_was_given() -> None:
    rules = client_rules("board", SITE, commanded=["work_order"])
    assert may(rules, Access.READ, "uns/v1/Acme/Dallas/Packaging/Line1/Filler/Status/StateCurrent")
    assert may(rules, Access.READ, "uns/v1/Acme/Dallas/_reply/board/1")
    assert not may(rules, Access.READ, "uns/v1/Acme/Dallas/_reply/mes-console/1")
    assert may(rules, Access.WRITE, "spBv1.0/Acme:Dallas/NCMD/mes-work-order")
    assert not may(rules, Access.WRITE, MACHINE_NCMD)


def test_an_edge_node_writes_its_own_topics_alone() -> None:
    rules = edge_node_rules("Bottling", "Line1-PLC")
    assert may(rules, Access.WRITE, "spBv1.0/Bottling/DDATA/Line1-PLC/Filler")
    assert not may(rules, Access.WRITE, "spBv1.0/Bottling/DDATA/Line2-PLC/Filler")
    assert not may(rules, Access.WRITE, MACHINE_NCMD)


def test_an_unknown_service_is_named_with_the_known_ones() -> None:
    with pytest.raises(LookupError, match="work_order"):
        contract_of("paint")


@pytest.mark.parametrize("contract", SERVICES, ids=lambda contract: contract.service)
def test_a_mapping_rule_for_any_group_lets_no_service_speak_as_another(contract: ServiceContract) -> None:
    anywhere = SiteAccess(SITE.site, SITE.areas, ("+",), SITE.host_id)
    rules = service_rules(contract, anywhere)
    for other in SERVICES:
        if other is not contract:
            assert not may(rules, Access.WRITE, f"spBv1.0/Acme:Dallas/NDATA/{other.edge_node_id}")
