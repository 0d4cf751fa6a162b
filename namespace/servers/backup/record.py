"""What is remembered of a restore, beside the data: from which backup, and how far everything was that it replaced."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from namespace.servers.backup.files import RECOVERY
from namespace.servers.backup.manifest import SchemaCopy
from namespace.servers.folder import DataFolder, write_private


class RestoreRecord(BaseModel):
    """One restore.

    Attributes:
        backup: The backup's id.
        taken_at: The instant that the backup is a copy of, UTC.
        restored_at: When it was restored, UTC.
        schemas: What was restored, as it was in the backup.
        replaced: What the restored schemas held before, where there was a database: the nearest witness of what is lost.
        kept: Names of the schemas that were put aside.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    backup: str
    taken_at: datetime
    restored_at: datetime
    schemas: tuple[SchemaCopy, ...]
    replaced: tuple[SchemaCopy, ...] = ()
    kept: tuple[str, ...] = ()

    def restored(self, service: str) -> SchemaCopy | None:
        """Return what was restored of a service; None where it kept what it had."""
        return next((each for each in self.schemas if each.service == service), None)


def write_record(folder: DataFolder, record: RestoreRecord) -> Path:
    """Remember a restore."""
    path = folder.root / RECOVERY / f"{record.restored_at:%Y%m%dT%H%M%S}-{record.backup}.json"
    write_private(path, record.model_dump_json(indent=2) + "\n")
    return path


def last_record(folder: DataFolder) -> RestoreRecord | None:
    """Return the last restore of this data folder; None where there was none."""
    for path in sorted((folder.root / RECOVERY).glob("*.json"), reverse=True):
        try:
            return RestoreRecord.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            continue
    return None
