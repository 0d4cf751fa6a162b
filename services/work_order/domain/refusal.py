"""Why something asked of a job order was not done, in words for programs and for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The reasons; the value is the `code` of the command's response."""

    INVALID_ARGUMENTS = "BadArguments"
    UNKNOWN_JOB_ORDER = "UnknownJobOrder"
    UNKNOWN_WORK_REQUEST = "UnknownWorkRequest"
    UNKNOWN_WORK_MASTER = "UnknownWorkMaster"
    NO_VERSION_IN_FORCE = "NoVersionInForce"
    UNKNOWN_EQUIPMENT = "UnknownEquipment"
    WRONG_EQUIPMENT = "WrongEquipment"
    WRONG_STATE = "WrongState"
    WORK_CENTER_BUSY = "WorkCenterBusy"
    STALE_VERSION = "StaleVersion"
    DUPLICATE_ID = "DuplicateId"
    EXPIRED = "Expired"
    TIME_ORDER = "TimeOrder"
    QUANTITY_BEYOND_TOLERANCE = "QuantityBeyondTolerance"
    QUANTITY_SOURCE = "QuantitySource"
    WRONG_UNIT = "WrongUnit"
    ALREADY_CLOCKED_ON = "AlreadyClockedOn"
    ON_HOLD = "OnHold"
    NOT_ON_HOLD = "NotOnHold"
    REASON_MISSING = "ReasonMissing"
    PREDECESSOR_NOT_DONE = "PredecessorNotDone"
    EQUIPMENT_UNAVAILABLE = "EquipmentUnavailable"
    MATERIAL_ON_HOLD = "MaterialOnHold"
    NOT_THE_SAME_WORK = "NotTheSameWork"
    WRONG_PERSONNEL = "WrongPersonnel"
    NOT_CLOCKED_ON = "NotClockedOn"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision not to do it.

    Attributes:
        code: For programs.
        message: For people: what was refused, the values, and what would be possible.
    """

    code: Code
    message: str
