"""Who may do what: five roles, a few permissions, one table that joins them with the commands.

The table is the console's own gate in front of the namespace. It does not replace the rules of the service
that executes a command: that service may still refuse, and its reason is what the person reads.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """A person's role, from reading to everything."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    ADMIN = "admin"


class Permission(StrEnum):
    """One right; a role is a set of them."""

    VIEW = "view"
    EXECUTE = "execute"
    DISPATCH = "dispatch"
    ENGINEER = "engineer"
    ADMINISTER = "administer"


GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Permission.VIEW}),
        Role.OPERATOR: frozenset({Permission.VIEW, Permission.EXECUTE}),
        Role.SUPERVISOR: frozenset({Permission.VIEW, Permission.EXECUTE, Permission.DISPATCH}),
        Role.ENGINEER: frozenset({Permission.VIEW, Permission.ENGINEER}),
        Role.ADMIN: frozenset(Permission),
    }
)

# (service, command) -> the permission it needs. A command that is not listed cannot be sent from the console.
COMMAND_PERMISSIONS: Mapping[tuple[str, str], Permission] = MappingProxyType(
    {
        ("work_order", "Begin"): Permission.EXECUTE,
        ("work_order", "Pause"): Permission.EXECUTE,
        ("work_order", "Resume"): Permission.EXECUTE,
        ("work_order", "Complete"): Permission.EXECUTE,
        ("work_order", "ReportQuantity"): Permission.EXECUTE,
        ("work_order", "ClockOn"): Permission.EXECUTE,
        ("work_order", "ClockOff"): Permission.EXECUTE,
        ("work_order", "DeclareQuantity"): Permission.EXECUTE,
        ("work_order", "ChangeSubState"): Permission.EXECUTE,
        ("work_order", "Hold"): Permission.EXECUTE,
        ("work_order", "StoreWorkRequest"): Permission.DISPATCH,
        ("work_order", "Update"): Permission.DISPATCH,
        ("work_order", "Store"): Permission.DISPATCH,
        ("work_order", "StoreAndStart"): Permission.DISPATCH,
        ("work_order", "Start"): Permission.DISPATCH,
        ("work_order", "RevokeStart"): Permission.DISPATCH,
        ("work_order", "Stop"): Permission.DISPATCH,
        ("work_order", "Abort"): Permission.DISPATCH,
        ("work_order", "Cancel"): Permission.DISPATCH,
        ("work_order", "Clear"): Permission.DISPATCH,
        ("work_order", "Release"): Permission.DISPATCH,
        ("work_order", "Amend"): Permission.DISPATCH,
        ("work_order", "Split"): Permission.DISPATCH,
        ("work_order", "Merge"): Permission.DISPATCH,
        ("work_order", "Rework"): Permission.DISPATCH,
        ("work_order", "Reconcile"): Permission.DISPATCH,
        ("work_order", "Resequence"): Permission.DISPATCH,
        ("work_order", "SetAvailability"): Permission.DISPATCH,
        ("work_order", "CreateJobOrders"): Permission.DISPATCH,
        ("work_order", "ActivateWorkMaster"): Permission.DISPATCH,
        ("work_order", "RetireWorkMaster"): Permission.DISPATCH,
        ("oee", "ClassifyStop"): Permission.EXECUTE,
        ("oee", "SplitStop"): Permission.EXECUTE,
        ("oee", "MergeStops"): Permission.EXECUTE,
    }
)


def may_command(role: Role, service: str, command: str) -> bool:
    """Say whether the role may send the command to the service.

    Args:
        role: The person's role.
        service: Name of the service that executes the command, such as ``work_order``.
        command: Name of the command, such as ``Begin``.

    Returns:
        True when the command is known here and the role holds its permission.
    """
    needed = COMMAND_PERMISSIONS.get((service, command))
    return needed is not None and needed in GRANTS[role]


def commands_of(role: Role) -> tuple[str, ...]:
    """List what the role may command, as ``service/Command``, so that a page offers nothing else."""
    return tuple(
        f"{service}/{command}" for (service, command), needed in COMMAND_PERMISSIONS.items() if needed in GRANTS[role]
    )
