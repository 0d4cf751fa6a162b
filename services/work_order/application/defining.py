"""Commands on work masters: store a version, let it be used, take it out of use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from namespace.contracts.command import Command
from namespace.contracts.work_order import StoreWorkMasterArgs, WorkMasterStored, WorkMasterVersionArgs
from services.work_order.application.carrying_out import Accepted, Outcome, Refused, origin_of, refuse_id, whole_ms
from services.work_order.domain import work_master
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.domain.work_master import WorkMaster, WorkMasterState
from services.work_order.ports import Shop, WorkOrders

_MOST_BYTES = 28 * 1024
"""What a version may take in its event, which has a limit of its own."""

WORK_MASTER = TypeAdapter(WorkMaster)
"""Between a version as the domain knows it and its document."""


async def store_work_master(
    work_orders: WorkOrders, _shop: Shop, command: Command, args: StoreWorkMasterArgs
) -> Outcome:
    """Store a new version of a work master; storing again what the newest says changes nothing."""
    if impossible := refuse_id(command.subject):
        return impossible
    versions = await work_orders.masters.versions(command.subject)
    newest = versions[-1].version if versions else 0
    if refusal := _refuse_version(command, newest):
        return Refused(refusal, newest)
    master = _master(command.subject, newest + 1, args)
    if refusal := work_master.refuse_content(master) or _refuse_size(master):
        return Refused(refusal, newest)
    same = versions and replace(master, version=newest, state=versions[-1].state) == versions[-1]
    if same and not (args.activate and versions[-1].state is WorkMasterState.STORED):
        return Accepted(master.id, newest, f"version {newest} of work master {master.id} is stored already")
    at = whole_ms(args.occurred_at or command.issued_at)
    if same:
        master = versions[-1]
    else:
        await work_orders.masters.put(master, at, origin_of(command))
    if args.activate:
        active = work_master.activate(master)
        if isinstance(active, Refusal):
            return Refused(active, newest)
        master = active
        await work_orders.masters.put(master, at, origin_of(command), reason=command.reason)
    return _accepted(master)


async def activate_work_master(
    work_orders: WorkOrders, _shop: Shop, command: Command, args: WorkMasterVersionArgs
) -> Outcome:
    """Let a version be used for new job orders."""
    return await _change(work_orders, command, args, work_master.activate)


async def retire_work_master(
    work_orders: WorkOrders, _shop: Shop, command: Command, args: WorkMasterVersionArgs
) -> Outcome:
    """Take a version out of use; job orders that were made of it keep it."""
    return await _change(work_orders, command, args, work_master.retire)


async def _change(
    work_orders: WorkOrders,
    command: Command,
    args: WorkMasterVersionArgs,
    change: Callable[[WorkMaster], WorkMaster | Refusal],
) -> Outcome:
    if impossible := refuse_id(command.subject):
        return impossible
    versions = await work_orders.masters.versions(command.subject)
    newest = versions[-1].version if versions else None
    master = next((each for each in versions if each.version == args.version), None)
    if master is None:
        known = ", ".join(str(each.version) for each in versions) or "none"
        message = f"work master {command.subject!r} has no version {args.version}; there are: {known}"
        return Refused(Refusal(Code.UNKNOWN_WORK_MASTER, message), newest)
    changed = change(master)
    if isinstance(changed, Refusal):
        return Refused(changed, newest)
    at = whole_ms(args.occurred_at or command.issued_at)
    await work_orders.masters.put(changed, at, origin_of(command), reason=command.reason)
    return _accepted(changed)


def _accepted(master: WorkMaster) -> Accepted:
    text = f"version {master.version} of work master {master.id} is {master.state}"
    return Accepted(master.id, master.version, text, master.state.value)


def _master(master_id: str, version: int, args: StoreWorkMasterArgs) -> WorkMaster:
    said: dict[str, Any] = args.model_dump(exclude={"activate", "occurred_at"})
    return WORK_MASTER.validate_python({**said, "id": master_id, "version": version})


def _refuse_version(command: Command, newest: int) -> Refusal | None:
    if command.expected_version is None or command.expected_version == newest:
        return None
    message = f"work master {command.subject} is at version {newest}, the command expected {command.expected_version}"
    return Refusal(Code.STALE_VERSION, message)


def _refuse_size(master: WorkMaster) -> Refusal | None:
    said = WorkMasterStored.model_validate(WORK_MASTER.dump_python(master, mode="json"))
    size = len(said.model_dump_json(exclude_none=True).encode())
    if size <= _MOST_BYTES:
        return None
    message = f"work master {master.id} takes {size} bytes, more than {_MOST_BYTES}: divide the route, or shorten texts"
    return Refusal(Code.INVALID_ARGUMENTS, message)
