"""What the database driver raises, in the words of this package.

A driver has dozens of exceptions; a service needs to know three things: the database is not there, the transaction
lost against another one, or the statement is wrong (which stays as it is: that is a bug to be seen).
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from namespace.store.errors import DatabaseUnavailable, TransactionConflict

_T = TypeVar("_T")

DRIVER_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Everything that the driver raises by itself; time-outs are among the `OSError`s."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
)
_CONFLICT = (
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.LockNotAvailableError,
)
_REFUSED = (
    asyncpg.exceptions.InvalidAuthorizationSpecificationError,
    asyncpg.exceptions.InvalidCatalogNameError,
)


async def guarded(connection: Any, address: str, operation: Callable[..., Awaitable[_T]], *args: object) -> _T:
    """Call an operation of the driver and await it.

    Args:
        connection: Connection it runs on.
        address: The database, for messages.
        operation: What to call; calling it may fail already, before there is anything to await.
        args: Its arguments.

    Raises:
        DatabaseUnavailable: The connection was lost, or the operation took too long.
        TransactionConflict: The transaction lost against another one.
    """
    try:
        return await operation(*args)
    except _CONFLICT as error:
        raise TransactionConflict(
            f"the transaction lost against another one ({error})", "Run it again from its beginning."
        ) from error
    except (*_LOST, OSError) as error:
        raise unavailable(error, address) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if is_lost(connection):
            raise unavailable(error, address) from error
        raise


def is_lost(connection: Any) -> bool:
    """Tell whether a connection can be used no more; the pool takes a lost one back behind our back."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def unavailable(error: Exception, address: str) -> DatabaseUnavailable:
    """Say what an error of the driver means for whoever needs the database, and what to do."""
    match error:
        case TimeoutError():
            what, remedy = "did not answer in time", "See whether the server is overloaded or a lock is held."
        case asyncpg.exceptions.DiskFullError():
            what, remedy = "has no disk space left", "Free space on the volume of its data folder."
        case asyncpg.exceptions.TooManyConnectionsError():
            what, remedy = "has no free connection", "Raise max_connections or lower the pools' sizes."
        case _ if isinstance(error, _REFUSED):
            what, remedy = (
                f"refused the sign-in: {error}",
                "Check role, password and database of UNS_DATABASE_URL.",
            )
        case _:
            what, remedy = (
                f"cannot be reached: {error or type(error).__name__}",
                "Start it, or correct UNS_DATABASE_URL; this service goes on by itself once it answers.",
            )
    return DatabaseUnavailable(f"the database at {address} {what}", remedy)
