"""Work masters as `work_order` stores and tells them: a route of operations with what each needs, yields and takes (ISA-95 part 4).

A version never changes after it was stored; a job order keeps the version it was made from. A work master binds no equipment: it names
classes, and whoever makes job orders of it says where.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from namespace.contracts.work_order_events import (
    BeginsBy,
    CompletesBy,
    Document,
    Id,
    PositiveText,
    QuantitySource,
    UnitCode,
)

Label = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
MaterialUse = Literal["Consumed", "Consumable", "Produced", "By-product Produced", "Co-product Produced"]
PredecessorRule = Literal["FinishStart", "Overlap"]
WorkMasterState = Literal["Stored", "Active", "Retired"]


class MaterialRequirement(Document):
    """What one unit of an operation's output takes or yields beside it.

    Attributes:
        material: The material definition's id.
        use: B2MML MaterialUse: consumed, or a by-product that the operation yields.
        quantity: How much for one unit of output.
        unit: Unit of the quantity (UN/ECE Recommendation 20).
        under_tolerance: How much less may be used, as a fraction of the quantity; None for any.
        over_tolerance: How much more may be used, likewise.
    """

    material: Id
    use: MaterialUse = "Consumed"
    quantity: PositiveText
    unit: UnitCode
    under_tolerance: PositiveText | None = None
    over_tolerance: PositiveText | None = None


class OperationPredecessor(Document):
    """What must be before an operation may begin.

    Attributes:
        operation: The operation that comes before.
        rule: `FinishStart`: all its job orders have ended; `Overlap`: they have yielded `quantity` good units, or have ended.
        quantity: Good units after which an overlapping operation may begin.
    """

    operation: Id
    rule: PredecessorRule = "FinishStart"
    quantity: PositiveText | None = None


class WorkMasterOperation(Document):
    """One operation of a work master.

    Attributes:
        id: Unique in the work master.
        description: For people.
        equipment_class: What kind of work center it needs.
        personnel_class: Who may do it.
        setup_s: Standard setup time in seconds.
        run_s: Standard run time per unit in seconds (ISO 22400-2, planned run time per item).
        output_per_unit: Units this operation yields for one unit of the work request.
        materials: What it takes, and what it yields beside its output.
        predecessors: What must be before it.
        quantity_source: Who counts; by default the counters where the work center has them.
        operator_declares: Whether operators declare quantities beside the counters, to be reconciled.
        begins_by: What begins execution: a command, or the machine that executes.
        completes_by: What completes it; by default what the site file says of the work center.
        over_tolerance: How much more than ordered may be reported, as a fraction.
        under_tolerance: How much less than ordered still completes it, as a fraction; None for any.
    """

    id: Id
    description: Label = ""
    equipment_class: Id | None = None
    personnel_class: Id | None = None
    setup_s: PositiveText | None = None
    run_s: PositiveText | None = None
    output_per_unit: PositiveText = "1"
    materials: Annotated[tuple[MaterialRequirement, ...], Field(max_length=50)] = ()
    predecessors: Annotated[tuple[OperationPredecessor, ...], Field(max_length=20)] = ()
    quantity_source: QuantitySource | None = None
    operator_declares: bool = False
    begins_by: BeginsBy = "command"
    completes_by: CompletesBy | None = None
    over_tolerance: PositiveText = "0.1"
    under_tolerance: PositiveText | None = None


class WorkMasterStored(Document):
    """A version of a work master exists now; it never changes.

    Attributes:
        version: Counts the versions from 1.
        description: For people.
        material: What it makes.
        unit: Unit of what it makes (UN/ECE Recommendation 20).
        operations: In the order of the route.
        effective_from: From when on it may be used; None for always.
        effective_until: Until when; None for always.
    """

    version: int
    description: str = ""
    material: str | None = None
    unit: UnitCode
    operations: tuple[WorkMasterOperation, ...]
    effective_from: AwareDatetime | None = None
    effective_until: AwareDatetime | None = None


class WorkMasterActivated(Document):
    """A version of a work master may be used for new job orders; `reason` in the actor's words."""

    version: int
    reason: str | None = None


class WorkMasterRetired(Document):
    """A version of a work master may not be used for new job orders any more; `reason` in the actor's words."""

    version: int
    reason: str | None = None


class StoreWorkMasterArgs(Document):
    """Arguments of `StoreWorkMaster`: a new version, unless the newest says the same; the attributes are those of the event.

    Attributes:
        activate: Whether it may be used at once.
    """

    description: Label = ""
    material: Id | None = None
    unit: UnitCode = "H87"
    operations: Annotated[tuple[WorkMasterOperation, ...], Field(min_length=1, max_length=120)]
    effective_from: AwareDatetime | None = None
    effective_until: AwareDatetime | None = None
    activate: bool = False
    occurred_at: AwareDatetime | None = None


class WorkMasterVersionArgs(Document):
    """Arguments of `ActivateWorkMaster` and `RetireWorkMaster`: which version."""

    version: Annotated[int, Field(ge=1, le=1_000_000)]
    occurred_at: AwareDatetime | None = None


class WorkMastersArgs(Document):
    """Arguments of `work_masters`.

    Attributes:
        id: Only the versions of this work master.
        search: Only those with this text in their id, material or description, in upper or lower case.
        material: Only those that make this material.
        state: Only versions in this state.
        in_force_at: Only the versions in force at this instant, one of each work master.
        brief: With `operation_count` and `stored_at` instead of the operations.
        limit: Versions per page.
        cursor: From the previous page.
    """

    id: Id | None = None
    search: Label | None = None
    material: Id | None = None
    state: WorkMasterState | None = None
    in_force_at: AwareDatetime | None = None
    brief: bool = False
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Id | None = None


class WorkMasterArgs(Document):
    """Arguments of `work_master`: its id, and the version, by default the newest."""

    id: Id
    version: Annotated[int, Field(ge=1)] | None = None
