"""Finds out which part of a failing history matters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def shortest(
    history: Sequence[T], fails: Callable[[Sequence[T]], Awaitable[bool]], *, most_tries: int = 100
) -> list[T]:
    """Return a part of `history`, in its order, that still fails, and of which no single element can be left out.

    Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002), by leaving out parts alone.

    Args:
        history: Fails.
        fails: Tells whether a part does; called at most `most_tries` times.
        most_tries: When they are used up, the shortest part found so far is returned.
    """
    kept, parts, tries = list(history), 2, 0
    while kept and tries < most_tries:
        size = -(-len(kept) // parts)
        for begin in range(0, len(kept), size):
            rest = kept[:begin] + kept[begin + size :]
            tries += 1
            if await fails(rest):
                kept, parts = rest, max(2, parts - 1)
                break
            if tries == most_tries:
                return kept
        else:
            if size == 1:
                break
            parts = min(len(kept), parts * 2)
    return kept
