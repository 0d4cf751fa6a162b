"""The log of a server we start: appended to, cut when it has grown, readable since the last start.

It is for the servers' own text; services write structured lines to their standard output instead.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

_KEEP_BYTES = 16 * 2**20
_READ_BYTES = 256 * 2**10


class LogFile:
    """One server's log file.

    Args:
        path: The file; the folder is made when needed. One older generation is kept as `<name>.1`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def open(self) -> IO[bytes]:
        """Open the file for appending and remember where this start begins."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size > _KEEP_BYTES:
            self.path.replace(self.path.with_name(self.path.name + ".1"))
        stream = self.path.open("ab")
        self._offset = stream.seek(0, 2)
        return stream

    def since_start(self) -> str:
        """Return what the server wrote since it was started (the last 256 KiB of it)."""
        try:
            with self.path.open("rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(max(self._offset, size - _READ_BYTES))
                return stream.read().decode(errors="replace")
        except OSError:
            return ""
