"""A day of a simulated plant through broker, historian and database: `oee` ends with what really happened, whether it stopped or not.

The plant tells as badly as plants do (`tests.unit.oee.plant`), its time runs some thousand times as fast as ours, and the services are
processes of their own. One `oee` never stops, another is away for most of the day, a third is killed and comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
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

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

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


async def test_a_shift_on_the_broker_comes_out_as_it_was_for_a_service_that_ran_was_away_or_was_killed(
    start_broker: StartBroker, new_database: NewDatabase, tmp_path: Path
) -> None:
    outages: dict[str, list[Outage]] = {
        "whole": [],
        "away": [Outage(START_MS + HOUR_MS, START_MS + 7 * HOUR_MS)],
        "killed": [Outage(START_MS + 2 * HOUR_MS, START_MS + 3 * HOUR_MS, is_killed=True)],
    }
    works = {
        name: await Works.make(start_broker(), new_database, tmp_path / name, lines=1, seed=SEED) for name in outages
    }
    found = dict(
        zip(works, await asyncio.gather(*(life(works[name], 1, outages[name]) for name in works)), strict=True)
    )
    for name, one in works.items():
        hold_against_the_truth(one, found[name], 1)
        assert len(found[name].intervals) > 100
    assert found["away"].differences(found["whole"]) == []
    assert found["killed"].differences(found["whole"]) == []
