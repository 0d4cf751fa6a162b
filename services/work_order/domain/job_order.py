"""The job order aggregate: what is asked, how far it is, and the intervals in which it ran and was worked on.

It holds facts and derives figures from them; what may happen to it is `decisions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from namespace.isa95 import EquipmentPath, Quantity
from services.work_order.domain.state_machine import ACTIVE, State, SubState

ZERO = Decimal(0)


class QuantitySource(StrEnum):
    """The one writer of an order's quantities."""

    COUNTER = "counter"
    OPERATOR = "operator"


class Removal(StrEnum):
    """How a job order left the lists."""

    CANCELLED = "Cancelled"
    CLEARED = "Cleared"


class BeginsBy(StrEnum):
    """What begins the execution of an order."""

    COMMAND = "command"
    MACHINE = "machine"


class CompletesBy(StrEnum):
    """What completes an order."""

    COMMAND = "command"
    TARGET = "target"
    MACHINE = "machine"


class PredecessorRule(StrEnum):
    """How far what comes before must be."""

    FINISH_START = "FinishStart"
    OVERLAP = "Overlap"


@dataclass(frozen=True, slots=True)
class Predecessor:
    """An operation that comes before, and how far it must be.

    Attributes:
        operation: The operation of the same work request.
        rule: Whether it must have ended or may overlap.
        quantity: Good units after which an overlapping order may begin.
    """

    operation: str
    rule: PredecessorRule = PredecessorRule.FINISH_START
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a job order asks for.

    Attributes:
        place: The work center.
        work_request: The work request it serves.
        work_master: How to do it.
        description: For people.
        ordered: How much; None where only the work counts.
        unit: UN/ECE Rec 20 code of its quantities; that of `ordered` where there is one.
        priority: A higher number comes first (OPC 10031-4, Priority).
        planned_start: When it should begin, UTC.
        planned_end: When it should be done, UTC.
        quantity_source: Who counts.
        over_tolerance: How much more than ordered an operator may report, as a fraction.
        ideal_cycle_s: Ideal seconds per unit, if known.
        parameters: Free job order parameters.
        work_master_version: Which version of the work master; it stays.
        operation: Which operation of the work master.
        due: When it must be done, UTC.
        customer_reference: The demand it serves.
        under_tolerance: How much less than ordered still completes it, as a fraction; None for any.
        setup_s: Standard setup time in seconds.
        begins_by: What begins execution.
        completes_by: What completes it; None for the site's rule.
        operator_declares: Whether operators declare quantities beside the counters.
        predecessors: What must be before it.
        split_from: The order it was split from.
        rework_of: The order whose units it reworks.
    """

    place: EquipmentPath
    work_request: str | None = None
    work_master: str | None = None
    work_master_version: int | None = None
    operation: str | None = None
    due: datetime | None = None
    customer_reference: str | None = None
    under_tolerance: Decimal | None = None
    setup_s: Decimal | None = None
    begins_by: BeginsBy = BeginsBy.COMMAND
    completes_by: CompletesBy | None = None
    operator_declares: bool = False
    predecessors: tuple[Predecessor, ...] = ()
    split_from: str | None = None
    rework_of: str | None = None
    description: str = ""
    ordered: Quantity | None = None
    unit: str = "H87"
    priority: int = 0
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    quantity_source: QuantitySource = QuantitySource.OPERATOR
    over_tolerance: Decimal = Decimal("0.1")
    ideal_cycle_s: Decimal | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in state Running; `end` is None while it lasts. UTC."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Labor:
    """A stretch in which `person` worked on the order; `end` is None while it lasts. UTC."""

    person: str
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class MachineTime:
    """What the machine did while the order ran (ISO 22400-2: AUST, ADET, APT of the order).

    Attributes:
        setup: Actual unit setup time.
        delay: Actual unit delay time.
        production: Actual production time.
    """

    setup: timedelta
    delay: timedelta
    production: timedelta

    @property
    def busy(self) -> timedelta:
        """Actual unit busy time: their sum."""
        return self.setup + self.delay + self.production


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """One dispatchable unit of work on one work center.

    Attributes:
        id: Unique in the site, never used again.
        version: Counts its changes from 1.
        definition: What is asked.
        state: OPC 10031-4 state.
        sub_state: Within the state.
        good: Good quantity so far, in the definition's unit.
        scrap: Scrap quantity so far.
        runs: Stretches in state Running, oldest first, only the last may be open.
        labor: Stretches of work, in order of clock-on.
        stored_at: When it was stored.
        ended_at: When it ended or was aborted.
        responses: How many job responses were given; late counts restate them.
        removed: How it left the lists, if it did.
        hold: Why it may not run, if it may not.
        rework: Quantity set aside for rework: neither good nor scrap.
        rework_ordered: How much of it went to rework orders.
        declared_good: What operators declared beside the counters.
        declared_scrap: What operators declared beside the counters.
        scrap_reasons: Scrap by reason code, where one was given.
        rank: Its place in the explicit sequence of its work center, if it has one.
        machine: What the machine did, where its states are known.
    """

    id: str
    version: int
    definition: Definition
    state: State
    sub_state: SubState | None
    stored_at: datetime
    good: Decimal = ZERO
    scrap: Decimal = ZERO
    runs: tuple[Run, ...] = ()
    labor: tuple[Labor, ...] = ()
    ended_at: datetime | None = None
    responses: int = 0
    removed: Removal | None = None
    hold: str | None = None
    rework: Decimal = ZERO
    rework_ordered: Decimal = ZERO
    declared_good: Decimal = ZERO
    declared_scrap: Decimal = ZERO
    scrap_reasons: Mapping[str, Decimal] = field(default_factory=dict)
    rank: int | None = None
    machine: MachineTime | None = None

    @property
    def place(self) -> EquipmentPath:
        """The work center it belongs to."""
        return self.definition.place

    @property
    def unit(self) -> str:
        """UN/ECE Rec 20 code of its quantities."""
        return self.definition.unit

    @property
    def begun_at(self) -> datetime | None:
        """When execution began; None if it has not."""
        return self.runs[0].start if self.runs else None

    @property
    def is_active(self) -> bool:
        """Whether it runs or is interrupted."""
        return self.state in ACTIVE and self.removed is None

    @property
    def last_execution_at(self) -> datetime | None:
        """The newest time of its execution: no later step may be before it."""
        if not self.runs:
            return None
        return self.ended_at or self.runs[-1].end or self.runs[-1].start

    @property
    def open_labor(self) -> tuple[Labor, ...]:
        """The persons clocked on."""
        return tuple(entry for entry in self.labor if entry.end is None)

    @property
    def made(self) -> Decimal:
        """Units that were processed, whatever became of them."""
        return self.good + self.scrap + self.rework

    @property
    def remaining(self) -> Decimal:
        """What is ordered and not made; zero where nothing is ordered or more was made."""
        ordered = self.definition.ordered
        return max(ordered.value - self.made, ZERO) if ordered else ZERO

    @property
    def progress(self) -> Decimal | None:
        """Good quantity over quantity ordered; None where nothing is ordered."""
        ordered = self.definition.ordered
        return self.good / ordered.value if ordered and ordered.value else None


def running_time(order: JobOrder) -> timedelta:
    """Return the time in state Running, closed stretches only."""
    return _total(order.runs)


def interrupted_time(order: JobOrder) -> timedelta:
    """Return the time in state Interrupted of an order that is over."""
    if not order.runs or order.ended_at is None:
        return timedelta(0)
    return order.ended_at - order.runs[0].start - running_time(order)


def labor_by_person(order: JobOrder) -> dict[str, timedelta]:
    """Return the closed time per person, in order of their first clock-on."""
    persons = dict.fromkeys(entry.person for entry in order.labor)
    return {person: _total(entry for entry in order.labor if entry.person == person) for person in persons}


def _total(entries: Iterable[Run | Labor]) -> timedelta:
    return sum((entry.end - entry.start for entry in entries if entry.end), timedelta(0))


def seconds(duration: timedelta) -> Decimal:
    """Return `duration` as exact seconds."""
    return Decimal(duration // timedelta(microseconds=1)) / 1_000_000


def decimal_text(value: Decimal) -> str:
    """Return `value` as decimal string without exponent or superfluous zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
