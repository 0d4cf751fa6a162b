"""The recorded shop-floor log as multi-operation work orders: what is to be sent when, read from the file and nothing else."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from namespace.isa95 import EquipmentPath

Span = tuple[datetime, datetime]


@dataclass
class Operation:
    """Consecutive entries of one activity of a case: one job order."""

    case: str
    number: int
    activity: str
    spans: list[Span] = field(default_factory=list)
    by_person: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    @property
    def id(self) -> str:
        return str(self.number * 10)

    @property
    def job_order(self) -> str:
        return f"{self.case}-{self.id}"

    @property
    def place(self) -> EquipmentPath:
        return EquipmentPath.parse("Acme/Dallas/Shop").child(re.sub(r"[^A-Za-z0-9]+", "-", self.activity).strip("-"))

    @property
    def begin(self) -> datetime:
        return min(start for start, _ in self.spans)

    @property
    def end(self) -> datetime:
        return max(end for _, end in self.spans)


@dataclass(frozen=True)
class Step:
    """One command; `order` among those of one instant: earlier operations first, ends before beginnings."""

    at: datetime
    order: tuple[int, int]
    name: str
    subject: str
    args: dict[str, Any]


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the spans without overlaps; those that touch are one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def read_cases(text: str) -> dict[str, list[Operation]]:
    """Return the operations of each case in the order in which they began."""
    rows = [row for row in csv.DictReader(text.splitlines()) if row["Activity"] not in {"Start", "End"}]
    entries = [
        (
            row["case:concept:name"],
            datetime.fromisoformat(row["start_timestamp"]).astimezone(UTC),
            datetime.fromisoformat(row["time:timestamp"]).astimezone(UTC),
            row["Activity"],
            row["Resource"],
        )
        for row in rows
    ]
    cases: dict[str, list[Operation]] = defaultdict(list)
    for case, start, end, activity, person in sorted(entries, key=lambda entry: (entry[0], entry[1], entry[2])):
        route = cases[case]
        if not route or route[-1].activity != activity:
            route.append(Operation(case, len(route) + 1, activity))
        route[-1].spans.append((start, end))
        route[-1].by_person[person].append((start, end))
    return cases


def route_of(operations: list[Operation]) -> list[dict[str, Any]]:
    """Return the operations as a work master has them: each waits for the one before, unless in life it did not."""
    route: list[dict[str, Any]] = []
    for before, operation in zip([None, *operations], operations, strict=False):
        waits = before is not None and before.end <= operation.begin
        route.append(
            {
                "id": operation.id,
                "description": operation.activity,
                "quantity_source": "operator",
                "predecessors": [{"operation": before.id}] if before is not None and waits else [],
            }
        )
    return route


def steps_of(operations: list[Operation]) -> list[Step]:
    """Return what is sent for the job orders of one case: running while anybody works, paused in between, persons on and off."""
    steps: list[Step] = []
    for operation in operations:
        name = operation.job_order
        stretches = union(operation.spans)
        for number, (start, end) in enumerate(stretches):
            last = number == len(stretches) - 1
            begins = 2 if start < end else -2
            steps.append(Step(start, (operation.number, begins), "Resume" if number else "Begin", name, {}))
            if last:
                steps.append(Step(end, (operation.number, 0), "ReportQuantity", name, {"good": "1", "unit": "H87"}))
            steps.append(Step(end, (operation.number, 1), "Complete" if last else "Pause", name, {}))
        for person, spans in operation.by_person.items():
            for start, end in union((start, end) for start, end in spans if start < end):
                steps.append(Step(start, (operation.number, 3), "ClockOn", name, {"person": person}))
                steps.append(Step(end, (operation.number, -1), "ClockOff", name, {"person": person}))
    return steps
