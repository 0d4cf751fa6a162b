"""Shifts over both changes of the clocks in Europe/Berlin, 2026: planned times and OEE as fractions that were worked out by hand.

A machine makes a unit every ten seconds of which the ideal cycle is nine, and stands in the night from half past one to half past three by
the clock on the wall. In spring that is one hour of a night of seven; in autumn three of a night of nine, half an hour of it meal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from namespace.isa95 import EquipmentPath, load_site
from namespace.runtime import MachineOnline, MachineSample, from_ms, to_ms
from namespace.sparkplug import DataType, Value
from services.oee.application.figures import Head, Part, parts_document, parts_of, rows
from services.oee.application.units import Said, Units
from services.oee.domain.unit import WindowFinal

PRESS = EquipmentPath.parse("Acme/Ulm/Forge/Cell1/Press")
SITE = load_site(
    """
version: 1
enterprise: Acme
site: {name: Ulm, time_zone: Europe/Berlin}
calendars:
  three-shifts:
    shifts:
      - {name: Early, start: "06:00", end: "14:00", breaks: [{name: Meal, start: "10:00", end: "10:30"}]}
      - {name: Late, start: "14:00", end: "22:00"}
      - {name: Night, start: "22:00", end: "06:00", breaks: [{name: Meal, start: "02:00", end: "02:30"}]}
areas:
  Forge:
    work_centers:
      Cell1:
        work_units:
          Press: {ideal_cycle_s: 9}
""",
    "ulm.yaml",
)
HOUR_S = 3600
MADE_EVERY_S = 10

SPRING = (datetime(2026, 3, 28, 5, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC), HOUR_S)
"""When Early begins, 06:00 CET; when the stop begins, 01:30 CET; how long it lasts."""
AUTUMN = (datetime(2026, 10, 24, 4, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC), 3 * HOUR_S)


def told(begin: datetime, stop: datetime, stop_s: int, days_s: int) -> Iterator[MachineOnline | MachineSample]:
    """The machine's story from the beginning of Early on."""
    yield MachineOnline(PRESS, begin)
    yield said("Status/StateCurrent", 6, begin)
    yield said("Admin/ProdProcessedCount", 0, begin, is_birth=True)
    yield said("Status/StateCurrent", 9, stop)
    yield said("Status/StateCurrent", 6, stop + timedelta(seconds=stop_s))
    made = 0
    for second in range(0, days_s, MADE_EVERY_S):
        at = begin + timedelta(seconds=second + 1)
        if not stop <= at < stop + timedelta(seconds=stop_s):
            made += 1
            yield said("Admin/ProdProcessedCount", made, at)


def said(metric: str, value: Value, at: datetime, *, is_birth: bool = False) -> MachineSample:
    return MachineSample(PRESS, metric, value, DataType.Int64, at, at, is_birth=is_birth)


def final_parts(news: Iterable[MachineOnline | MachineSample], until: datetime) -> list[Part]:
    units = Units(SITE)
    unit = units.by_path[PRESS]
    unit.pending += [sample for _, sample in units.samples(news)]
    results = [
        item.output.result
        for item in units.step(unit, until)
        if isinstance(item, Said) and isinstance(item.output, WindowFinal)
    ]
    parts = []
    for result in results:
        window = result.window
        head = Head(PRESS, (window.name, window.date), (window.start_ms, window.end_ms), "final")
        parts += parts_of(head, parts_document(result))
    return parts


def figure(row: dict[str, Any], name: str) -> Fraction:
    return Fraction(row["figures"][name]["exact"])


@pytest.mark.parametrize(
    ("story", "night_s", "meal_s", "delay_s", "availability", "oee"),
    [
        # 25,200 s, all of them busy: the clocks skip the meal. 21,600 s at work make 2,160 units of 9 s: 19,440 s.
        (SPRING, 25_200, 0, 3_600, Fraction(6, 7), Fraction(27, 35)),
        # 32,400 s less a meal of 1,800 s; three hours less the meal are delay. 21,600 s of 30,600 s, and 19,440 s again.
        (AUTUMN, 32_400, 1_800, 9_000, Fraction(12, 17), Fraction(54, 85)),
    ],
)
def test_a_night_shift_over_a_change_of_the_clocks_is_judged_by_the_time_that_passed(
    story: tuple[datetime, datetime, int],
    night_s: int,
    meal_s: int,
    delay_s: int,
    availability: Fraction,
    oee: Fraction,
) -> None:
    begin = story[0]
    parts = final_parts(told(*story, 26 * HOUR_S), begin + timedelta(hours=26))
    by_shift = {row["key"].split()[1]: row for row in rows(PRESS, "shift", parts, SITE, to_ms(begin) + 10**9)}
    night = by_shift["Night"]
    length = datetime.fromisoformat(night["end"]) - datetime.fromisoformat(night["start"])
    elements = night["elements"]
    assert length.total_seconds() == night_s
    assert {name: elements[name] for name in ("pdot", "adet", "apt", "pbt", "pot")} == {
        "pdot": meal_s * 1000,
        "adet": delay_s * 1000,
        "apt": 21_600_000,
        "pbt": (night_s - meal_s) * 1000,
        "pot": night_s * 1000,
    }
    assert night["produced"]["pq"] == 2_160
    assert (figure(night, "availability"), figure(night, "oee")) == (availability, oee)
    early = by_shift["Early"]
    assert (early["elements"]["pbt"], figure(early, "availability")) == (27_000_000, 1)


@pytest.mark.parametrize(
    ("story", "hours", "made_s", "busy_s"),
    [
        # 27,000 s of Early (meal), 28,800 s of Late, 25,200 s of Night are busy; 2,880 + 2,880 + 2,160 units of 9 s.
        (SPRING, 23, 7_920 * 9, 81_000),
        # 27,000 s, 28,800 s and 30,600 s; the same number of units, for the longer night stood longer.
        (AUTUMN, 25, 7_920 * 9, 86_400),
    ],
)
def test_the_day_of_three_shifts_over_a_change_of_the_clocks_has_23_or_25_hours_and_no_gap(
    story: tuple[datetime, datetime, int], hours: int, made_s: int, busy_s: int
) -> None:
    begin = story[0]
    parts = final_parts(told(*story, 26 * HOUR_S), begin + timedelta(hours=26))
    day = rows(PRESS, "day", parts, SITE, to_ms(begin) + 10**9)[0]
    assert (day["key"], day["start"]) == (begin.date().isoformat(), from_ms(to_ms(begin)).isoformat())
    elements = day["elements"]
    assert (elements["pbt"], elements["not_scheduled"]) == (busy_s * 1000, 0)
    assert sum(elements[name] for name in ("apt", "aust", "adet", "adot", "pdot", "unknown")) == hours * HOUR_S * 1000
    assert figure(day, "oee") == Fraction(made_s, busy_s)
    assert figure(day, "teep") == Fraction(made_s, hours * HOUR_S)


def test_of_a_day_that_is_not_over_only_what_has_passed_since_its_first_shift_is_accounted_for() -> None:
    begin, stop, stop_s = SPRING
    parts = final_parts(told(begin, stop, stop_s, 9 * HOUR_S), begin + timedelta(hours=9))
    (day,) = rows(PRESS, "day", parts, SITE, to_ms(begin) + 8 * HOUR_S * 1000)
    assert day["elements"]["not_scheduled"] == 0
    assert figure(day, "teep") == Fraction(2_880 * 9, 8 * HOUR_S)
