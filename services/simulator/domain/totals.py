"""What a log adds up to, and what the event log of `work_order` adds up to after its replay.

The two are computed from different things by different means, and have to be equal to the second: hours per
person and per activity, work requests, ended job orders. The event log is also looked through for holes and
repetitions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.simulator.domain.shop_log import LogEntry, union_s


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over one log.

    Attributes:
        work_requests: How many.
        job_orders: How many ended.
        labor_s: Person -> seconds, summed over all their work.
        present_s: Person -> seconds during which they worked on something.
        job_s: Work center -> seconds, summed over all its job orders.
    """

    work_requests: int
    job_orders: int
    labor_s: Mapping[str, int]
    present_s: Mapping[str, int]
    job_s: Mapping[str, int]

    @property
    def labor_h(self) -> float:
        """Labor hours, summed."""
        return sum(self.labor_s.values()) / 3600

    @property
    def present_h(self) -> float:
        """Labor hours, as union per person."""
        return sum(self.present_s.values()) / 3600

    @property
    def job_h(self) -> float:
        """Hours of job orders, summed."""
        return sum(self.job_s.values()) / 3600


def expected_totals(entries: Sequence[LogEntry], work_centers: Mapping[str, str]) -> Totals:
    """Add a log up.

    Args:
        entries: The activities of the log.
        work_centers: Level name -> activity.
    """
    names = {activity: name for name, activity in work_centers.items()}
    labor, jobs = Counter[str](), Counter[str]()
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for entry in entries:
        labor[entry.worker] += entry.duration_s
        jobs[names[entry.activity]] += entry.duration_s
        spans.setdefault(entry.worker, []).append((entry.start, entry.end))
    return Totals(
        work_requests=len({entry.case for entry in entries}),
        job_orders=len(entries),
        labor_s=dict(labor),
        present_s={person: union_s(worked) for person, worked in spans.items()},
        job_s=dict(jobs),
    )


@dataclass(slots=True)
class EventLogReader:
    """Adds up the event log of `work_order`, row by row.

    Attributes:
        subjects: What is added up; the sequence is checked over everything.
        problems: What is wrong with the log itself: holes, repetitions, work without a beginning.
        events: Rows read.
    """

    subjects: frozenset[str]

    problems: list[str] = field(default_factory=list)
    events: int = 0
    _due: int = 1
    _seen: set[str] = field(default_factory=set)
    _requests: set[str] = field(default_factory=set)
    _ended: Counter[str] = field(default_factory=Counter)
    _running_since: dict[str, datetime] = field(default_factory=dict)
    _on_since: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _spans: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    _job_s: Counter[str] = field(default_factory=Counter)

    def read(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in rows in the order of the log.

        Args:
            rows: `seq`, `event_id`, `type`, `subject`, `occurred_at` (ISO 8601) and `payload` of each.
        """
        for row in rows:
            self.events += 1
            if row["seq"] != self._due:
                self.problems.append(f"seq {row['seq']} where {self._due} was due")
            self._due = row["seq"] + 1
            if row["event_id"] in self._seen:
                self.problems.append(f"event {row['event_id']} is there twice")
            self._seen.add(row["event_id"])
            if row["subject"] in self.subjects:
                self._add(row["type"], row["subject"], _utc(row["occurred_at"]), row["payload"])

    @property
    def ended(self) -> int:
        """How many job orders have ended so far."""
        return len(self._ended)

    def totals(self) -> Totals:
        """Sum up what has been read; work that has not ended is named in `problems`."""
        repeated = ((order, times) for order, times in self._ended.items() if times > 1)
        self.problems.extend(f"job order {order} ended {times} times" for order, times in repeated)
        self.problems.extend(f"job order {order} has not ended" for order in self._running_since)
        self.problems.extend(f"{person} is still clocked on to {order}" for order, person in self._on_since)
        return Totals(
            work_requests=len(self._requests),
            job_orders=len(self._ended),
            labor_s={
                person: sum(round((end - start).total_seconds()) for start, end in worked)
                for person, worked in self._spans.items()
            },
            present_s={person: union_s(worked) for person, worked in self._spans.items()},
            job_s=dict(self._job_s),
        )

    def _add(self, event: str, subject: str, at: datetime, payload: Mapping[str, Any]) -> None:
        if event == "WorkRequestStored":
            self._requests.add(subject)
        elif event == "JobOrderStateChanged":
            self._state_changed(subject, at, payload)
        elif event == "LaborReported":
            self._labor(subject, at, payload)

    def _state_changed(self, order: str, at: datetime, payload: Mapping[str, Any]) -> None:
        if payload["from"] == payload["to"]:
            return
        if payload["to"] == "Running":
            self._running_since[order] = at
        elif payload["from"] == "Running":
            center = str(payload["work_center"]).rsplit("/", 1)[-1]
            since = self._running_since.pop(order, None)
            if since is None:
                self.problems.append(f"job order {order} stops running without having begun")
            else:
                self._job_s[center] += round((at - since).total_seconds())
        if payload["to"] == "Ended":
            self._ended[order] += 1

    def _labor(self, order: str, at: datetime, payload: Mapping[str, Any]) -> None:
        person = str(payload["person"])
        if payload["clock"] == "on":
            self._on_since[order, person] = at
            return
        since = self._on_since.pop((order, person), None)
        if since is None:
            self.problems.append(f"{person} clocks off from {order} without having clocked on")
        else:
            self._spans.setdefault(person, []).append((since, at))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def differences(expected: Totals, found: Totals) -> list[str]:
    """Name every figure in which two totals differ; an empty list means equal to the second."""
    found_differences = [
        f"{name}: {want} expected, {have} found"
        for name, want, have in (
            ("work requests", expected.work_requests, found.work_requests),
            ("job orders ended", expected.job_orders, found.job_orders),
        )
        if want != have
    ]
    for name, want, have in (
        ("labor", expected.labor_s, found.labor_s),
        ("presence", expected.present_s, found.present_s),
        ("job time", expected.job_s, found.job_s),
    ):
        found_differences.extend(
            f"{name} of {key}: {want.get(key, 0)} s expected, {have.get(key, 0)} s found"
            for key in sorted(want.keys() | have.keys())
            if want.get(key, 0) != have.get(key, 0)
        )
    return found_differences
