"""Places that foreign nodes spell out themselves, in ids, metric folders or births."""

from __future__ import annotations

import pytest

from namespace.isa95 import ForeignPlaces, SiteModel, load_site

SITE = """\
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: America/Chicago}
areas:
  Packaging:
    work_centers:
      Line1: {work_units: {Filler: ~, Case-Packer: ~}}
      Line2: {work_units: {Filler: ~}}
      Line10: ~
  Stamping:
    work_centers:
      Press1: ~
mappings:
  - {group: "Acme Dallas", read: ids}
  - group: Cells
    read: birth
    metrics:
      - {from: "Tags/{tag:**}", to: "Process/{tag}"}
  - {group: Mixed, read: birth}
"""


def site() -> SiteModel:
    return load_site(SITE)


def resolved(places: ForeignPlaces, group: str, node: str, device: str | None, metric: str) -> tuple[str, str] | None:
    found = places.resolve(group, node, device, metric)
    return None if found is None else (str(found.place).removeprefix("Acme/Dallas/"), found.metric)


@pytest.mark.parametrize(
    ("node", "device", "metric", "expected"),
    [
        ("Packaging", "Line1", "Speed", ("Packaging/Line1", "Speed")),
        ("Line1-PLC", "Filler", "Process/Temperature", ("Packaging/Line1/Filler", "Process/Temperature")),
        ("Dallas Packaging Gateway 2", "Line 2:Filler", "Speed", ("Packaging/Line2/Filler", "Speed")),
        ("packaging", "line1_case-packer", "Speed", ("Packaging/Line1/Case-Packer", "Speed")),
        ("Ignition-Edge-01", "Line10", "Speed", ("Packaging/Line10", "Speed")),
        ("Packaging", None, "Line1/Filler/Status/StateCurrent", ("Packaging/Line1/Filler", "Status/StateCurrent")),
        ("Edge", None, "Packaging/Line2/Filler/Filler/Speed", ("Packaging/Line2/Filler", "Speed")),
        ("Edge", "Press1", "Acme/Dallas/Stamping/Press1/Strokes", ("Stamping/Press1", "Strokes")),
    ],
)
def test_ids_and_metric_folders_name_equipment_one_after_the_other(
    node: str, device: str | None, metric: str, expected: tuple[str, str]
) -> None:
    """Case, separators and words that say what a gateway is do not matter; levels may be left out."""
    assert resolved(ForeignPlaces(site().mappings), "Acme Dallas", node, device, metric) == expected


@pytest.mark.parametrize(
    ("group", "node", "device", "metric"),
    [
        ("Acme Dallas", "Line9-PLC", "Filler", "Speed"),
        ("Acme Dallas", "Line1-PLC", "Filler spare", "Speed"),
        ("Acme Dallas", "Edge", "Filler", "Speed"),
        ("Acme Dallas", "Edge", None, "Process/Speed"),
        ("Acme Dallas", "Line1", "Press1", "Speed"),
        ("Other", "Line1", "Filler", "Speed"),
    ],
)
def test_what_names_no_equipment_or_could_name_two_is_unplaced(
    group: str, node: str, device: str | None, metric: str
) -> None:
    """A guess would show one machine's values at another."""
    assert resolved(ForeignPlaces(site().mappings), group, node, device, metric) is None


def test_a_birth_tells_the_place_of_its_node_and_a_device_completes_it() -> None:
    places = ForeignPlaces(site().mappings)
    places.born(
        "Cells", "n", None, [("ISA-95/Enterprise", "ACME"), ("ISA-95/Site", "Dallas"), ("ISA-95/Area", "packaging")]
    )
    places.born(
        "Cells", "n", "d1", [("Hierarchy/Production Line", "Line1"), ("Hierarchy/WorkCell", "Filler"), ("Tags/T", 1)]
    )
    places.born("Cells", "n", "d2", [("ISA95/Line", "Line2")])
    places.born("Cells", "n", "Line10", [("Tags/T", 1)])

    assert resolved(places, "Cells", "n", "d1", "Tags/Bowl/T") == ("Packaging/Line1/Filler", "Process/Bowl/T")
    assert resolved(places, "Cells", "n", "d2", "Tags/T") == ("Packaging/Line2", "Process/T")
    assert resolved(places, "Cells", "n", "Line10", "Tags/T") == ("Packaging/Line10", "Process/T")
    assert resolved(places, "Cells", "n", None, "Tags/T") == ("Packaging", "Process/T")
    assert resolved(places, "Cells", "n", "stranger", "Tags/T") is None
    assert resolved(places, "Cells", "n", "d1", "Other") is None


def test_a_later_birth_moves_its_source_and_one_that_tells_of_another_site_is_unplaced() -> None:
    places = ForeignPlaces(site().mappings)
    assert resolved(places, "Mixed", "n", None, "Speed") is None
    assert places.born("Mixed", "n", None, [("Location/Line", "Line1")])
    assert resolved(places, "Mixed", "n", None, "Speed") == ("Packaging/Line1", "Speed")
    assert places.born("Mixed", "n", None, [("Location/Line", "Line2")])
    assert resolved(places, "Mixed", "n", None, "Speed") == ("Packaging/Line2", "Speed")
    places.born("Mixed", "n", None, [("Location/Line", "Line2"), ("Location/Site", "Berlin")])
    assert resolved(places, "Mixed", "n", None, "Speed") is None


def test_only_texts_in_known_folders_are_taken_for_a_place() -> None:
    """`Unit` alone is more often a unit of measure."""
    places = ForeignPlaces(site().mappings)
    places.born(
        "Mixed", "n", None, [("Line", "Line1"), ("Data/Line", "Line1"), ("Location/Line", 1), ("Location/Area", " ")]
    )

    assert resolved(places, "Mixed", "n", None, "Speed") is None
