"""The error that a command ends with when a person can put it right.

It is printed as one message without a traceback. What a command does not expect is a mistake of ours and
keeps its traceback.
"""

from __future__ import annotations

from namespace.servers.errors import ServerError


class CliError(ServerError):
    """A command cannot do what was asked; exit code 1.

    Args:
        what: What went wrong, in one clause without a full stop.
        where: The file, address, place or argument it is about.
        remedy: What the reader can do now.
    """
