"""Classes of persons and of equipment: who may do, and where can be done, which kind of work (ISA-95 part 2).

Operations of work masters name classes. A class that the site file does not list is a word without members: nobody and nothing is
checked against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from namespace.isa95.path import EquipmentPath


@dataclass(frozen=True, slots=True)
class PersonnelClass:
    """One class of persons; persons stand by id alone.

    Attributes:
        id: as operations name it.
        description: for people; may be empty.
        persons: ids of those who belong to it; never empty.
    """

    id: str
    description: str
    persons: frozenset[str]


@dataclass(frozen=True, slots=True)
class EquipmentClass:
    """One class of work centers.

    Attributes:
        id: as operations name it.
        description: for people; may be empty.
        work_centers: those that belong to it; never empty.
    """

    id: str
    description: str
    work_centers: frozenset[EquipmentPath]
