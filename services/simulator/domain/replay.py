"""Turning a shop-floor log into what would have been said while it happened.

Each case is a work request, each activity one job order on the work center of that name: stored some hours
ahead, begun, its person clocked on and off, completed, all with the recorded times. Beside it the work
centers change their states as their controllers would report them. The plan is pure data in one fixed order;
the ids of its commands follow from the file, so planning and sending it again has no further effect. Sending
is not done here.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid5

from services.simulator.domain.packml import State
from services.simulator.domain.shop_log import LogEntry

_NAMESPACE = UUID("4bd5bd0e-1a3c-5d5e-9f0b-6a2a5c0a7f53")
_ORDER_OF_STEPS = ("StoreWorkRequest", "StoreAndStart", "Begin", "ClockOn", "ClockOff", "Complete")
LEAD = timedelta(hours=8)
"""How long before its beginning a job order is stored."""


@dataclass(frozen=True, slots=True)
class CommandStep:
    """One command to `work_order`.

    Attributes:
        at: When it was, or would have been, said: UTC.
        command_id: Follows from file, row and name.
        name: Name of the command.
        subject: Id of the work request or job order.
        args: By the command's contract, with `occurred_at`.
        actor: Who says it.
        after: The command that must have been answered before, None for none.
    """

    at: datetime
    command_id: UUID
    name: str
    subject: str
    args: Mapping[str, object]
    actor: str
    after: UUID | None


@dataclass(frozen=True, slots=True)
class StateStep:
    """A work center changes its state.

    Attributes:
        at: When, UTC.
        work_center: Level name of the work center.
        state: PackML state from then on.
        in_work: How many job orders are worked on there from then on.
    """

    at: datetime
    work_center: str
    state: State
    in_work: int


Step = CommandStep | StateStep


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """A whole log, ready to be said.

    Attributes:
        steps: In the order in which they are begun; a command comes after the one it waits for.
        work_centers: Level name -> activity, every work center of the log.
        work_requests: How many cases.
        job_orders: How many activities.
    """

    steps: tuple[Step, ...]
    work_centers: Mapping[str, str]
    work_requests: int
    job_orders: int

    @property
    def commands(self) -> int:
        """How many commands the plan has."""
        return sum(isinstance(step, CommandStep) for step in self.steps)

    @property
    def subjects(self) -> frozenset[str]:
        """Ids of all its work requests and job orders."""
        return frozenset(step.subject for step in self.steps if isinstance(step, CommandStep))


class AmbiguousActivityError(ValueError):
    """Two activities of the log would be one work center.

    Attributes:
        first: An activity.
        second: Another one of the same level name.
        level_name: The level name of both.
    """

    def __init__(self, first: str, second: str, level_name: str) -> None:
        super().__init__(
            f"the activities {first!r} and {second!r} both become work center {level_name}; rename one in the file"
        )
        self.first = first
        self.second = second
        self.level_name = level_name


def plan_replay(
    entries: Sequence[LogEntry],
    *,
    place_of: Callable[[str], str],
    level_name: Callable[[str], str],
    digest: str,
) -> ReplayPlan:
    """Plan the replay of a log.

    Args:
        entries: The activities of the log.
        place_of: Makes the ISA-95 path of a work center, in slash form, out of its level name.
        level_name: Makes the level name of a work center out of an activity's name.
        digest: Fingerprint of the file, see `log_digest`.

    Returns:
        All steps in order of time; ties in the order of a job order's life, then of the file.

    Raises:
        AmbiguousActivityError: Two activities of the log have the same level name.
    """
    names = _level_names(entries, level_name)
    first_start: dict[str, datetime] = {}
    for entry in entries:
        first_start[entry.case] = min(entry.start, first_start.get(entry.case, entry.start))
    steps: list[tuple[tuple[datetime, int, int], Step]] = []
    requests: dict[str, UUID] = {}
    ordinals = Counter[str]()
    for entry in entries:
        if entry.case not in requests:
            request = _work_request(entry, first_start[entry.case], digest)
            requests[entry.case] = request.command_id
            steps.append(((request.at, 0, entry.row), request))
        ordinals[entry.case] += 1
        order_id = f"{entry.case}-{ordinals[entry.case]:03d}"
        stored_at = max(first_start[entry.case], entry.start - LEAD)
        place = place_of(names[entry.activity])
        life = _job_order(entry, order_id, place, stored_at=stored_at, request=requests[entry.case], digest=digest)
        steps.extend(((step.at, _ORDER_OF_STEPS.index(step.name), entry.row), step) for step in life)
    changes = enumerate(_state_changes(entries, names))
    steps.extend(((change.at, len(_ORDER_OF_STEPS), number), change) for number, change in changes)
    steps.sort(key=lambda item: item[0])
    return ReplayPlan(
        steps=tuple(step for _, step in steps),
        work_centers=MappingProxyType({name: activity for activity, name in names.items()}),
        work_requests=len(requests),
        job_orders=len(entries),
    )


def log_digest(text: str) -> str:
    """Fingerprint of a log file: the same file gives the same command ids, another file gives others."""
    return hashlib.sha256(text.encode()).hexdigest()


def _level_names(entries: Sequence[LogEntry], level_name: Callable[[str], str]) -> dict[str, str]:
    names: dict[str, str] = {}
    activities: dict[str, str] = {}
    for activity in dict.fromkeys(entry.activity for entry in entries):
        name = level_name(activity)
        if name in activities:
            raise AmbiguousActivityError(activities[name], activity, name)
        names[activity], activities[name] = name, activity
    return names


def _command_id(digest: str, row: int, name: str) -> UUID:
    return uuid5(_NAMESPACE, f"{digest}/{row}/{name}")


def _work_request(entry: LogEntry, at: datetime, digest: str) -> CommandStep:
    return CommandStep(
        at=at,
        command_id=_command_id(digest, entry.row, "StoreWorkRequest"),
        name="StoreWorkRequest",
        subject=entry.case,
        args={"occurred_at": at.isoformat(), "description": f"Case {entry.case} of the log"},
        actor="replay",
        after=None,
    )


def _job_order(
    entry: LogEntry, order_id: str, place: str, *, stored_at: datetime, request: UUID, digest: str
) -> list[CommandStep]:
    store: dict[str, object] = {
        "place": place,
        "work_request": entry.case,
        "description": entry.activity,
        "planned_start": entry.start.isoformat(),
        "planned_end": entry.end.isoformat(),
    }
    person: dict[str, object] = {"person": entry.worker}
    life: list[tuple[str, datetime, str, dict[str, object]]] = [
        ("StoreAndStart", stored_at, "replay", store),
        ("Begin", entry.start, entry.worker, {}),
        ("ClockOn", entry.start, entry.worker, person),
        ("ClockOff", entry.end, entry.worker, person),
        ("Complete", entry.end, entry.worker, {}),
    ]
    steps: list[CommandStep] = []
    after = request
    for name, at, actor, args in life:
        step = CommandStep(
            at=at,
            command_id=_command_id(digest, entry.row, name),
            name=name,
            subject=order_id,
            args={**args, "occurred_at": at.isoformat()},
            actor=actor,
            after=after,
        )
        steps.append(step)
        after = step.command_id
    return steps


def _state_changes(entries: Sequence[LogEntry], names: Mapping[str, str]) -> list[StateStep]:
    moves: dict[tuple[datetime, str], int] = {}
    for entry in entries:
        center = names[entry.activity]
        moves[entry.start, center] = moves.get((entry.start, center), 0) + 1
        moves[entry.end, center] = moves.get((entry.end, center), 0) - 1
    in_work = dict.fromkeys(names.values(), 0)
    changes: list[StateStep] = []
    for (at, center), change in sorted(moves.items()):
        if change:
            in_work[center] += change
            state = State.EXECUTE if in_work[center] else State.IDLE
            changes.append(StateStep(at, center, state, in_work[center]))
    return changes
