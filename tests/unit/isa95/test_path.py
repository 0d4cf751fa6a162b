"""Equipment paths: what is a place, and its two spellings."""

from __future__ import annotations

import pytest

from namespace.isa95 import SITE_DEVICE_ID, EquipmentLevel, EquipmentPath, EquipmentPathError

FILLER = EquipmentPath.parse("Acme/Dallas/Packaging/Line1/Filler")


def test_a_work_unit_names_every_level_above_it() -> None:
    assert (FILLER.enterprise, FILLER.site, FILLER.area) == ("Acme", "Dallas", "Packaging")
    assert (FILLER.work_center, FILLER.work_unit) == ("Line1", "Filler")
    assert FILLER.level is EquipmentLevel.WORK_UNIT
    assert FILLER.name == "Filler"
    assert str(FILLER.parent) == "Acme/Dallas/Packaging/Line1"
    assert FILLER.work_center_path == FILLER.parent


def test_levels_below_a_path_are_none() -> None:
    site = FILLER.site_path
    assert (site.area, site.work_center, site.work_unit, site.work_center_path) == (None, None, None, None)
    assert EquipmentPath(("Acme",)).parent is None


def test_a_place_is_a_group_and_a_device_in_sparkplug() -> None:
    assert (FILLER.group_id, FILLER.device_id) == ("Acme:Dallas", "Packaging:Line1:Filler")
    assert EquipmentPath.from_sparkplug("Acme:Dallas", "Packaging:Line1:Filler") == FILLER


def test_the_site_itself_is_a_device_that_no_area_can_collide_with() -> None:
    assert FILLER.site_path.device_id == SITE_DEVICE_ID
    assert EquipmentPath.from_sparkplug("Acme:Dallas", SITE_DEVICE_ID) == FILLER.site_path
    assert EquipmentPath.from_sparkplug("Acme:Dallas", None) == FILLER.site_path
    with pytest.raises(EquipmentPathError):
        FILLER.site_path.child(SITE_DEVICE_ID)


@pytest.mark.parametrize(
    "text",
    ["", "/", "Acme/", "/Acme", "Acme//Line1", "Acme/Dallas/a/b/c/d", "Acme/Da llas", "Acme/Dallas:x",
     "Acme/-x",     "Acme/#",     "Acme/" + "x" * 41, "Acme/Zürich", "Acme/Dallas\n"],
)  # fmt: skip
def test_what_is_not_a_path_is_refused(text: str) -> None:
    with pytest.raises(EquipmentPathError):
        EquipmentPath.parse(text)


@pytest.mark.parametrize(("group_id", "device_id"), [("Acme", "a"), ("A:B:C", None), ("A:B", "a/b"), ("A:B", "")])
def test_foreign_ids_are_not_places(group_id: str, device_id: str | None) -> None:
    with pytest.raises(EquipmentPathError):
        EquipmentPath.from_sparkplug(group_id, device_id)


def test_an_enterprise_is_in_no_site_and_in_no_group() -> None:
    with pytest.raises(EquipmentPathError, match="enterprise"):
        _ = EquipmentPath(("Acme",)).group_id


def test_is_within_compares_levels_and_not_letters() -> None:
    line = EquipmentPath.parse("Acme/Dallas/Packaging/Line1")
    assert FILLER.is_within(line)
    assert line.is_within(line)
    assert not line.is_within(FILLER)
    assert not EquipmentPath.parse("Acme/Dallas/Packaging/Line10").is_within(line)
