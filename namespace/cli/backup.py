"""`uns backup`: a copy of the whole site at one instant, while it runs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from namespace.cli.progress import Progress
from namespace.contracts.registry import SERVICES
from namespace.servers.backup.take import Source, take_backup
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir, site_file_of
from namespace.servers.site import read_site

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: uns backup backups/monday\n\nExample: uns backup backups/monday.tar")
def backup(
    destination: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="A new or empty folder, or a new file that ends in .tar.")
    ],
) -> None:
    """Back the site up, running or not: one instant of every service's data, accounts, passwords, spools, the site file.

    Whoever has the backup has the site's passwords: keep it as you keep them.
    """
    folder = DataFolder(data_dir())
    site_file = site_file_of(folder)
    source = Source(
        folder,
        read_site(site_file),
        site_file,
        tuple(contract.service for contract in SERVICES),
        os.environ.get("UNS_DATABASE_URL") or None,
    )
    with Progress() as progress:
        manifest = asyncio.run(take_backup(source, destination.absolute(), progress.say))
    size = sum(each.size for each in manifest.files)
    print(
        f"backup {manifest.backup} of {manifest.enterprise}/{manifest.site} at {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    for each in manifest.schemas:
        log = f"log to seq {each.log.seq}" if each.log is not None else "no log of its own"
        follows = "".join(f", {cursor.producer.rpartition('/')[2]} to seq {cursor.seq}" for cursor in each.cursors)
        print(f"  {each.service}: {log}{follows}")
    print(f"{destination}: {len(manifest.files)} files, {size / 1e6:.1f} MB")
