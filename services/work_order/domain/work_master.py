"""Work masters: routes of operations with what each needs, yields and takes (ISA-95 part 4).

A version never changes; which one new job orders are made from is decided by its state and its effective dates. It binds no equipment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from namespace.isa95 import EquipmentPath
from services.work_order.domain.definition import BeginsBy, CompletesBy, Predecessor, PredecessorRule, QuantitySource
from services.work_order.domain.refusal import Code, Refusal


class WorkMasterState(StrEnum):
    """Whether a version may be used."""

    STORED = "Stored"
    ACTIVE = "Active"
    RETIRED = "Retired"


class MaterialUse(StrEnum):
    """B2MML MaterialUse, as far as operations state it."""

    CONSUMED = "Consumed"
    CONSUMABLE = "Consumable"
    PRODUCED = "Produced"
    BY_PRODUCT = "By-product Produced"
    CO_PRODUCT = "Co-product Produced"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRequirement:
    """What one unit of an operation's output takes or yields beside it.

    Attributes:
        material: The material definition's id.
        use: Consumed or yielded.
        quantity: How much for one unit of output.
        unit: UN/ECE Rec 20 code of the quantity.
        under_tolerance: How much less may be used, as a fraction; None for any.
        over_tolerance: How much more may be used, likewise.
    """

    material: str
    use: MaterialUse = MaterialUse.CONSUMED
    quantity: Decimal
    unit: str
    under_tolerance: Decimal | None = None
    over_tolerance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a work master.

    Attributes:
        id: Unique in the work master.
        description: For people.
        equipment_class: What kind of work center it needs.
        personnel_class: Who may do it.
        setup_s: Standard setup time in seconds.
        run_s: Standard run time per unit in seconds.
        output_per_unit: Units it yields for one unit of the work request.
        materials: What it takes and yields.
        predecessors: What must be before it.
        quantity_source: Who counts; None for the place's own way.
        operator_declares: Whether operators declare quantities beside the counters.
        begins_by: What begins execution.
        completes_by: What completes it; None for the site's rule.
        over_tolerance: How much more than ordered may be reported, as a fraction.
        under_tolerance: How much less than ordered still completes it; None for any.
    """

    id: str
    description: str = ""
    equipment_class: str | None = None
    personnel_class: str | None = None
    setup_s: Decimal | None = None
    run_s: Decimal | None = None
    output_per_unit: Decimal = Decimal(1)
    materials: tuple[MaterialRequirement, ...] = ()
    predecessors: tuple[Predecessor, ...] = ()
    quantity_source: QuantitySource | None = None
    operator_declares: bool = False
    begins_by: BeginsBy = BeginsBy.COMMAND
    completes_by: CompletesBy | None = None
    over_tolerance: Decimal = Decimal("0.1")
    under_tolerance: Decimal | None = None

    @property
    def consumes(self) -> tuple[str, ...]:
        """The materials it takes."""
        return tuple(m.material for m in self.materials if m.use in {MaterialUse.CONSUMED, MaterialUse.CONSUMABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkMaster:
    """One version of a work master.

    Attributes:
        id: Unique in the site.
        version: Counts its versions from 1.
        state: Whether it may be used.
        description: For people.
        material: What it makes.
        unit: UN/ECE Rec 20 code of what it makes.
        operations: In the order of the route.
        effective_from: From when on it may be used, UTC; None for always.
        effective_until: Until when, UTC; None for always.
    """

    id: str
    version: int
    state: WorkMasterState = WorkMasterState.STORED
    description: str = ""
    material: str | None = None
    unit: str = "H87"
    operations: tuple[Operation, ...]
    effective_from: datetime | None = None
    effective_until: datetime | None = None

    def operation(self, operation_id: str) -> Operation | None:
        """Return an operation by its id, or None."""
        return next((operation for operation in self.operations if operation.id == operation_id), None)

    def is_in_force(self, at: datetime) -> bool:
        """Return whether new job orders may be made of this version at `at` (UTC)."""
        begun = self.effective_from is None or self.effective_from <= at
        over = self.effective_until is not None and self.effective_until <= at
        return self.state is WorkMasterState.ACTIVE and begun and not over


def in_force(versions: Iterable[WorkMaster], at: datetime) -> WorkMaster | None:
    """Return the newest version that may be used at `at` (UTC), or None."""
    usable = (version for version in versions if version.is_in_force(at))
    return max(usable, key=lambda master: master.version, default=None)


def refuse_content(master: WorkMaster) -> Refusal | None:
    """Return why `master` can be no route; None where it can."""
    ids = [operation.id for operation in master.operations]
    problem = None
    if master.effective_from and master.effective_until and master.effective_until <= master.effective_from:
        problem = "it is effective until before it is effective from"
    elif len(set(ids)) < len(ids):
        problem = f"its operations have ids twice: {', '.join(sorted({i for i in ids if ids.count(i) > 1}))}"
    else:
        problem = next((text for operation in master.operations if (text := _problem_of(operation, ids))), None)
        problem = problem or _circle(master)
    return Refusal(Code.INVALID_ARGUMENTS, f"work master {master.id}: {problem}") if problem else None


def refuse_work_center(
    operation: Operation, place: EquipmentPath, members: frozenset[EquipmentPath] | None
) -> Refusal | None:
    """Return why an operation cannot be done at a work center; None where it can.

    Args:
        operation: The operation; one without an equipment class can be done anywhere.
        place: The work center.
        members: The work centers of its equipment class (ISA-95 part 2); None where the site file does not list the class, so that
            nothing is checked.
    """
    if members is None or place in members:
        return None
    there = ", ".join(sorted(str(member) for member in members))
    message = (
        f"operation {operation.id} needs equipment class {operation.equipment_class}, and {place} does not belong to it: "
        f"choose one of {there}, or add {place} to its work_centers in the site file"
    )
    return Refusal(Code.WRONG_EQUIPMENT, message)


def activate(master: WorkMaster) -> WorkMaster | Refusal:
    """Let a version be used for new job orders; one that was retired stays so."""
    return _change(master, WorkMasterState.STORED, WorkMasterState.ACTIVE, "Activate")


def retire(master: WorkMaster) -> WorkMaster | Refusal:
    """Take a version out of use; job orders that were made of it keep it."""
    return _change(master, WorkMasterState.ACTIVE, WorkMasterState.RETIRED, "Retire")


def _change(master: WorkMaster, source: WorkMasterState, target: WorkMasterState, verb: str) -> WorkMaster | Refusal:
    if master.state is not source:
        name = f"version {master.version} of work master {master.id}"
        return Refusal(Code.WRONG_STATE, f"{name} is {master.state}: {verb}WorkMaster needs {source}")
    return replace(master, state=target)


def _problem_of(operation: Operation, ids: list[str]) -> str | None:
    for before in operation.predecessors:
        if before.operation not in ids:
            return f"operation {operation.id} follows {before.operation}, which is none of its operations"
        if (before.rule is PredecessorRule.OVERLAP) != bool(before.quantity):
            return f"operation {operation.id}: Overlap, and it alone, needs a quantity above zero"
    if operation.output_per_unit <= 0:
        return f"operation {operation.id}: output_per_unit must be above zero"
    return None


def _circle(master: WorkMaster) -> str | None:
    """Return which operations wait for each other for ever, in words; None where there are none."""
    left = {operation.id: {before.operation for before in operation.predecessors} for operation in master.operations}
    while free := [name for name, before in left.items() if not before & left.keys()]:
        for name in free:
            del left[name]
    return f"operations {', '.join(left)} wait for each other" if left else None
