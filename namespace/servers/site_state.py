"""What a running site says about itself, in a file that `uns status` and other commands read.

The supervisor writes it at every change. After a crash the file stays behind: whether it is true is told by
the lock of the data folder, not by the file.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from namespace.servers.folder import DataFolder, write_private


class Phase(StrEnum):
    """Where a process is in its life."""

    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    """It says that it cannot start at all; starting it again would not help."""
    STOPPED = "stopped"


class ServerStatus(BaseModel):
    """The broker or the database."""

    model_config = ConfigDict(extra="ignore")

    address: str
    """Without user and password."""
    embedded: bool
    pid: int | None = None
    detail: str = ""


class ServiceStatus(BaseModel):
    """One service process."""

    model_config = ConfigDict(extra="ignore")

    name: str
    pid: int | None = None
    health_port: int
    phase: Phase = Phase.STARTING
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    restarts: int = 0


class SiteState(BaseModel):
    """The whole site."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    enterprise: str
    site: str
    pid: int
    started_at: datetime
    data_dir: str
    site_file: str | None
    console_url: str
    broker: ServerStatus
    database: ServerStatus
    services: list[ServiceStatus] = []

    @property
    def ready(self) -> bool:
        """Every service is ready."""
        return all(service.phase is Phase.READY for service in self.services)


def write_state(folder: DataFolder, state: SiteState) -> None:
    """Replace the file in one step."""
    write_private(folder.site_state, state.model_dump_json(indent=2) + "\n")


def read_state(folder: DataFolder) -> SiteState | None:
    """Return the state of the site that runs on `folder`; None when none does, whatever a file says."""
    if not folder.is_locked():
        return None
    try:
        return SiteState.model_validate_json(folder.site_state.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
