"""Level names: the rule, and names made from text that was never an id."""

from __future__ import annotations

import pytest

from namespace.isa95 import EquipmentLevel, is_level_name, level_name_from


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Turning & Milling", "Turning-Milling"),
        ("Turning & Milling Q.C.", "Turning-Milling-QC"),
        ("SETUP     Turning & Milling", "SETUP-Turning-Milling"),
        ("Turn & Mill. & Screw Assem", "Turn-Mill-Screw-Assem"),
        ("Round  Q.C.", "Round-QC"),
        ("Abfüllen/Größe 2", "Abfullen-Groe-2"),
        ("_Site", "Site"),
        ("Line_1", "Line_1"),
        ("x" * 60, "x" * 40),
        ("Fix", "Fix"),
    ],
)
def test_a_level_name_is_made_from_free_text(text: str, name: str) -> None:
    assert level_name_from(text) == name
    assert is_level_name(name)


@pytest.mark.parametrize("text", ["", "&", "???", "日本", "__"])
def test_text_without_letters_gives_no_level_name(text: str) -> None:
    with pytest.raises(ValueError, match="no level name"):
        level_name_from(text)


def test_depth_and_level_are_inverse() -> None:
    assert [EquipmentLevel.at_depth(level.depth) for level in EquipmentLevel] == list(EquipmentLevel)
    with pytest.raises(ValueError, match="levels 1 to 5"):
        EquipmentLevel.at_depth(6)
