"""Changes to the library that no test can notice, each with the reason: what the page of the mutation run says of a survivor.

A survivor that is not here is a missing test. A reason that fits no change any more is refused by a test.
"""

from __future__ import annotations

from typing import Final

EXPLAINED: Final[dict[tuple[str, str, str], str]] = {
    ("sequence.py", "8", "(9)"): (
        "The memory of sending times is made longer than the 256 places that are ever used; nothing reads the rest."
    ),
    ("state.py", "0", "(1)"): (
        "What stands there before the first connection is replaced by `connect`, and nothing can be said before that."
    ),
    ("payload.py", "100_000", "(100001)"): (
        "A default limit, chosen by magnitude. That a limit holds exactly is shown with limits that a test sets."
    ),
    ("payload.py", "500_000", "(500001)"): (
        "A default limit, chosen by magnitude. That a limit holds exactly is shown with limits that a test sets."
    ),
}
"""By module, what stood there and what stood there instead."""
