"""`uns restore`: a whole site, or the data of some services, back from a backup."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from namespace.cli.progress import Progress
from namespace.servers.backup.manifest import Manifest
from namespace.servers.backup.record import RestoreRecord
from namespace.servers.backup.restore import Restore, Wanted, checked, opened
from namespace.servers.backup.take import SITE_FILE
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Example: UNS_DATA_DIR=/srv/dallas uns restore backups/monday.tar\n\n"
    "Example: uns restore backups/monday --only work_order --force"
)
def restore(
    backup: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="What `uns backup` has written.")],
    *,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this service's data, the others keep theirs; may be repeated.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what is there; it is put aside, not deleted.")
    ] = False,
    discard_old: Annotated[
        bool, typer.Option("--discard-old", help="With --force: drop the old schemas once everything is in.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only verify the backup.")] = False,
) -> None:
    """Verify a backup and restore it into the data folder (UNS_DATA_DIR) of a site that does not run.

    Every restored event log goes on in a new epoch at the next start; `uns recovery report` then says what is missing.
    """
    root = data_dir()
    with Progress() as progress, opened(backup, beside=root) as source:
        manifest = checked(source, progress.say)
        if check:
            print(f"backup {manifest.backup}: {len(manifest.files)} files are as they were written")
            return
        folder = DataFolder(root)
        wanted = Wanted(tuple(only or ()), force=force, discard=discard_old)
        url = os.environ.get("UNS_DATABASE_URL") or None
        job = Restore(source, manifest, folder, wanted, database_url=url, say=progress.say)
        record = asyncio.run(job.run())
        told = [*job.told, *([] if only else _site_file(source, folder))]
    _show(manifest, record, told)


def _site_file(source: Path, folder: DataFolder) -> list[str]:
    """Bring the site file back where there is none; leave another one alone."""
    text = (source / SITE_FILE).read_bytes()
    target = Path(os.environ.get("UNS_SITE_FILE") or "site.yaml").absolute()
    if not target.exists():
        target.write_bytes(text)
        return [f"the site file was put to {target}"]
    if target.read_bytes() == text:
        return []
    beside = folder.root / "site-of-backup.yaml"
    beside.write_bytes(text)
    return [f"{target} is another site file than that of the backup, which is in {beside}"]


def _show(manifest: Manifest, record: RestoreRecord, told: list[str]) -> None:
    print(f"restored {manifest.enterprise}/{manifest.site} as it was at {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    for each in record.schemas:
        before = next((old for old in record.replaced if old.service == each.service), None)
        was = f" (was {before.log.seq})" if before is not None and before.log is not None else ""
        print(f"  {each.service}: " + (f"log to seq {each.log.seq}{was}" if each.log is not None else "data"))
    for line in told:
        print(line)
    if record.kept:
        print(f"put aside in the database: {', '.join(record.kept)}")
    print("next: uns up, then uns recovery report")
