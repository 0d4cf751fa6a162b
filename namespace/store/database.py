"""One service's way into PostgreSQL: a pool for one schema and one role, and transactions.

A service never sees a driver's connection or error: it gets a `Transaction`, and trouble arrives as
`DatabaseUnavailable` or `TransactionConflict`. The pool reconnects by itself; nothing here retries, because
only the caller knows whether its work may be repeated.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import asyncpg

from namespace.store.driver_errors import DRIVER_ERRORS, guarded, is_lost, unavailable
from namespace.store.errors import DatabaseUnavailable, TransactionConflict

_T = TypeVar("_T")
_Connection = Any  # the pool's proxy and a plain connection share their methods but no type
_CLEAN_S = 5.0


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
        return await self._run(self._connection.fetch, sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Run a statement and return its first row, or None."""
        return await self._run(self._connection.fetchrow, sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """Run a statement and return the first column of its first row, or None."""
        return await self._run(self._connection.fetchval, sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement and return how many rows it touched (0 where that has no meaning)."""
        status: str = await self._run(self._connection.execute, sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of arguments, in one round trip."""
        await self._run(self._connection.executemany, sql, rows)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write many rows with COPY, the fastest way in; it knows no ON CONFLICT."""
        write = partial(self._connection.copy_records_to_table, records=rows, columns=list(columns))
        await self._run(write, table)

    async def copy_encoded(self, table: str, columns: Sequence[str], rows: bytes) -> None:
        """Write rows that are already in the binary form of COPY."""

        async def source() -> AsyncIterator[bytes]:
            yield rows

        write = partial(self._connection.copy_to_table, source=source(), columns=list(columns), format="binary")
        await self._run(write, table)

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Undo what the block did, `after_commit` included, when it ends with an exception, which goes on."""
        kept = len(self._after_commit)
        try:
            async with _nested(self._connection, self._where):
                yield
        except BaseException:
            del self._after_commit[kept:]
            raise

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once the transaction is committed, in order; never if it is not."""
        self._after_commit.append(action)

    def committed(self) -> None:
        """Run what was left for after the commit."""
        for action in self._after_commit:
            action()

    async def _run(self, operation: Callable[..., Awaitable[_T]], *args: object) -> _T:
        return await guarded(self._connection, self._where, operation, *args)


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
        try:
            await self._run(self._connection.add_listener, channel, notice)
            yield
        finally:
            if not is_lost(self._connection):
                self._connection.remove_termination_listener(notice)  # the session unlistens when it ends


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
        max_size: int = 4,
        connect_s: float = 5.0,
        statement_s: float = 30.0,
    ) -> Self:
        """Connect.

        Args:
            dsn: `postgresql://role:password@host:port/database`.
            schema: The service's schema.
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
            min_size=0,  # the pool would nag in the background while the server is away
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
        await pool
        try:
            async with database.transaction():
                return database
        except DatabaseUnavailable:
            pool.terminate()
            raise

    async def close(self, timeout_s: float = 5.0) -> None:
        """Close the pool: wait for running transactions, then cut what is left.

        Args:
            timeout_s: Seconds to wait.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._pool.close()
        except DRIVER_ERRORS:
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
                await _clean(connection)

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
        except DRIVER_ERRORS as error:
            raise unavailable(error, self.address) from error
        try:
            yield connection
        finally:
            with suppress(*DRIVER_ERRORS):
                await self._pool.release(connection)  # a broken one is replaced by the pool


@asynccontextmanager
async def _transaction(database: Database, connection: _Connection) -> AsyncGenerator[Transaction]:
    tx = Transaction(database, connection)
    async with _nested(connection, database.address):
        yield tx
    tx.committed()


@asynccontextmanager
async def _nested(connection: _Connection, where: str) -> AsyncGenerator[None]:
    """Run the block in a transaction, or in a savepoint of the one that runs."""
    running = await guarded(connection, where, _begin, connection)
    try:
        yield
    except BaseException as error:
        # The block's exception is the one that counts, a cancellation above all.
        with suppress(DatabaseUnavailable, TransactionConflict, asyncpg.PostgresError, asyncpg.InterfaceError):
            await guarded(connection, where, running.__aexit__, type(error), error, error.__traceback__)
        raise
    try:
        await guarded(connection, where, running.__aexit__, None, None, None)
    except DatabaseUnavailable as error:
        error.outcome_unknown = True
        raise


async def _begin(connection: _Connection) -> _Connection:
    transaction = connection.transaction()
    await transaction.__aenter__()
    return transaction


async def _clean(connection: _Connection) -> None:
    """Give up locks and listeners of a session; a connection that cannot do it is thrown away."""
    if not is_lost(connection):
        try:
            await connection.reset(timeout=_CLEAN_S)
        except DRIVER_ERRORS:
            pass
        else:
            return
    with suppress(asyncpg.InterfaceError):  # the pool may have thrown it away already
        connection.terminate()


async def _keep(_connection: object) -> None:
    """Leave a returned connection as it is: transactions leave nothing, sessions clean up themselves."""
