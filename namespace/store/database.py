"""One service's way into PostgreSQL: a pool for one schema and one role, and transactions.

A service never sees a driver's connection or error: it gets a `Transaction`, and trouble arrives as
`DatabaseUnavailable` or `TransactionConflict`. The pool reconnects by itself; nothing here retries, because
only the caller knows whether its work may be repeated.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import asyncpg

from namespace.store.errors import DatabaseUnavailable, TransactionConflict

_T = TypeVar("_T")
_Connection = Any  # the pool's proxy and a plain connection share their methods but no type

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


class Transaction:
    """A running transaction: statements, savepoints, and what to do once it is committed."""

    __slots__ = ("_after_commit", "_connection", "_where", "database")

    def __init__(self, database: "Database", connection: _Connection) -> None:
        self.database = database
        self._connection = connection
        self._where = database.address
        self._after_commit: list[Callable[[], None]] = []

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement and return its rows."""
        return await self._run(self._connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run a statement and return its first row, or None."""
        return await self._run(self._connection.fetchrow(sql, *args))

    async def fetchval(self, sql: str, *args: object) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        return await self._run(self._connection.fetchval(sql, *args))

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement and return how many rows it touched (0 where that has no meaning)."""
        status: str = await self._run(self._connection.execute(sql, *args))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of arguments, in one round trip."""
        await self._run(self._connection.executemany(sql, rows))

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write many rows with COPY, the fastest way in; it knows no ON CONFLICT."""
        await self._run(self._connection.copy_records_to_table(table, records=rows, columns=list(columns)))

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Undo what the block did, `after_commit` included, when it ends with an exception, which goes on."""
        kept = len(self._after_commit)
        nested = self._connection.transaction()
        await self._run(nested.start())
        try:
            yield
        except BaseException:
            del self._after_commit[kept:]
            if not self._connection.is_closed():
                await self._run(nested.rollback())
            raise
        await self._run(nested.commit())

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once the transaction is committed, in order; never if it is not."""
        self._after_commit.append(action)

    def committed(self) -> None:
        """Run what was left for after the commit."""
        for action in self._after_commit:
            action()

    async def _run(self, operation: Awaitable[_T]) -> _T:
        return await _guarded(operation, self._connection, self._where)


class Session(Transaction):
    """One connection kept for long: session locks, notifications, and transactions one after another.

    Statements run outside `transaction()` commit by themselves.
    """

    __slots__ = ()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Run the block in a transaction on this connection."""
        async with _transaction(self.database, self._connection) as tx:
            yield tx

    @asynccontextmanager
    async def listening(self, channel: str, on_notice: Callable[[], None]) -> AsyncGenerator[None]:
        """Call `on_notice` for each NOTIFY on `channel`, and on loss of the connection, inside the block."""

        def notice(*_: object) -> None:
            on_notice()

        self._connection.add_termination_listener(notice)
        await self._run(self._connection.add_listener(channel, notice))
        try:
            yield
        finally:
            if not self._connection.is_closed():
                self._connection.remove_termination_listener(notice)
                await self._connection.remove_listener(channel, notice)


class Database:
    """The pool of one schema and role.

    Attributes:
        schema: The service's schema, the only one its statements see.
        address: Host, port and database, without the password, for messages.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", schema: str, address: str, acquire_s: float) -> None:
        self.schema = schema
        self.address = address
        self._pool = pool
        self._acquire_s = acquire_s
        self._on_append: list[Callable[[], None]] = []

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        schema: str,
        min_size: int = 1,
        max_size: int = 4,
        connect_s: float = 5.0,
        statement_s: float = 30.0,
    ) -> Self:
        """Connect.

        Args:
            dsn: `postgresql://role:password@host:port/database`.
            schema: The service's schema.
            min_size: Connections opened at once.
            max_size: Most connections; a relay keeps one of them.
            connect_s: Seconds that connecting may take.
            statement_s: Seconds that a statement may take; waiting for a row lock ends after a third of them.

        Returns:
            The open pool.

        Raises:
            DatabaseUnavailable: There is no such server, role, password or database, or not yet.
        """
        parts = urlsplit(dsn)
        address = f"{parts.hostname or 'local socket'}:{parts.port or 5432}{parts.path}"
        pool = asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            timeout=connect_s,
            command_timeout=statement_s,
            reset=_keep,
            server_settings={
                "application_name": f"uns:{schema}",
                "search_path": '"' + schema.replace('"', '""') + '"',
                "timezone": "UTC",
                "jit": "off",
                "lock_timeout": str(int(statement_s * 1000 / 3)),
                "idle_in_transaction_session_timeout": str(int(statement_s * 2000)),
            },
        )
        database = cls(pool, schema, address, acquire_s=statement_s)
        try:
            await pool
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            pool.terminate()
            raise _unavailable(error, address) from error
        return database

    async def close(self, timeout_s: float = 5.0) -> None:
        """Close the pool: wait for running transactions, then cut what is left.

        Args:
            timeout_s: Seconds to wait.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """Run the block in a transaction: committed when it ends, undone when it ends with an exception.

        Raises:
            DatabaseUnavailable: No connection, or it was lost; `outcome_unknown` if while committing.
            TransactionConflict: Deadlock, serialisation failure, or a row lock not had in time.
        """
        async with self._connection() as connection, _transaction(self, connection) as tx:
            yield tx

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Session]:
        """Keep one connection for the block and clean it up afterwards (locks, listeners, settings).

        Raises:
            DatabaseUnavailable: No connection.
        """
        async with self._connection() as connection:
            try:
                yield Session(self, connection)
            finally:
                if not connection.is_closed():
                    await _guarded(connection.reset(), connection, self.address)

    @property
    def has_relay(self) -> bool:
        """Whether a relay of this process moves this schema's events."""
        return bool(self._on_append)

    def appended(self) -> None:
        """Tell this process's relay that events were committed."""
        for wake in self._on_append:
            wake()

    @asynccontextmanager
    async def relayed_by(self, wake: Callable[[], None]) -> AsyncGenerator[None]:
        """Call `wake` for every append of this process that was committed, inside the block."""
        self._on_append.append(wake)
        try:
            yield
        finally:
            self._on_append.remove(wake)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[_Connection]:
        try:
            connection = await self._pool.acquire(timeout=self._acquire_s)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise _unavailable(error, self.address) from error
        try:
            yield connection
        finally:
            await self._pool.release(connection)


@asynccontextmanager
async def _transaction(database: Database, connection: _Connection) -> AsyncGenerator[Transaction]:
    tx = Transaction(database, connection)
    running = connection.transaction()
    await _guarded(running.start(), connection, database.address)
    try:
        yield tx
    except BaseException:
        if not connection.is_closed():
            await _guarded(running.rollback(), connection, database.address)
        raise
    try:
        await _guarded(running.commit(), connection, database.address)
    except DatabaseUnavailable as error:
        error.outcome_unknown = True
        raise
    tx.committed()


async def _guarded(operation: Awaitable[_T], connection: _Connection, address: str) -> _T:
    try:
        return await operation
    except _CONFLICT as error:
        raise TransactionConflict(
            f"the transaction lost against another one ({error})", "Run it again from its beginning."
        ) from error
    except (*_LOST, OSError) as error:
        raise _unavailable(error, address) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if connection.is_closed():
            raise _unavailable(error, address) from error
        raise


async def _keep(_connection: object) -> None:
    """Leave a returned connection as it is: transactions leave nothing, sessions clean up themselves."""


def _unavailable(error: Exception, address: str) -> DatabaseUnavailable:
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
