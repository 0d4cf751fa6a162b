"""What a rule of Sparkplug 3.0 is to us: our own words, the statements it stands for, and whether it is ours to prove.

The specification says many things two or three times, under ids of their own. A rule gathers them, so that a test proves a rule and names
the statements. The rules themselves stand in `edge_rules.py`, `host_rules.py` and `payload_rules.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

UNNUMBERED = "no-id-stale-on-connection-loss"
"""Our name for the one normative sentence of Sparkplug 3.0 (5.3) that has no id."""


class Standing(Enum):
    """What we do about a rule."""

    TESTED = "tested"
    DIVERGENCE = "divergence"
    NOT_OURS = "not ours"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        text: what it asks, in our words.
        ids: the statements of the specification that ask it, without `tck-id-`.
        standing: a test proves it; we diverge, for a reason; or it is asked of somebody else.
        reason: of the divergence, or who it is asked of.
    """

    text: str
    ids: tuple[str, ...]
    standing: Standing = Standing.TESTED
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Rules about one thing."""

    title: str
    rules: tuple[Rule, ...]


def rule(text: str, *ids: str) -> Rule:
    """Return a rule that tests prove."""
    return Rule(text, ids)


def divergence(text: str, *ids: str, reason: str) -> Rule:
    """Return a rule that we do not follow to the letter."""
    return Rule(text, ids, Standing.DIVERGENCE, reason)


def not_ours(text: str, *ids: str, asked_of: str) -> Rule:
    """Return a rule that is asked of somebody else."""
    return Rule(text, ids, Standing.NOT_OURS, f"asked of {asked_of}")
