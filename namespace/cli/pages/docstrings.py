"""What a class says about its attributes: the source of the reference's descriptions, so that nothing is written twice."""

from __future__ import annotations

import inspect
import re

_ENTRY = re.compile(r"^(\w+): (.*)$")


def attribute_texts(documented: type) -> dict[str, str]:
    """Return the description of each attribute that the docstring of `documented` names under `Attributes:`."""
    found: dict[str, str] = {}
    current = ""
    _, _, section = (inspect.getdoc(documented) or "").partition("Attributes:\n")
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break  # the next section
        entry = _ENTRY.match(line.strip())
        if entry is not None and not line.startswith(" " * 8):
            current = entry[1]
            found[current] = entry[2]
        elif line.strip() and current:
            found[current] += f" {line.strip()}"
    return found
