"""Personnel classes: which persons may do which kind of work (ISA-95 part 2, personnel model).

Persons stand by id alone. A class that no site file lists is a word without members: nobody can be checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonnelClass:
    """One class of persons.

    Attributes:
        id: as operations of work masters name it.
        description: for people; may be empty.
        persons: ids of those who belong to it; never empty.
    """

    id: str
    description: str
    persons: frozenset[str]
