"""What a job order asks for: where, how, how much, by when, by which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from namespace.isa95 import EquipmentPath, Quantity


class QuantitySource(StrEnum):
    """The one writer of an order's quantities."""

    COUNTER = "counter"
    OPERATOR = "operator"


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
