"""The data folder of a site: where everything lies that must survive, and who may look into it.

One folder holds databases, broker state, accounts, credentials and what the running site says about itself.
It knows the layout, file modes and the lock; it does not know what the files mean.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from namespace.servers.errors import ServerError
from namespace.servers.process import RunAs
from namespace.servers.programs import system_folder

_PASSWORD_BYTES = 24


class DataFolder:
    """A site's data folder; made when it does not exist.

    Args:
        root: The folder.

    Raises:
        ServerError: It cannot be made or written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        try:
            self.root.mkdir(mode=self._mode, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
            for each in (self.logs, self.run):
                each.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ServerError(
                f"cannot write to the data folder: {error.strerror}",
                where=str(self.root),
                remedy="Choose a folder of your own with UNS_DATA_DIR=/another/folder.",
            ) from error

    @property
    def _mode(self) -> int:
        """Servers of root run as `nobody`, who must be able to pass through."""
        return 0o711 if os.geteuid() == 0 else 0o700

    @property
    def logs(self) -> Path:
        """Log files of the servers."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """What is only true while the site runs."""
        return self.root / "run"

    @property
    def accounts(self) -> Path:
        """The registry of broker accounts that people made."""
        return self.root / "accounts.json"

    @property
    def site_state(self) -> Path:
        """What the running site says about itself."""
        return self.run / "site.json"

    def server(self, name: str) -> Path:
        """Return the folder of one server, which its unprivileged user can enter.

        Below /root and the like nobody else gets in; the servers' data then lies in a folder of the system
        and a link named `servers` stands here.
        """
        link = self.root / "servers"
        if not link.exists():
            if RunAs.unprivileged().can_enter(self.root):
                link.mkdir(mode=self._mode, exist_ok=True)
            else:
                link.unlink(missing_ok=True)
                link.symlink_to(system_folder("sites", f"{self.root.parent.name}-{secrets.token_hex(6)}"))
        folder = link.resolve() / name
        folder.mkdir(mode=self._mode, exist_ok=True)
        return folder

    def password(self, *names: str) -> str:
        """Return the password kept under these names, generated at the first call.

        Args:
            names: Path below the credentials folder, such as `("broker", "mes-oee")`.
        """
        path = self.root.joinpath("credentials", *names)
        if path.exists():
            return path.read_text(encoding="utf-8").strip()
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        write_private(path, password + "\n")
        return password

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one running site.

        Raises:
            ServerError: Another one runs on it.
        """
        with (self.run / "lock").open("a+", encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                stream.seek(0)
                raise ServerError(
                    f"a site already runs on this data folder (process {stream.read().strip() or '?'})",
                    where=str(self.root),
                    remedy="See `uns status`; stop it with Ctrl-C in its terminal, or give a second site its own "
                    "UNS_DATA_DIR, UNS_BROKER_PORT and UNS_CONSOLE_PORT.",
                ) from error
            stream.truncate(0)
            stream.write(f"{os.getpid()}\n")
            stream.flush()
            yield

    def is_locked(self) -> bool:
        """Tell whether a site runs on this folder."""
        try:
            with (self.run / "lock").open(encoding="utf-8") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


def open_private(path: Path) -> BinaryIO:
    """Open a new or emptied file that only its owner may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step, and make its folders."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(fresh).replace(path)
