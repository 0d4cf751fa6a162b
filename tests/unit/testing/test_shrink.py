"""The shortest history that matters is found, however long the one is that failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from namespace.testing.chaos.shrink import shortest


def needs(culprits: frozenset[int]) -> Callable[[Sequence[int]], Awaitable[bool]]:
    async def fails(part: Sequence[int]) -> bool:
        return culprits <= set(part)

    return fails


@given(length=st.integers(1, 60), data=st.data())
async def test_exactly_what_is_needed_to_fail_is_left_in_order(length: int, data: st.DataObject) -> None:
    culprits = data.draw(st.frozensets(st.integers(0, length - 1), max_size=4))
    assert await shortest(range(length), needs(culprits), most_tries=10_000) == sorted(culprits)


async def test_the_tries_are_bounded() -> None:
    tried: list[int] = []

    async def fails(part: Sequence[int]) -> bool:
        tried.append(len(part))
        return {3, 97} <= set(part)

    found = await shortest(range(100), fails, most_tries=12)
    assert len(tried) == 12
    assert {3, 97} <= set(found)
