"""The database of a site for a backup or a restore: that of the running site, or started for as long as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from namespace.servers.database import SiteDatabase
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder
from namespace.servers.server import start_async
from namespace.servers.site_state import read_state

_START_S = 120.0


@asynccontextmanager
async def database_of(folder: DataFolder, url: str | None, *, exclusive: bool) -> AsyncIterator[SiteDatabase]:
    """Give access to a site's database for as long as the context is open.

    Args:
        folder: The data folder; held for ourselves unless its site runs.
        url: The administrator's address of a foreign server; None means our own.
        exclusive: Refuse where the site runs.

    Raises:
        ServerError: The site runs and may not, or its database cannot be had.
    """
    is_running = not exclusive and folder.is_locked()
    with nullcontext() if is_running else folder.lock():
        if is_running and url is None:
            state = read_state(folder)
            if state is not None and not state.database.embedded:
                raise ServerError(
                    "the site runs on a PostgreSQL of its own choice",
                    where=state.database.address,
                    remedy="Give its administrator's address with UNS_DATABASE_URL, as `uns up` was given it.",
                )
        database = SiteDatabase(folder, url)
        server = database.server
        if server is None:
            yield database
        elif is_running:
            _attach(database, folder)
            yield database
        else:
            await start_async(server, timeout_s=_START_S)
            try:
                yield database
            finally:
                await asyncio.to_thread(server.stop)


def _attach(database: SiteDatabase, folder: DataFolder) -> None:
    assert database.server is not None
    try:
        database.server.attach()
    except (OSError, ValueError) as error:
        raise ServerError(
            "the site is still starting", where=str(folder.root), remedy="Try again in a moment."
        ) from error
