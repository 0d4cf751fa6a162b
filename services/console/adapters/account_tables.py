"""Users and sessions in the console's own PostgreSQL schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from namespace.store import Database, Queries
from services.console.domain.accounts import Session, User
from services.console.domain.roles import Role


class _Sql(Queries):
    find_user: str
    all_users: str
    put_user: str
    find_session: str
    put_session: str
    remove_session: str
    remove_sessions_of_user: str
    remove_old_sessions: str


_SQL = _Sql.load("services.console.adapters", "accounts.sql")


class UserTable:
    """The users (port `Users`).

    Args:
        database: The console's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: str) -> User | None:
        """Return the user, or None."""
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(_SQL.find_user, user_id)
        return None if row is None else _user(*row)

    async def list(self) -> Sequence[User]:
        """Return all users by id."""
        async with self._database.transaction() as tx:
            return [_user(*row) for row in await tx.fetch(_SQL.all_users)]

    async def put(self, user: User) -> None:
        """Add the user or overwrite it."""
        values = (user.user_id, user.display_name, user.role.value, user.password_hash, user.disabled)
        async with self._database.transaction() as tx:
            await tx.execute(_SQL.put_user, *values)


class SessionTable:
    """The sessions (port `Sessions`).

    Args:
        database: The console's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, token_hash: str) -> Session | None:
        """Return the session, or None."""
        async with self._database.transaction() as tx:
            row = await tx.fetchrow(_SQL.find_session, token_hash)
        return None if row is None else Session(*row)

    async def put(self, session: Session) -> None:
        """Add the session or note its last use."""
        values = (
            session.token_hash,
            session.user_id,
            session.csrf_token,
            session.started_at,
            session.last_seen_at,
        )
        await self._execute(_SQL.put_session, *values)

    async def remove(self, token_hash: str) -> None:
        """End one session."""
        await self._execute(_SQL.remove_session, token_hash)

    async def remove_of(self, user_id: str) -> None:
        """End every session of the user."""
        await self._execute(_SQL.remove_sessions_of_user, user_id)

    async def remove_before(self, last_seen_before: datetime, started_before: datetime) -> None:
        """Remove the sessions that ended by themselves."""
        await self._execute(_SQL.remove_old_sessions, last_seen_before, started_before)

    async def _execute(self, statement: str, *values: object) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(statement, *values)


def _user(user_id: str, display_name: str, role: str, password_hash: str, disabled: bool) -> User:
    return User(user_id, display_name, Role(role), password_hash, disabled)
