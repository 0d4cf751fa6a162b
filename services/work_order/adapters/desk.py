"""From the runtime's commands and machine samples to the use cases, each in the runtime's transaction."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from namespace.contracts import command as wire
from namespace.contracts.command import Command
from namespace.contracts.ids import RANDOM_BYTES, uuid7
from namespace.isa95 import EquipmentPath
from namespace.runtime.clock import Clock
from namespace.runtime.commands import CommandHandler, Done
from namespace.store import Database, DatabaseUnavailable, Transaction, TransactionConflict
from services.work_order.adapters.postgres import PostgresWorkOrders
from services.work_order.application import amending, defining, dispatching, executing, routing, storing
from services.work_order.application.carrying_out import Accepted, Outcome, Refused
from services.work_order.application.machines import take_in
from services.work_order.ports import Sample, Shop, WorkOrders

UseCase = Callable[[WorkOrders, Shop, Command, Any], Awaitable[Outcome]]

ON_JOB_ORDERS: Mapping[str, UseCase] = {
    "Store": storing.store,
    "StoreAndStart": storing.store_and_start,
    "Start": storing.start,
    "RevokeStart": storing.revoke_start,
    "Update": storing.update,
    "ChangeSubState": storing.change_sub_state,
    "Begin": executing.begin,
    "Pause": executing.pause,
    "Resume": executing.resume,
    "Stop": executing.stop,
    "Complete": executing.complete,
    "Abort": executing.abort,
    "Cancel": storing.cancel,
    "Clear": storing.clear,
    "ReportQuantity": executing.report_quantity,
    "ClockOn": executing.clock_on,
    "ClockOff": executing.clock_off,
    "DeclareQuantity": executing.declare_quantity,
    "Reconcile": executing.reconcile,
    "Amend": amending.amend,
    "Split": amending.split,
    "Merge": amending.merge,
    "Hold": amending.hold,
    "Release": amending.release,
    "Rework": amending.rework,
}
"""The use case of each command on a job order."""

ON_OTHERS: Mapping[str, UseCase] = {
    "StoreWorkMaster": defining.store_work_master,
    "ActivateWorkMaster": defining.activate_work_master,
    "RetireWorkMaster": defining.retire_work_master,
    "StoreWorkRequest": storing.store_work_request,
    "CreateJobOrders": routing.create_job_orders,
    "Resequence": dispatching.resequence,
    "SetAvailability": dispatching.set_availability,
}
"""The use case of each command on anything else."""


class Desk:
    """Carries out commands and counts.

    Args:
        site: The site, the place of work requests.
        clock: For event ids.
        shop: The shop floor.
    """

    def __init__(self, site: EquipmentPath, clock: Clock, shop: Shop) -> None:
        self._site = site
        self._clock = clock
        self._shop = shop

    def handlers(self) -> dict[str, CommandHandler]:
        """Return the handler of each command of the contract."""
        return {name: self._handler(use_case) for name, use_case in {**ON_JOB_ORDERS, **ON_OTHERS}.items()}

    async def count(
        self,
        database: Database,
        place: EquipmentPath,
        samples: Sequence[Sample],
    ) -> bool | None:
        """Apply what the machines of a work center said in a transaction of its own.

        Returns:
            Whether any job order changed; None where nothing happened because the database could not be used.
        """
        try:
            async with database.transaction() as tx:
                return await take_in(self._work_orders(tx), self._shop, place, samples)
        except (DatabaseUnavailable, TransactionConflict):
            return None

    def _work_orders(self, tx: Transaction) -> PostgresWorkOrders:
        return PostgresWorkOrders(tx, self._site, self.new_id)

    def new_id(self) -> UUID:
        """Return the id of an original event."""
        return uuid7(self._clock.now(), os.urandom(RANDOM_BYTES))

    def _handler(self, use_case: UseCase) -> CommandHandler:
        async def handle(tx: Transaction, command: Command, args: Any) -> Done:
            return _answer(await use_case(self._work_orders(tx), self._shop, command, args))

        return handle


def _answer(outcome: Outcome) -> Done:
    match outcome:
        case Refused(refusal, version):
            raise wire.Refused(refusal.code.value, refusal.message, version=version)
        case Accepted():
            return Done(
                message=outcome.message,
                version=outcome.version,
                result={"state": outcome.state} if outcome.state else {},
                touched=outcome.places,
            )
