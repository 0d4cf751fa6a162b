"""The role table: who may send what."""

import pytest

from namespace.contracts import oee, work_order
from services.console.domain.roles import COMMAND_PERMISSIONS, GRANTS, Permission, Role, commands_of, may_command

EXECUTING = {
    "Begin",
    "Pause",
    "Resume",
    "Complete",
    "ReportQuantity",
    "DeclareQuantity",
    "ChangeSubState",
    "ClockOn",
    "ClockOff",
    "Hold",
}
DISPATCHING = {
    "Store",
    "StoreAndStart",
    "StoreWorkRequest",
    "Start",
    "RevokeStart",
    "Update",
    "Stop",
    "Abort",
    "Cancel",
    "Clear",
    "Release",
    "Amend",
    "Split",
    "Merge",
    "Rework",
    "Reconcile",
    "Resequence",
    "SetAvailability",
    "CreateJobOrders",
    "ActivateWorkMaster",
    "RetireWorkMaster",
}

CLASSIFYING = {f"oee/{name}" for name in ("ClassifyStop", "SplitStop", "MergeStops")}


def test_every_command_of_the_console_is_one_of_the_contract() -> None:
    known = {
        (contract.service, command.name)
        for contract in (work_order.CONTRACT, oee.CONTRACT)
        for command in contract.commands
    }
    assert set(COMMAND_PERMISSIONS) <= known


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ENGINEER])
def test_who_only_looks_may_send_nothing(role: Role) -> None:
    assert commands_of(role) == ()


def test_an_operator_executes_and_does_not_dispatch() -> None:
    assert set(commands_of(Role.OPERATOR)) == {f"work_order/{name}" for name in EXECUTING} | CLASSIFYING


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
def test_supervisors_and_administrators_send_every_command(role: Role) -> None:
    assert set(commands_of(role)) == {f"work_order/{name}" for name in EXECUTING | DISPATCHING} | CLASSIFYING


@pytest.mark.parametrize("role", list(Role))
def test_nobody_sends_what_is_not_in_the_table(role: Role) -> None:
    assert not may_command(role, "work_order", "DropTables")
    assert not may_command(role, "namespace_state", "Begin")


@pytest.mark.parametrize("role", list(Role))
def test_everybody_may_look(role: Role) -> None:
    assert Permission.VIEW in GRANTS[role]
