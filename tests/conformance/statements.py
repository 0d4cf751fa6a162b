"""The 300 normative statements of Sparkplug 3.0, and the rules by which we prove them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from tests.conformance import edge_rules, host_rules, payload_rules
from tests.conformance.rules import Chapter, Rule

CHAPTERS: tuple[Chapter, ...] = (*payload_rules.CHAPTERS, *edge_rules.CHAPTERS, *host_rules.CHAPTERS)

COUNT = 300
DIGEST = "b5f25ec2e9e9ea6483df5272a7a4e46e3746e25e97ff6f7905f70c767d33a811"
"""SHA-256 of the sorted ids, one a line: no statement is lost or invented by an edit."""


def rules() -> Iterator[Rule]:
    """Yield every rule."""
    for chapter in CHAPTERS:
        yield from chapter.rules


def statements() -> Mapping[str, tuple[Rule, ...]]:
    """Return the rules that a statement belongs to, by its id; two statements speak of edge nodes and hosts alike."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules():
        for statement in rule.ids:
            found[statement] = (*found.get(statement, ()), rule)
    return found


def digest() -> str:
    """Return the digest of the ids as they are."""
    return sha256("\n".join(sorted(statements())).encode()).hexdigest()
