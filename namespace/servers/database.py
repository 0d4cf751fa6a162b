"""The database of a site: our own PostgreSQL or somebody else's, and every service's way in."""

from __future__ import annotations

from collections.abc import Iterable

from namespace.servers.database_roles import ensure_service_roles, service_dsn, without_password
from namespace.servers.folder import DataFolder
from namespace.servers.postgres import DATABASE, Postgres
from namespace.servers.site_state import ServerStatus


class SiteDatabase:
    """Where the services keep what they know.

    Args:
        folder: The site's data folder; passwords of the roles are kept there.
        url: An administrator's address of a foreign server; None means our own.
    """

    def __init__(self, folder: DataFolder, url: str | None) -> None:
        self._folder = folder
        self._url = url
        self.server: Postgres | None = None
        if url is None:
            self.server = Postgres(
                folder.server("postgres"),
                password=folder.password("database", "postgres"),
                log_file=folder.logs / "postgres.log",
            )

    @property
    def status(self) -> ServerStatus:
        """What is shown of it."""
        pid = self.server.pid if self.server is not None else None
        detail = f"PostgreSQL {self.server.version}" if self.server is not None else "from UNS_DATABASE_URL"
        return ServerStatus(
            address=without_password(self._admin_dsn()), embedded=self.server is not None, pid=pid, detail=detail
        )

    @property
    def admin_dsn(self) -> str:
        """The administrator's address of the database, with the password."""
        return self._admin_dsn()

    async def admit(self, services: Iterable[str]) -> None:
        """Make role and schema of every service.

        Raises:
            ServerError: The server is not there or refuses us.
        """
        passwords = {service: self._password(service) for service in services}
        own = self.server is not None
        await ensure_service_roles(
            self.server.dsn("postgres") if self.server is not None else self._admin_dsn(),
            passwords,
            exclusive=own,
            database=DATABASE if own else None,
        )

    def dsn(self, service: str) -> str:
        """Return the address with which a service signs in."""
        return service_dsn(self._admin_dsn(), service, self._password(service))

    def _admin_dsn(self) -> str:
        return self.server.dsn() if self.server is not None else self._url or ""

    def _password(self, service: str) -> str:
        return self._folder.password("database", service)
