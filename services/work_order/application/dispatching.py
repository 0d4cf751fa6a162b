"""Commands on places: which job orders come first there, and whether the equipment can be used."""

from __future__ import annotations

from namespace.contracts.command import Command
from namespace.contracts.work_order import ResequenceArgs, SetAvailabilityArgs
from namespace.isa95 import EquipmentPath, EquipmentPathError
from services.work_order.application.carrying_out import Accepted, Outcome, Refused, origin_of, whole_ms
from services.work_order.domain.dispatch import refuse_sequence
from services.work_order.domain.refusal import Code, Refusal
from services.work_order.ports import Shop, UnknownPlaceError, WorkOrders


async def resequence(work_orders: WorkOrders, shop: Shop, command: Command, args: ResequenceArgs) -> Outcome:
    """Set which job orders of a work center come first; they keep that place whatever their priorities become."""
    try:
        place = EquipmentPath.parse(command.subject)
        shop.rules(place)
    except (EquipmentPathError, UnknownPlaceError) as error:
        return Refused(Refusal(Code.UNKNOWN_EQUIPMENT, str(error)))
    version = await work_orders.around.equipment_version(place)
    refusal = _refuse_version(command, version)
    refusal = refusal or refuse_sequence(args.job_orders, await work_orders.around.queued(place), place)
    if refusal is not None:
        return Refused(refusal, version)
    at = whole_ms(args.occurred_at or shop.now(place))
    await work_orders.around.put_sequence(
        place, version + 1, args.job_orders, at, origin_of(command), reason=command.reason
    )
    text = f"{len(args.job_orders)} job orders come first at {place}, in the order given"
    return Accepted(str(place), version + 1, text, places=frozenset({place}))


async def set_availability(work_orders: WorkOrders, shop: Shop, command: Command, args: SetAvailabilityArgs) -> Outcome:
    """Say whether equipment can be used; what runs goes on, nothing begins or resumes where it cannot."""
    try:
        place = EquipmentPath.parse(command.subject)
    except EquipmentPathError as error:
        return Refused(Refusal(Code.UNKNOWN_EQUIPMENT, str(error)))
    if not shop.has(place):
        return Refused(Refusal(Code.UNKNOWN_EQUIPMENT, f"the site has no {place}; `uns tree` shows what it has"))
    version = await work_orders.around.equipment_version(place)
    if refusal := _refuse_version(command, version):
        return Refused(refusal, version)
    unavailable = None if args.available else (command.reason or "").strip()
    if unavailable == "":
        message = f"SetAvailability of {place} to unavailable needs a reason (field `reason`)"
        return Refused(Refusal(Code.REASON_MISSING, message), version)
    at = whole_ms(args.occurred_at or shop.now(place))
    await work_orders.around.put_availability(place, version + 1, unavailable, at, origin_of(command))
    text = f"{place} is {'available' if args.available else f'not available: {unavailable}'}"
    return Accepted(str(place), version + 1, text)


def _refuse_version(command: Command, version: int) -> Refusal | None:
    if command.expected_version is None or command.expected_version == version:
        return None
    message = f"{command.subject} is at version {version}, the command expected {command.expected_version}"
    return Refusal(Code.STALE_VERSION, message)
