"""Broker accounts that people make for machines, dashboards and other systems.

A role says what the account may do; the password is shown once and kept only as a hash. The accounts of
services are not here: they are generated at every start from what the services declare.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from namespace.contracts.access import AccessRule, SiteAccess, client_rules, edge_node_rules
from namespace.contracts.registry import SERVICES
from namespace.servers.acl import BrokerAccount, is_account_name
from namespace.servers.errors import ServerError
from namespace.servers.folder import write_private

_RESERVED_PREFIX = "mes-"


class AccountRole(StrEnum):
    """What an account is for."""

    EDGE_NODE = "edge-node"
    """A Sparkplug edge node: publishes its own births, data and deaths, receives its own commands."""
    DASHBOARD = "dashboard"
    """Sees everything, asks queries, changes nothing."""
    INTEGRATOR = "integrator"
    """A dashboard that may also command the services it names, and never a machine."""


class Account(BaseModel):
    """One account as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    role: AccountRole
    password_hash: str
    group_id: str | None = None
    """Of an edge node: its Sparkplug group id."""
    edge_node_ids: tuple[str, ...] = ()
    """Of an edge node: the ids it may use in that group."""
    every_node: bool = False
    """Of an edge node: whether it may act as every node of that group."""
    commands: tuple[str, ...] = ()
    """Of an integrator: the services it may command."""
    created_at: datetime

    def rules(self, site: SiteAccess) -> tuple[AccessRule, ...]:
        """Return what the broker lets it do."""
        if self.role is AccountRole.EDGE_NODE:
            nodes = ("+",) if self.every_node else self.edge_node_ids
            return tuple(rule for node in nodes for rule in edge_node_rules(self.group_id or "", node))
        return client_rules(self.name, site, self.commands)

    def for_broker(self, site: SiteAccess) -> BrokerAccount:
        """Return it as the broker knows it."""
        return BrokerAccount(self.name, self.password_hash, self.rules(site))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    accounts: list[Account] = []


class AccountRegistry:
    """The accounts of one site, in a file that only its owner may read.

    Args:
        path: The file; made with the first account.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Account]:
        """Return every account, in the order of their names.

        Raises:
            ServerError: The file is not what this program wrote.
        """
        return self._read().accounts

    def add(self, account: Account) -> None:
        """Keep a new account.

        Raises:
            ServerError: The name is taken or reserved, or the role lacks what it needs.
        """
        known = self._read()
        _check(account)
        if any(each.name == account.name for each in known.accounts):
            raise ServerError(
                f"there is an account {account.name} already",
                where=str(self._path),
                remedy=f"Choose another name, or remove it first with `uns account remove {account.name}`.",
            )
        self._write([*known.accounts, account])

    def remove(self, name: str) -> None:
        """Forget an account.

        Raises:
            ServerError: There is none of that name.
        """
        known = self._read().accounts
        left = [each for each in known if each.name != name]
        if len(left) == len(known):
            raise ServerError(
                f"there is no account {name}",
                where=str(self._path),
                remedy="`uns account list` shows those there are.",
            )
        self._write(left)

    def _read(self) -> _File:
        if not self._path.exists():
            return _File()
        try:
            return _File.model_validate_json(self._path.read_text(encoding="utf-8"))
        except (ValidationError, OSError, UnicodeDecodeError) as error:
            first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise ServerError(
                f"the account file cannot be read: {first}",
                where=str(self._path),
                remedy="Restore it from a backup, or move it away and make the accounts again.",
            ) from error

    def _write(self, accounts: Iterable[Account]) -> None:
        ordered = sorted(accounts, key=lambda account: account.name)
        write_private(self._path, _File(accounts=ordered).model_dump_json(indent=2) + "\n")


def _check(account: Account) -> None:
    problem = _problem(account)
    if problem is not None:
        what, remedy = problem
        raise ServerError(what, where=f"account {account.name}", remedy=remedy)


def _problem(account: Account) -> tuple[str, str] | None:
    if not is_account_name(account.name):
        return "not an account name", "Use up to 64 letters, digits, `.`, `_` or `-`, no mark in front."
    if account.name.startswith(_RESERVED_PREFIX):
        return "names with `mes-` belong to the services", "Choose another name."
    if account.role is AccountRole.EDGE_NODE:
        return _edge_node_problem(account)
    if account.role is AccountRole.INTEGRATOR and not account.commands:
        return "an integrator without a service to command", "Add --command SERVICE, or use --role dashboard."
    known = [contract.service for contract in SERVICES]
    for service in account.commands:
        if service not in known:
            return f"there is no service {service}", f"Services are {', '.join(known)}."
    return None


def _edge_node_problem(account: Account) -> tuple[str, str] | None:
    if not (account.group_id and (account.edge_node_ids or account.every_node)):
        return "an edge node needs a group and a node", "Add --group GROUP and --node NODE (or --every-node)."
    if account.every_node and ":" in account.group_id:
        return (
            f"group {account.group_id} may be a site's own, where the services speak",
            "Name each node with --node NODE.",
        )
    for topic_part in (account.group_id, *account.edge_node_ids):
        if not topic_part.isprintable() or topic_part != topic_part.strip() or set(topic_part) & set("+#/"):
            return f"{topic_part!r} is not a Sparkplug id", "Write it without + # / and outer spaces."
    if any(node.startswith(_RESERVED_PREFIX) for node in account.edge_node_ids):
        return "edge nodes with `mes-` belong to the services", "Choose another edge node id."
    return None
