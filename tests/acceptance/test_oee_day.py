"""A day of a simulated plant through broker, historian and database: `oee` ends with what really happened, whether it stopped or not.

The plant tells as badly as plants do (`tests.unit.oee.plant`), its time runs some thousand times as fast as ours, and the services are
processes of their own. One `oee` never stops, another is away for most of the day, a third is killed and comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from namespace.runtime import from_ms, to_ms
from namespace.testing.servers import NewDatabase, TestBroker
from tests.acceptance.plant_on_wire import HOUR_MS, Outage, Works
from tests.unit.oee.ground_truth import Truth, truth_of
from tests.unit.oee.plant import SHIFT_MS, START_MS

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

SEED = 11
StartBroker = Callable[[], TestBroker]


def truths(works: Works, shifts: int) -> dict[tuple[str, int], Truth]:
    """What really happened, by unit and begin of the shift."""
    found = {}
    for delivery in works.deliveries:
        for machine in delivery.line.profile.machines:
            path = delivery.area.child(delivery.line.profile.name).child(machine.name)
            for start_ms in range(START_MS, START_MS + shifts * SHIFT_MS, SHIFT_MS):
                truth = delivery.line.truth(machine.name)
                found[str(path), start_ms] = truth_of(truth, machine.cycle_ms, start_ms)
    return found


@dataclass(frozen=True)
class Said:
    """What a site says in the end.

    Attributes:
        shifts: by unit and begin, ms: `kpis` of each shift.
        windows: what is written down of each, without how often it was said.
        intervals: the same of each interval.
    """

    shifts: dict[tuple[str, int], Any]
    windows: list[dict[str, Any]]
    intervals: list[dict[str, Any]]

    def differences(self, other: Said) -> list[str]:
        """In what the two differ, in words."""
        pairs = [
            (_keyed(self.windows), _keyed(other.windows)),
            (_keyed(self.intervals), _keyed(other.intervals)),
            (self.shifts, other.shifts),
        ]
        return [
            f"{key}: {mine.get(key)} or {theirs.get(key)}"
            for mine, theirs in pairs
            for key in sorted({*mine, *theirs})
            if mine.get(key) != theirs.get(key)
        ]


def _keyed(rows: list[dict[str, Any]]) -> dict[tuple[str, int], Any]:
    return {(row["path"], row["start_ms"]): row for row in rows}


async def said(works: Works, shifts: int) -> Said:
    """Return what is said of the first shifts, which are final."""
    end_ms = START_MS + shifts * SHIFT_MS
    bounds = {"since": from_ms(START_MS).isoformat(), "until": from_ms(end_ms).isoformat()}
    units = [
        str(unit.path)
        for center in works.site.equipment.work_centers()
        for unit in works.site.equipment.work_units(center.path)
    ]

    found = {}
    for unit in units:
        for row in await works.ask("oee", "kpis", place=unit, by="shift", **bounds):
            assert row["status"] == "final"
            found[unit, to_ms(datetime.fromisoformat(row["start"]))] = row
    windows = await works.rows(
        f"""SELECT path, start_ms, end_ms, shift, shift_date, parts, fingerprint FROM kpi_window
        WHERE start_ms < {end_ms} ORDER BY path, start_ms"""
    )
    intervals = await works.rows(f"SELECT * FROM state_interval WHERE start_ms < {end_ms} ORDER BY path, start_ms")
    return Said(found, windows, [{name: row[name] for name in row if name != "revision"} for row in intervals])


def hold_against_the_truth(works: Works, found: Said, shifts: int) -> None:
    true = truths(works, shifts)
    assert found.shifts.keys() == true.keys()
    for key, truth in true.items():
        exact = found.shifts[key]["figures"]["oee"]["exact"]
        assert exact is not None, key
        assert abs(Fraction(exact) - truth.oee) < Fraction(1, 1000), (*key, float(Fraction(exact)), float(truth.oee))


async def life(works: Works, shifts: int, outages: Sequence[Outage] = ()) -> Said:
    """Let a plant live for some shifts and an hour."""
    async with works.lived(START_MS + shifts * SHIFT_MS + HOUR_MS, outages):
        return await said(works, shifts)


async def lives(
    start_broker: StartBroker,
    new_database: NewDatabase,
    folder: Path,
    outages: Mapping[str, Sequence[Outage]],
    *,
    lines: int,
    shifts: int,
) -> dict[str, Said]:
    """Let the same plant live in one works for each list of outages, each held against the truth."""
    works = {
        name: await Works.make(start_broker(), new_database, folder / name, lines=lines, seed=SEED) for name in outages
    }
    said_by = await asyncio.gather(*(life(one, shifts, outages[name]) for name, one in works.items()))
    found = dict(zip(works, said_by, strict=True))
    for name, one in works.items():
        hold_against_the_truth(one, found[name], shifts)
    return found


async def test_a_shift_on_the_broker_comes_out_as_it_was_for_a_service_that_ran_was_away_or_was_killed(
    start_broker: StartBroker, new_database: NewDatabase, tmp_path: Path
) -> None:
    outages = {
        "whole": [],
        "away": [Outage(START_MS + HOUR_MS, START_MS + 7 * HOUR_MS)],
        "killed": [Outage(START_MS + 2 * HOUR_MS, START_MS + 3 * HOUR_MS, is_killed=True)],
    }
    found = await lives(start_broker, new_database, tmp_path, outages, lines=1, shifts=1)
    assert len(found["whole"].intervals) > 100
    for name in ("away", "killed"):
        assert found[name].differences(found["whole"]) == [], name


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_day_offline_ends_as_if_the_service_had_never_stopped(
    start_broker: StartBroker, new_database: NewDatabase, tmp_path: Path
) -> None:
    day = (START_MS + 2 * HOUR_MS, START_MS + 26 * HOUR_MS)
    outages = {"whole": [], "away": [Outage(*day)], "killed": [Outage(*day, is_killed=True)]}
    found = await lives(start_broker, new_database, tmp_path, outages, lines=1, shifts=4)
    for name in ("away", "killed"):
        assert found[name].differences(found["whole"]) == [], name


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_day_of_fifty_two_units_on_the_broker_comes_out_as_it_was(
    start_broker: StartBroker, new_database: NewDatabase, tmp_path: Path
) -> None:
    killed = [Outage(START_MS + 13 * HOUR_MS, START_MS + 14 * HOUR_MS, is_killed=True)]
    await lives(start_broker, new_database, tmp_path, {"killed once": killed}, lines=13, shifts=3)
