"""Answers of other services, read into the console's views."""

from datetime import UTC, datetime

from namespace.isa95 import load_site
from services.console.adapters.documents import history_entry, instant_of, job_order_view
from services.console.adapters.site import site_of
from services.console.ports import QuantityView

DOCUMENT = {
    "id": "JO-1",
    "version": 3,
    "place": "Acme/Dallas/Packaging/Line1",
    "state": "Running",
    "sub_state": None,
    "removed": None,
    "possible": ["Pause", "Stop"],
    "priority": 50,
    "quantity": "2000",
    "unit": "H87",
    "good": "12",
    "scrap": "0",
    "begun_at": "2026-03-02T06:00:00.000Z",
    "added_later": {"unknown": True},
}


def test_a_job_order_is_read_and_what_is_new_is_passed_over() -> None:
    order = job_order_view(DOCUMENT)
    assert (order.id, order.state, order.possible, order.version) == ("JO-1", "Running", ("Pause", "Stop"), 3)
    assert order.ordered == QuantityView("2000", "H87")
    assert order.started_at == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert order.ended_at is None


def test_an_order_without_a_quantity_has_none() -> None:
    assert job_order_view(DOCUMENT | {"quantity": None}).ordered is None


def test_an_event_of_the_history_tells_from_where_to_where() -> None:
    payload = {"from": "AllowedToStart", "to": "Running", "cause": "Begin"}
    entry = history_entry({"occurred_at": "2026-03-02T06:00:00Z", "type": "JobOrderStateChanged", "payload": payload})
    assert entry is not None
    assert (entry.from_state, entry.to_state, entry.cause) == ("AllowedToStart", "Running", "Begin")
    assert history_entry({"type": "JobOrderStored"}) is None


def test_never_is_no_instant() -> None:
    assert instant_of("1970-01-01T00:00:00.000Z") is None
    assert instant_of("yesterday") is None
    assert instant_of(None) is None


def test_the_site_file_becomes_the_tree_with_units_of_work_centers() -> None:
    text = """
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: America/Chicago, calendar: day}
calendars: {day: {shifts: [{name: Day, start: "06:00", end: "14:00"}]}}
areas:
  Packaging:
    work_centers:
      Line1: {kind: ProductionLine, unit: H87, work_units: {Filler: {description: Rotary filler}}}
"""
    site = site_of(load_site(text))
    assert [(place.level, place.path.split("/")[-1], place.unit) for place in site.places] == [
        ("Site", "Dallas", ""),
        ("Area", "Packaging", ""),
        ("WorkCenter", "Line1", "H87"),
        ("WorkUnit", "Filler", ""),
    ]
    assert (site.path, site.time_zone) == ("Acme/Dallas", "America/Chicago")
