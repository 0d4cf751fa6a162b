"""The equipment hierarchy: order, search, suggestions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from namespace.isa95 import (
    Equipment,
    EquipmentHierarchy,
    EquipmentPath,
    UnknownEquipmentError,
    WorkUnitSettings,
)


def at(path: str) -> Equipment:
    return Equipment(EquipmentPath.parse(path), "", "", "c")


HIERARCHY = EquipmentHierarchy(
    [
        at("A/S"),
        at("A/S/Pack"),
        at("A/S/Pack/L2"),
        at("A/S/Pack/L2/Filler"),
        at("A/S/Pack/L1"),
        at("A/S/Store"),
    ]
)


def test_walking_visits_parents_first_in_file_order() -> None:
    assert [item.name for item in HIERARCHY.walk()] == ["S", "Pack", "L2", "Filler", "L1", "Store"]
    assert [item.name for item in HIERARCHY.walk(EquipmentPath.parse("A/S/Pack/L2"))] == ["L2", "Filler"]


def test_levels_are_found_below_a_place() -> None:
    assert [item.name for item in HIERARCHY.work_centers()] == ["L2", "L1"]
    assert [item.name for item in HIERARCHY.work_units(EquipmentPath.parse("A/S/Pack"))] == ["Filler"]
    assert HIERARCHY.work_units(EquipmentPath.parse("A/S/Store")) == ()


def test_a_person_may_leave_out_the_site() -> None:
    assert HIERARCHY.find("Pack/L1") == HIERARCHY.find("A/S/Pack/L1")


def test_a_wrong_place_is_answered_with_a_near_one() -> None:
    with pytest.raises(UnknownEquipmentError, match="did you mean A/S/Pack/L2/Filler") as caught:
        HIERARCHY.find("Pack/L2/Fillr")
    assert str(caught.value.suggestions[0]) == "A/S/Pack/L2/Filler"
    with pytest.raises(UnknownEquipmentError):
        HIERARCHY.find("what ever")
    with pytest.raises(UnknownEquipmentError):
        HIERARCHY.get(EquipmentPath.parse("A/S/Nope"))


@pytest.mark.parametrize("paths", [[], ["A/S", "A/S"], ["A/S", "A/S/P/L"], ["A/S", "A/T"]])
def test_a_broken_tree_is_refused(paths: list[str]) -> None:
    with pytest.raises(ValueError, match=r"hierarchy|twice|parent"):
        EquipmentHierarchy([at(path) for path in paths])


def test_the_ideal_cycle_of_a_material_comes_before_the_units_own() -> None:
    settings = WorkUnitSettings(ideal_cycle_s=Decimal(2), ideal_cycles_s={"Cola": Decimal(3)})
    assert settings.ideal_cycle_for("Cola") == 3
    assert settings.ideal_cycle_for("Water") == settings.ideal_cycle_for(None) == 2
