"""`uns account`: broker accounts for machines, dashboards and other systems."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from namespace.cli.errors import CliError
from namespace.servers.accounts import Account, AccountRegistry, AccountRole
from namespace.servers.acl import hash_password
from namespace.servers.broker import announce_accounts
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir
from namespace.servers.site import read_site, site_access
from namespace.servers.site_state import read_state

app = typer.Typer(
    help="Make, list and remove broker accounts; a running site knows them at once.",
    no_args_is_help=True,
    add_completion=False,
)

_SHORTEST_PASSWORD = 12


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    *,
    role: Annotated[AccountRole, typer.Option(help="What it is for.")],
    group: Annotated[str | None, typer.Option(help="Of an edge node: its Sparkplug group id.")] = None,
    node: Annotated[list[str] | None, typer.Option(help="Of an edge node: its edge node id; may be repeated.")] = None,
    every_node: Annotated[
        bool, typer.Option("--every-node", help="Of an edge node: it may act as every node of its group.")
    ] = False,
    command: Annotated[
        list[str] | None, typer.Option(help="Of an integrator: a service it may command; may be repeated.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Make an account; its password is printed this once."""
    folder = DataFolder(data_dir())
    password = _given_password() if password_stdin else secrets.token_urlsafe(24)
    account = Account(
        name=name,
        role=role,
        password_hash=hash_password(password),
        group_id=group,
        edge_node_ids=tuple(node or ()),
        every_node=every_node,
        commands=tuple(command or ()),
        created_at=datetime.now(UTC),
    )
    AccountRegistry(folder.accounts).add(account)
    effect = _take_effect(folder)
    print(f"account {name} ({role}) made; {effect}")
    if not password_stdin:
        print(f"password: {password}")


@app.command("list")
def list_accounts() -> None:
    """List the accounts that people made."""
    table = Table("account", "role", "for", "made", box=None, header_style="bold")
    for each in AccountRegistry(DataFolder(data_dir()).accounts).all():
        nodes = [f"{each.group_id}/{node}" for node in (("*",) if each.every_node else each.edge_node_ids)]
        table.add_row(each.name, each.role, ", ".join([*nodes, *each.commands]), f"{each.created_at:%Y-%m-%d}")
    Console(highlight=False).print(table)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The account's name.")]) -> None:
    """Remove an account; a client that uses it is cut off."""
    folder = DataFolder(data_dir())
    AccountRegistry(folder.accounts).remove(name)
    print(f"account {name} removed; {_take_effect(folder)}")


def _take_effect(folder: DataFolder) -> str:
    state = read_state(folder)
    if state is None or state.site_file is None:
        return "in force when the site starts (uns up)"
    if not state.broker.embedded:
        return f"start the site again, then install {folder.root}/broker-accounts at the broker {state.broker.address}"
    if state.broker.pid is None:
        return "in force when the broker is back"
    announce_accounts(folder, site_access(read_site(Path(state.site_file))), pid=state.broker.pid)
    return f"in force now at {state.broker.address}"


def _given_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < _SHORTEST_PASSWORD:
        raise CliError(
            f"a password of {len(password)} characters",
            where="standard input",
            remedy=f"Give one line with at least {_SHORTEST_PASSWORD}, or leave --password-stdin out.",
        )
    return password
