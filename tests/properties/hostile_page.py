"""Writes docs/reference/hostile_input.md: what the long runs of hostile input (`make soak`) counted, each run its own part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "hostile_input.md"
_HEAD = """<!-- Written by the long runs of hostile input in tests/properties (`make soak`); do not edit. -->

# Hostile input: the last long runs

Generated and mutated payloads and topics, seeded, at a host session with an honest edge node among hostile ones, and at the codec alone.
Nothing but a refusal with a reason may come of what is broken, the honest node is current after every two hundred turns, and memory stays.
"""


def note(title: str, summary: str, counted: Mapping[str, int]) -> None:
    """Write what a run found in place of what the one before it did.

    Args:
        title: Of the run.
        summary: One sentence with what it took.
        counted: Refusals by reason.
    """
    known = PAGE.read_text(encoding="utf-8").split("\n## ")[1:] if PAGE.exists() else []
    parts = {part.partition("\n")[0]: part.partition("\n")[2].strip() for part in known}
    rows = [f"| {reason} | {count:,} |" for reason, count in sorted(counted.items())]
    parts[title] = "\n".join([summary, "", "| refused | times |", "|---|---:|", *rows])
    text = "".join(f"\n## {name}\n\n{part}\n" for name, part in sorted(parts.items(), reverse=True))
    PAGE.write_text(_HEAD + text, encoding="utf-8")
