"""Who has a metric at a place: exactly one producer, and a second one is quarantined, not mixed in (ARCHITECTURE, section 4).

The rule alone, for everybody who hears producers. What a claimant is, and what becomes of one who is quarantined, is his business.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

A = TypeVar("A", bound=Hashable)
C = TypeVar("C")


class Claim(NamedTuple, Generic[C]):
    """What came of a claim.

    Attributes:
        is_given: whether the claimant has the address from now on.
        displaced: who had it until now; None where nobody else did.
    """

    is_given: bool
    displaced: C | None = None


class Claims(Generic[A, C]):
    """Gives each address to the first who claims it, who keeps it until he gives it up, or is gone and another is born who claims it.

    Args:
        is_gone: whether a claimant has said goodbye, or his Will has. One who is only not heard is not gone.
    """

    def __init__(self, is_gone: Callable[[C], bool]) -> None:
        self._is_gone = is_gone
        self._owners: dict[A, C] = {}

    def claim(self, address: A, claimant: C, *, is_entitled: bool = False) -> Claim[C]:
        """Claim an address with a birth.

        Args:
            address: what is claimed.
            claimant: who claims it.
            is_entitled: another listener, who has heard everything, knows that the claimant has it.
        """
        owner = self._owners.setdefault(address, claimant)
        if owner == claimant:
            return Claim(is_given=True)
        if is_entitled or self._is_gone(owner):
            self._owners[address] = claimant
            return Claim(is_given=True, displaced=owner)
        return Claim(is_given=False)

    def give_up(self, address: A, claimant: C) -> bool:
        """Take note that a claimant claims an address no more; return whether he had it."""
        if self._owners.get(address) != claimant:
            return False
        del self._owners[address]
        return True

    def owner(self, address: A) -> C | None:
        """Return who has an address; None where nobody does."""
        return self._owners.get(address)
