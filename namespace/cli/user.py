"""`uns user`: the people who may sign in at the console.

The users are the console's own, in its own schema; this module finds the console by its entry point and asks it. What changes counts at
once, also for somebody who is signed in.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.metadata
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Protocol, TypeVar, cast

import typer
from rich.console import Console
from rich.table import Table

from namespace.cli.errors import CliError
from namespace.servers.folder import DataFolder
from namespace.servers.services import ENTRY_POINTS
from namespace.servers.settings import data_dir
from namespace.servers.site_state import read_state
from namespace.store import StoreError

app = typer.Typer(help="Add, list and disable the console's users and set their passwords.", no_args_is_help=True)

_PASSWORD_BYTES = 12
_T = TypeVar("_T")


class UserRow(Protocol):
    """One user as the console lists it."""

    @property
    def user_id(self) -> str:
        """The name to sign in with."""
        ...

    @property
    def name(self) -> str:
        """The name that is shown."""
        ...

    @property
    def role(self) -> str:
        """What the user may do."""
        ...

    @property
    def disabled(self) -> bool:
        """Whether the user may not sign in."""
        ...


class Users(Protocol):
    """What the console's service module offers as `open_users`."""

    async def add(self, user_id: str, name: str, role: str, password: str) -> None:
        """Add a user."""
        ...

    async def all(self) -> Sequence[UserRow]:
        """Return every user."""
        ...

    async def set_password(self, user_id: str, password: str) -> None:
        """Give a user a new password."""
        ...

    async def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Disable or enable a user."""
        ...


_UserId = Annotated[str, typer.Argument(help="The name to sign in with, such as o.meyer.")]
_FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def add(
    user: _UserId,
    *,
    role: Annotated[str, typer.Option(help="viewer, operator, supervisor, engineer or admin.")],
    name: Annotated[str, typer.Option(help="The name that is shown.")] = "",
    password_stdin: _FromStdin = False,
) -> None:
    """Add a user; the password is asked for, or made and printed this once."""
    password, made = _password(asked=password_stdin)
    _with_users(lambda users: users.add(user, name, role, password))
    print(f"user {user} ({role}) added")
    if made:
        print(f"password: {password}")


@app.command("list")
def list_users() -> None:
    """List the users."""
    table = Table("user", "name", "role", "", box=None, header_style="bold")
    for each in _with_users(lambda users: users.all()):
        table.add_row(each.user_id, each.name, each.role, "disabled" if each.disabled else "")
    Console(highlight=False).print(table)


@app.command()
def disable(user: _UserId) -> None:
    """Keep a user out; whoever is signed in as that user is signed out at once."""
    _with_users(lambda users: users.set_disabled(user, disabled=True))
    print(f"user {user} disabled")


@app.command()
def enable(user: _UserId) -> None:
    """Let a disabled user in again."""
    _with_users(lambda users: users.set_disabled(user, disabled=False))
    print(f"user {user} enabled")


@app.command()
def password(user: _UserId, *, password_stdin: _FromStdin = False) -> None:
    """Give a user a new password; open sessions of the user end."""
    new, made = _password(asked=password_stdin)
    _with_users(lambda users: users.set_password(user, new))
    print(f"user {user} has a new password")
    if made:
        print(f"password: {new}")


def _with_users(work: Callable[[Users], Awaitable[_T]]) -> _T:
    open_users, dsn = _hook(), _database()

    async def run() -> _T:
        async with open_users(dsn) as users:
            return await work(users)

    try:
        return asyncio.run(run())
    except (ValueError, LookupError) as refused:
        raise CliError(str(refused).rstrip("."), where="uns user", remedy="Nothing has changed.") from refused
    except StoreError as error:
        raise CliError(str(error), where="the console's database", remedy="See `uns status`.") from error


def _hook() -> Callable[[str], AbstractAsyncContextManager[Users]]:
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS, name="console"):
        module = importlib.import_module(f"{entry.value}.service")
        return cast(Callable[[str], AbstractAsyncContextManager[Users]], module.open_users)
    raise CliError(
        "the console is not installed", where="uns user", remedy="Install the distribution with its services."
    )


def _database() -> str:
    folder = data_dir()
    if not folder.is_dir() or read_state(DataFolder(folder)) is None:
        raise CliError(
            "no site runs on this data folder",
            where=str(folder),
            remedy="Start it with `uns up`, or name its folder with UNS_DATA_DIR.",
        )
    return (DataFolder(folder).run / "console" / "database_url").read_text(encoding="utf-8").strip()


def _password(*, asked: bool) -> tuple[str, bool]:
    """Return a password and whether it was made here."""
    if asked:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        typed: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
        return typed, False
    return secrets.token_urlsafe(_PASSWORD_BYTES), True
