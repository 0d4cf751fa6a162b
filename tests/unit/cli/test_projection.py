"""Which topics belong to a place, and what a message on one says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from namespace.cli.errors import CliError
from namespace.cli.projection import find_place, is_wanted, place_filters, read_message, short_place, unplaced_node
from namespace.isa95 import EquipmentPath, load_site
from namespace.transport import Message

SITE_FILE = Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml"
SITE = load_site(SITE_FILE.read_text(encoding="utf-8"), "acme-dallas.yaml")
LINE = EquipmentPath.parse("Acme/Dallas/Packaging/Line1")
ROOT = "uns/v1/Acme/Dallas"


@pytest.mark.parametrize("text", ["Acme/Dallas/Packaging/Line1", "Packaging/Line1", "/Packaging/Line1/"])
def test_a_place_is_found_from_the_enterprise_or_from_the_site(text: str) -> None:
    assert find_place(SITE, text) == LINE


@pytest.mark.parametrize("text", [None, "", "Acme/Dallas"])
def test_nothing_means_the_site(text: str | None) -> None:
    assert find_place(SITE, text) == SITE.path


def test_a_place_that_is_not_there_suggests_one() -> None:
    with pytest.raises(CliError, match=r"did you mean Acme/Dallas/Packaging/Line1\?"):
        find_place(SITE, "Packaging/Linee1")


def test_a_place_has_one_filter_and_the_site_one_for_each_subtree() -> None:
    assert place_filters(SITE, LINE) == (f"{ROOT}/Packaging/Line1/#",)
    assert place_filters(SITE, SITE.path) == tuple(
        f"{ROOT}/{n}/#" for n in ("Packaging", "Resins", "_Site", "_event", "_unplaced")
    )


def message(topic: str, payload: object) -> Message:
    return Message(f"{ROOT}/{topic}", json.dumps(payload).encode() if payload is not None else b"", 0, retain=False)


def test_values_events_and_cleared_topics_are_told_apart() -> None:
    value = {
        "value": 6,
        "unit": None,
        "quality": 192,
        "timestamp": "2026-03-02T06:00:00.000Z",
        "source": "Bottling/Line1-PLC/Filler",
        "place": f"{LINE}/Filler",
        "metric": "Status/StateCurrent",
    }
    shown = read_message(message("Packaging/Line1/Filler/Status/StateCurrent", value))
    assert shown is not None
    assert shown.value is not None
    assert (shown.value.value, shown.event) == (6, None)
    happened = read_message(message("Packaging/Line1/_event/JobOrderStored", {"type": "JobOrderStored"}))
    assert happened is not None
    assert happened.event == {"type": "JobOrderStored"}
    cleared = read_message(message("Packaging/Line1/OEE/OEE", None))
    assert cleared is not None
    assert (cleared.value, cleared.event) == (None, None)


@pytest.mark.parametrize("payload", ["text", {"value": 1}, [1]])
def test_what_is_not_ours_is_passed_over(payload: object) -> None:
    assert read_message(message("Packaging/Line1/OEE/OEE", payload)) is None
    assert read_message(Message(f"{ROOT}/Packaging/_event/X", b"\xff", 0, retain=False)) is None


def test_names_for_people() -> None:
    assert unplaced_node(f"{ROOT}/_unplaced/Plant/Node1/Device/Tag") == "Plant/Node1"
    assert unplaced_node(f"{ROOT}/Packaging/Line1/OEE/OEE") is None
    assert short_place(SITE.path, str(LINE)) == "Packaging/Line1"
    assert short_place(SITE.path, "Acme/Dallas") == "_Site"
    assert short_place(SITE.path, None) == "unplaced"
    assert is_wanted("OEE/OEE", None)
    assert is_wanted("OEE/OEE", ["Status/*", "OEE/*"])
    assert not is_wanted("JobOrder/Queue", ["OEE/*"])
