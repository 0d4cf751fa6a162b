"""The `personnel_classes` and `equipment_classes` of a site file: which persons and which work centers belong to which class."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

from namespace.isa95.classes import EquipmentClass, PersonnelClass
from namespace.isa95.equipment import EquipmentHierarchy, UnknownEquipmentError
from namespace.isa95.path import EquipmentPath
from namespace.isa95.site_file.document import Field, did_you_mean

_LONGEST_ID = 100
_Member = TypeVar("_Member", bound=Hashable)


def read_personnel_classes(field: Field) -> Mapping[str, PersonnelClass]:
    """The classes by id; parts that have problems are left out after they are reported."""
    found = _classes(field, "persons", "a personnel class", _person)
    return MappingProxyType({name: PersonnelClass(name, text, members) for name, text, members in found})


def read_equipment_classes(field: Field, equipment: EquipmentHierarchy) -> Mapping[str, EquipmentClass]:
    """The classes by id; parts that have problems are left out after they are reported."""
    found = _classes(field, "work_centers", "an equipment class", lambda item: _work_center(item, equipment))
    return MappingProxyType({name: EquipmentClass(name, text, members) for name, text, members in found})


def _classes(
    field: Field, members: str, what: str, read: Callable[[Field], _Member | None]
) -> Iterator[tuple[str, str, frozenset[_Member]]]:
    for key, value in field.entries():
        entries = value.mapping(("description", members), required=(members,))
        description = (entries["description"].text() or "") if "description" in entries else ""
        found = _members(entries[members], read) if members in entries else frozenset()
        if _is_id(key, key.text_value, what):
            yield key.text_value, description, found


def _members(field: Field, read: Callable[[Field], _Member | None]) -> frozenset[_Member]:
    lines: dict[_Member, int] = {}
    items = field.items()
    for item in items:
        member = read(item)
        if member is None:
            continue
        if member in lines:
            item.report(f"{item.shown()} is there twice, first on line {lines[member]}", "Keep one of the two")
        lines.setdefault(member, item.line)
    if field.is_list and not items:
        remedy = "List what belongs to it, or remove the class: one that is not listed is not checked"
        field.report("nothing belongs to this class", remedy)
    return frozenset(lines)


def _person(item: Field) -> str | None:
    person = item.text()
    return person if person is not None and _is_id(item, person, "a person's id") else None


def _work_center(item: Field, equipment: EquipmentHierarchy) -> EquipmentPath | None:
    text = item.text()
    if text is None:
        return None
    known = {str(each.path).removeprefix(f"{equipment.site.path}/"): each.path for each in equipment.work_centers()}
    try:
        place = equipment.find(text).path
    except UnknownEquipmentError:
        place = None
    if place in known.values():
        return place
    item.report(f"{item.shown()} is no work center here", did_you_mean(text, known, "Write one such as Area/Line"))
    return None


def _is_id(field: Field, text: str, what: str) -> bool:
    if text.isprintable() and text == text.strip() and len(text) <= _LONGEST_ID:
        return True
    remedy = f"Write 1 to {_LONGEST_ID} printable characters, without spaces at the ends"
    field.report(f"{field.shown()} is not {what}", remedy)
    return False
