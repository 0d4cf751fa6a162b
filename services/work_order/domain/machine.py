"""What a machine's state says about a job order (PackML, ISA-TR88.00.02): it executes, it has completed, or neither."""

from __future__ import annotations

from enum import Enum

_EXECUTE = 6
_COMPLETE = 17


class MachineState(Enum):
    """What matters of a machine's state here."""

    EXECUTES = "executes"
    COMPLETE = "complete"
    OTHER = "other"

    @classmethod
    def of(cls, state_current: int) -> MachineState:
        """Return what the number in `StateCurrent` says."""
        return {_EXECUTE: cls.EXECUTES, _COMPLETE: cls.COMPLETE}.get(state_current, cls.OTHER)
