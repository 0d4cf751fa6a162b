"""Accounts that people make: roles, what is refused, and what the file keeps."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from namespace.contracts.access import Access, SiteAccess
from namespace.isa95 import EquipmentPath
from namespace.servers.accounts import Account, AccountRegistry, AccountRole
from namespace.servers.errors import ServerError

SITE = SiteAccess(EquipmentPath.parse("Acme/Dallas"), ("Packaging",), ("Bottling",), "Dallas-mes")


def account(
    name: str, role: AccountRole, *, group_id: str | None = None, every_node: bool = False, **names: tuple[str, ...]
) -> Account:
    return Account(
        name=name,
        role=role,
        password_hash="$7$",
        group_id=group_id,
        every_node=every_node,
        edge_node_ids=names.get("edge_node_ids", ()),
        commands=names.get("commands", ()),
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_an_edge_node_writes_no_command_and_reads_only_its_own() -> None:
    rules = account("press", AccountRole.EDGE_NODE, group_id="Line", edge_node_ids=("press",)).rules(SITE)
    written = [rule.topic_filter for rule in rules if rule.access is Access.WRITE]
    assert all("/press" in topic and "CMD" not in topic for topic in written)
    heard = [rule.topic_filter for rule in rules if rule.access is Access.READ]
    assert sorted(heard) == ["spBv1.0/Line/DCMD/press/+", "spBv1.0/Line/NCMD/press", "spBv1.0/STATE/+"]


def test_an_account_for_every_node_of_a_group_covers_the_group_and_never_a_site() -> None:
    load = account("load", AccountRole.EDGE_NODE, group_id="Load", every_node=True)
    written = {rule.topic_filter for rule in load.rules(SITE) if rule.access is Access.WRITE}
    assert written == {
        f"spBv1.0/Load/{kind}" for kind in ("NBIRTH/+", "NDATA/+", "NDEATH/+", "DBIRTH/+/+", "DDATA/+/+", "DDEATH/+/+")
    }


def test_a_dashboard_writes_queries_alone_and_reads_its_own_replies_alone() -> None:
    rules = account("wall", AccountRole.DASHBOARD).rules(SITE)
    assert [r.topic_filter for r in rules if r.access is Access.WRITE] == ["uns/v1/Acme/Dallas/_query/#"]
    replies = [r.topic_filter for r in rules if "_reply" in r.topic_filter]
    assert replies == ["uns/v1/Acme/Dallas/_reply/wall/#"]
    assert "uns/v1/#" not in {rule.topic_filter for rule in rules}


def test_an_integrator_commands_the_services_it_names_and_no_machine() -> None:
    rules = account("erp", AccountRole.INTEGRATOR, commands=("work_order",)).rules(SITE)
    commanded = [r.topic_filter for r in rules if r.access is Access.WRITE and "CMD" in r.topic_filter]
    assert commanded == ["spBv1.0/Acme:Dallas/NCMD/mes-work-order"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (account("a b", AccountRole.DASHBOARD), "not an account name"),
        (account("mes-oee", AccountRole.DASHBOARD), "belong to the services"),
        (account("press", AccountRole.EDGE_NODE), "needs a group and a node"),
        (account("press", AccountRole.EDGE_NODE, group_id="G", edge_node_ids=("+",)), "not a Sparkplug id"),
        (account("load", AccountRole.EDGE_NODE, group_id="Acme:Dallas", every_node=True), "may be a site's own"),
        (account("press", AccountRole.EDGE_NODE, group_id="G\nuser x", edge_node_ids=("n",)), "not a Sparkplug id"),
        (account("press", AccountRole.EDGE_NODE, group_id="G", edge_node_ids=("mes-oee",)), "belong to the services"),
        (account("erp", AccountRole.INTEGRATOR), "without a service"),
        (account("erp", AccountRole.INTEGRATOR, commands=("press",)), "there is no service press"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_account_that_cannot_be_is_refused_with_a_way_out(tmp_path: Path, wrong: Account, said: str) -> None:
    registry = AccountRegistry(tmp_path / "accounts.json")
    with pytest.raises(ServerError) as caught:
        registry.add(wrong)
    assert said in caught.value.what
    assert caught.value.remedy
    assert registry.all() == []


def test_the_file_is_private_and_keeps_accounts_in_order(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    for name in ("wall", "hall"):
        AccountRegistry(path).add(account(name, AccountRole.DASHBOARD))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in AccountRegistry(path).all()] == ["hall", "wall"]
    AccountRegistry(path).remove("hall")
    assert [each.name for each in AccountRegistry(path).all()] == ["wall"]


def test_a_taken_name_and_an_unknown_one_are_told(tmp_path: Path) -> None:
    registry = AccountRegistry(tmp_path / "accounts.json")
    registry.add(account("wall", AccountRole.DASHBOARD))
    with pytest.raises(ServerError, match="there is an account wall already"):
        registry.add(account("wall", AccountRole.DASHBOARD))
    with pytest.raises(ServerError, match="there is no account hall"):
        registry.remove("hall")


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_text('{"version": 1, "accounts": [')
    with pytest.raises(ServerError) as caught:
        AccountRegistry(path).add(account("wall", AccountRole.DASHBOARD))
    assert caught.value.where == str(path)
    assert path.read_text() == '{"version": 1, "accounts": ['
