"""What a person can set about running a site, read from the environment in one place.

Settings of a service are the service's own business; it receives what it needs from the supervisor.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import namespace
from namespace.servers.errors import ServerError
from namespace.servers.folder import DataFolder
from namespace.servers.site_state import read_state

BROKER_PORT = 1883
CONSOLE_PORT = 8080


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Where a site lives and what it uses.

    Attributes:
        data_dir: `UNS_DATA_DIR`, default `.uns` in the current folder.
        site_file: `UNS_SITE_FILE`, the system of record for the site's equipment.
        broker_port: `UNS_BROKER_PORT` of our own broker, 1883.
        console_port: `UNS_CONSOLE_PORT`, 8080.
        broker_url: `UNS_BROKER_URL`: a broker of somebody else instead of our own.
        database_url: `UNS_DATABASE_URL`: a PostgreSQL of somebody else, with a role that may create roles.
    """

    data_dir: Path
    site_file: Path
    broker_port: int
    console_port: int
    broker_url: str | None
    database_url: str | None

    @classmethod
    def from_environment(cls) -> SiteSettings:
        """Read the settings.

        Raises:
            ServerError: A value cannot be used.
        """
        return cls(
            data_dir=data_dir(),
            site_file=Path(os.environ.get("UNS_SITE_FILE") or "site.yaml").absolute(),
            broker_port=_port("UNS_BROKER_PORT", BROKER_PORT),
            console_port=_port("UNS_CONSOLE_PORT", CONSOLE_PORT),
            broker_url=os.environ.get("UNS_BROKER_URL") or None,
            database_url=os.environ.get("UNS_DATABASE_URL") or None,
        )


def data_dir() -> Path:
    """Return the site's data folder."""
    return Path(os.environ.get("UNS_DATA_DIR") or ".uns").absolute()


def site_file_of(folder: DataFolder) -> Path:
    """Return the site file: of the site that runs on `folder`, else `UNS_SITE_FILE` or `site.yaml`."""
    state = read_state(folder)
    if state is not None and state.site_file is not None:
        return Path(state.site_file)
    return Path(os.environ.get("UNS_SITE_FILE") or "site.yaml").absolute()


def tools_folder() -> Path | None:
    """Return where packages were extracted: `UNS_TOOLS_DIR`, or what `make setup` left in the source tree."""
    if given := os.environ.get("UNS_TOOLS_DIR"):
        return Path(given).resolve()
    beside_sources = Path(namespace.__file__).resolve().parents[1] / ".cache" / "tools"
    return beside_sources if beside_sources.is_dir() else None


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ServerError(f"not a port: {text!r}", where=variable, remedy="Write a number from 1 to 65535.")
    return int(text)
