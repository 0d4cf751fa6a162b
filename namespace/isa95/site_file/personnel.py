"""The `personnel_classes` of a site file: which persons belong to which class."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from namespace.isa95.personnel import PersonnelClass
from namespace.isa95.site_file.document import Field

_LONGEST_ID = 100
_UNCHECKED = "where a class is not listed nobody is checked against it"


def read_personnel_classes(field: Field) -> Mapping[str, PersonnelClass]:
    """The classes by id; parts that have problems are left out after they are reported."""
    found: dict[str, PersonnelClass] = {}
    for key, value in field.entries():
        entries = value.mapping(("description", "persons"), required=("persons",))
        description = (entries["description"].text() or "") if "description" in entries else ""
        persons = _read_persons(entries["persons"]) if "persons" in entries else frozenset()
        if _is_id(key, key.text_value, "a personnel class"):
            found[key.text_value] = PersonnelClass(key.text_value, description, persons)
    return MappingProxyType(found)


def _read_persons(field: Field) -> frozenset[str]:
    lines: dict[str, int] = {}
    for item in field.items():
        person = item.text()
        if person is None or not _is_id(item, person, "a person's id"):
            continue
        if person in lines:
            item.report(f'"{person}" is there twice, first on line {lines[person]}', "Keep one of the two")
        lines.setdefault(person, item.line)
    if field.is_list and not field.items():
        field.report("nobody belongs to this class", f"List a person's id, or remove the class: {_UNCHECKED}")
    return frozenset(lines)


def _is_id(field: Field, text: str, what: str) -> bool:
    if text.isprintable() and text == text.strip() and len(text) <= _LONGEST_ID:
        return True
    remedy = f"Write 1 to {_LONGEST_ID} printable characters, without spaces at the ends"
    field.report(f"{field.shown()} is not {what}", remedy)
    return False
