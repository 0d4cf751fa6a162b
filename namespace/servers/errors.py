"""The one error of this package: something a person can put right.

It keeps what went wrong, where, and the way out apart, so that the command line, the status page and a test
can each use the part they need. It is not for mistakes in our own code: those stay ordinary exceptions.
"""

from __future__ import annotations


class ServerError(Exception):
    """A server, account or data folder cannot do what was asked, for a reason outside the program.

    Args:
        what: What went wrong, in one clause without a full stop.
        where: The file, folder, address or program it is about.
        remedy: What the reader can do now.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} ({self.where}). {self.remedy}"
