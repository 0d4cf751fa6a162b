"""Changes to the library that no test can notice, each with the reason: what the page of the mutation run says of a survivor.

A survivor that is not here is a missing test. A reason that fits no change any more is refused by a test.
"""

from __future__ import annotations

from typing import Final

_DEFAULT = "A default that was chosen by magnitude. That the setting holds exactly is shown with values that tests set."
_DEFAULTS = frozenset({"payload.py", "host_settings.py"})

EXPLAINED: Final[dict[tuple[str, str, str], str]] = {
    ("sequence.py", "8", "(9)"): (
        "The memory of sending times is made longer than the 256 places that are ever used; nothing reads the rest."
    ),
    ("state.py", "0", "(1)"): (
        "What stands there before the first connection is replaced by `connect`, and nothing can be said before that."
    ),
    ("host_application.py", "not self._settings.check_sequence", "(self._settings.check_sequence)"): (
        "It shuts the short way of data whose turn it is; the long way does the same, slower, which the benchmarks would show."
    ),
    ("metric_set.py", "0", "(1)"): "Stands in where a value has no time, and every value has one before it is sent.",
}
"""By module, what stood there and what stood there instead."""


def reason(module: str, was: str, became: str) -> str | None:
    """Why no test can notice a change; None when a test is missing."""
    if module in _DEFAULTS and was.replace("_", "").isdecimal():
        return _DEFAULT
    return EXPLAINED.get((module, was, became))
