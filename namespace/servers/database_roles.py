"""One login role and one schema per service, and nothing across.

A service signs in with a role that owns its schema of the same name and may use no other. This module makes
and keeps those; tables are the services' own business (their migrations run with their own role).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import asyncpg

from namespace.servers.errors import ServerError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SCRAM_ITERATIONS = 4096
_CONNECT_TIMEOUT_S = 10


async def ensure_service_roles(
    admin_dsn: str, passwords: Mapping[str, str], *, exclusive: bool, database: str | None = None
) -> None:
    """Make role and schema of every service, set its password, and take away what nobody should have.

    Args:
        admin_dsn: Address of the server with a role that may create roles and schemas.
        passwords: Service name (also role and schema) to password.
        exclusive: The server is the site's alone: what PostgreSQL grants to everybody (connecting,
            temporary tables, the schema `public`) is revoked. False leaves a shared database's grants as they
            are.
        database: Created when it does not exist; None means the one in `admin_dsn`.

    Raises:
        ServerError: The server is not there, refuses us, or lacks the right to create roles.
    """
    if database is not None:
        async with await connect(admin_dsn) as connection:
            await _create_database(connection, database)
        admin_dsn = with_database(admin_dsn, database)
    async with await connect(admin_dsn) as connection:
        try:
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext('uns-mes roles'))")
                if exclusive:
                    await _revoke_from_everybody(connection)
                for service, password in passwords.items():
                    await _ensure_role(connection, service, password)
        except asyncpg.InsufficientPrivilegeError as error:
            raise ServerError(
                f"the database role of UNS_DATABASE_URL may not create roles and schemas: {error}",
                where=without_password(admin_dsn),
                remedy="Give it CREATEROLE and CREATE on the database, or use an administrator's address.",
            ) from error


def service_dsn(admin_dsn: str, service: str, password: str, *, database: str | None = None) -> str:
    """Return the address with which `service` signs in at the server of `admin_dsn`."""
    parts = urlsplit(with_database(admin_dsn, database) if database is not None else admin_dsn)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{service}:{quote(password, safe='')}@{host}").geturl()


def with_database(dsn: str, database: str) -> str:
    """Return `dsn` pointing at another database of the same server."""
    return urlsplit(dsn)._replace(path=f"/{database}").geturl()


def without_password(dsn: str) -> str:
    """Return `dsn` as it may be shown: user and place, no password."""
    parts = urlsplit(dsn)
    user = (parts.username or "") + "@" if parts.username else ""
    return parts._replace(netloc=user + parts.netloc.rpartition("@")[2], query="").geturl()


class _Session:
    """An asyncpg connection as a context manager."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> asyncpg.Connection:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


async def connect(dsn: str) -> _Session:
    """Open one connection.

    Raises:
        ServerError: Nobody answers, or the user, password or database is refused.
    """
    try:
        return _Session(await asyncpg.connect(dsn, timeout=_CONNECT_TIMEOUT_S))
    except (OSError, TimeoutError) as error:
        raise ServerError(
            f"the database does not answer: {error or 'no reply in time'}",
            where=without_password(dsn),
            remedy="Start PostgreSQL there, or correct UNS_DATABASE_URL.",
        ) from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise ServerError(
            f"the database refuses us: {error}",
            where=without_password(dsn),
            remedy="Correct user, password or database name in UNS_DATABASE_URL.",
        ) from error
    except (ValueError, asyncpg.InterfaceError) as error:
        raise ServerError(
            f"not a database address: {error}",
            where="UNS_DATABASE_URL",
            remedy="Write it as postgresql://user:password@host:5432/database.",
        ) from error


def scram_verifier(password: str, *, salt: bytes | None = None) -> str:
    """Return what PostgreSQL stores for `password`, so that the password itself is in no statement.

    Source: RFC 5802 section 3; PostgreSQL, "pg_authid", column rolpassword.
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    parts = [base64.b64encode(each).decode() for each in (salt, stored_key, server_key)]
    return f"SCRAM-SHA-256${_SCRAM_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"


async def _create_database(connection: asyncpg.Connection, database: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
        await connection.execute(f"CREATE DATABASE {_identifier(database)}")


async def _revoke_from_everybody(connection: asyncpg.Connection) -> None:
    for row in await connection.fetch("SELECT datname FROM pg_database"):
        await connection.execute(f"REVOKE ALL ON DATABASE {_quoted(row['datname'])} FROM PUBLIC")
    await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


async def _ensure_role(connection: asyncpg.Connection, service: str, password: str) -> None:
    role = _identifier(service)
    database = _quoted(await connection.fetchval("SELECT current_database()"))
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", service)
    verb = "ALTER" if exists else "CREATE"
    await connection.execute(f"{verb} ROLE {role} LOGIN NOINHERIT PASSWORD '{scram_verifier(password)}'")
    if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await connection.execute(f"GRANT {role} TO CURRENT_USER")  # needed to make a schema in its name
    await connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}")
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {role}")
    await connection.execute(f"REVOKE ALL ON SCHEMA {role} FROM PUBLIC")
    await connection.execute(f"ALTER ROLE {role} SET search_path = {role}")


def _identifier(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a role or schema: small letters, digits and _ only")
    return _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
