"""Changes to the library that no test can notice, each with the reason: what the page of the mutation run says of a survivor.

A survivor that is not here is a missing test. A reason that fits no change any more is refused by a test.
"""

from __future__ import annotations

from typing import Final

_DEFAULT = "A default that was chosen by magnitude. That the setting holds exactly is shown with values that tests set."
_DEFAULTS = frozenset({("payload.py", "Limits"), ("host_settings.py", "HostSettings")})

EXPLAINED: Final[dict[tuple[str, str, str, str], str]] = {}
"""By module, class and function, what stood there and what stood there instead."""


def reason(module: str, where: str, was: str, became: str) -> str | None:
    """Why no test can notice a change; None when a test is missing."""
    if (module, where.partition(".")[0]) in _DEFAULTS and was.replace("_", "").isdecimal():
        return _DEFAULT
    return EXPLAINED.get((module, where, was, became))
