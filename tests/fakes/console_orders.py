"""Job orders in memory, behind the console's ports: the state machine, refusals, answers by command id."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.console.domain.states import JsonValue
from services.console.ports import (
    CommandAnswer,
    CommandRequest,
    HistoryEntry,
    JobOrderDetail,
    JobOrderPage,
    JobOrderView,
    NotAnswered,
    NotFound,
    Order,
    QuantityView,
)
from tests.fakes.console_work import FakeWork


class Site(Protocol):
    """What job orders need of the fake site."""

    now: datetime

    def say(
        self,
        type_: str,
        place: str,
        subject: str,
        at: datetime,
        actor: str | None,
        payload: dict[str, JsonValue] | None = None,
    ) -> None: ...


TRANSITIONS: dict[tuple[str, str], str] = {
    ("NotAllowedToStart", "Start"): "AllowedToStart",
    ("AllowedToStart", "RevokeStart"): "NotAllowedToStart",
    ("AllowedToStart", "Begin"): "Running",
    ("Running", "Pause"): "Interrupted",
    ("Interrupted", "Resume"): "Running",
    ("Running", "Stop"): "Ended",
    ("Running", "Complete"): "Ended",
    ("Interrupted", "Stop"): "Ended",
    **{(state, "Abort"): "Aborted" for state in ("NotAllowedToStart", "AllowedToStart", "Running", "Interrupted")},
}
SUB_STATES = {
    "NotAllowedToStart": "Waiting",
    "AllowedToStart": "Ready",
    "Interrupted": "Suspended",
    "Ended": "Completed",
}


def possible(state: str) -> tuple[str, ...]:
    """Return what the state permits."""
    extra = (
        ("Cancel", "Update")
        if state.endswith("AllowedToStart")
        else ("Clear",)
        if state in {"Ended", "Aborted"}
        else ()
    )
    return (*(method for at, method in TRANSITIONS if at == state), *extra)


class FakeOrders:
    """Job orders with the state machine, as the ports see them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.orders: dict[str, JobOrderView] = {}
        self.history: dict[str, list[HistoryEntry]] = {}
        self.answers: dict[UUID, CommandAnswer] = {}
        self.sent: list[CommandRequest] = []
        self.delay_s = 0.0
        self.unreachable = False
        self.work = FakeWork(self)

    async def page(
        self, *, place: str, states: Sequence[str], order: Order, limit: int, cursor: str | None
    ) -> JobOrderPage:
        await self.answering()
        found = [
            order
            for order in self.orders.values()
            if (order.work_center == place or order.work_center.startswith(place + "/"))
            and (not states or order.state in states)
        ]
        if order == "newest":
            found.reverse()
        start = int(cursor or 0)
        following = str(start + limit) if start + limit < len(found) else None
        return JobOrderPage(tuple(found[start : start + limit]), following)

    async def detail(self, job_order_id: str) -> JobOrderDetail:
        await self.answering()
        if job_order_id not in self.orders:
            raise NotFound(f"There is no job order {job_order_id!r}.")
        return JobOrderDetail(self.orders[job_order_id], tuple(self.history[job_order_id]))

    async def send(self, request: CommandRequest) -> CommandAnswer:
        await self.answering()
        self.sent.append(request)
        if request.command_id not in self.answers:
            self.answers[request.command_id] = self._execute(request)
        return self.answers[request.command_id]

    async def answering(self) -> None:
        if self.unreachable:
            raise NotAnswered("work_order", "no answer within 5 s")
        if self.delay_s:
            await asyncio.sleep(self.delay_s)

    def _execute(self, request: CommandRequest) -> CommandAnswer:
        now = self.site.now
        if self.work.executes(request):
            return self.work.execute(request)
        if request.name in {"Store", "StoreAndStart"}:
            state = "AllowedToStart" if request.name == "StoreAndStart" else "NotAllowedToStart"
            quantity = request.args["quantity"]
            assert isinstance(quantity, dict)
            order = self.add(
                str(request.args["place"]),
                request.subject,
                state,
                str(request.args.get("work_master")),
                str(quantity["value"]),
                now,
                actor=request.actor,
            )
            return CommandAnswer(command_id=request.command_id, status="DONE", code="Done", version=order.version)
        order_or_none = self.orders.get(request.subject)
        if order_or_none is None:
            return self._no(request, "UnknownJobOrder", f"There is no job order {request.subject}.")
        order = order_or_none
        if request.expected_version is not None and request.expected_version != order.version:
            text = f"{order.id} has changed meanwhile (version {order.version}); look again and decide anew."
            return self._no(request, "StaleVersion", text)
        if request.name in {"Cancel", "Clear"}:
            del self.orders[order.id]
            return CommandAnswer(command_id=request.command_id, status="DONE", code="Done")
        target = TRANSITIONS.get((order.state, request.name))
        if target is None:
            return self._no(
                request, "WrongState", f"{order.id} is {order.state}; {request.name} is not possible there."
            )
        if target == "Running" and any(
            other.work_center == order.work_center and other.state == "Running" for other in self.orders.values()
        ):
            running = next(
                o.id for o in self.orders.values() if o.work_center == order.work_center and o.state == "Running"
            )
            return self._no(request, "WorkCenterBusy", f"{running} is running there. Pause or complete it first.")
        self.move(order, target, request.name, request.actor, now)
        return CommandAnswer(
            command_id=request.command_id, status="DONE", code="Done", version=self.orders[order.id].version
        )

    @staticmethod
    def _no(request: CommandRequest, code: str, message: str) -> CommandAnswer:
        return CommandAnswer(command_id=request.command_id, status="REJECTED", code=code, message=message)

    def add(
        self,
        place: str,
        order_id: str,
        state: str,
        work_master: str,
        quantity: str,
        at: datetime,
        *,
        priority: int = 50,
        actor: str = "erp",
        good: str = "0",
        scrap: str = "0",
        started: datetime | None = None,
    ) -> JobOrderView:
        order = JobOrderView(
            id=order_id,
            work_center=place,
            state=state,
            sub_state=SUB_STATES.get(state),
            removed=None,
            possible=possible(state),
            work_master=work_master,
            description="",
            priority=priority,
            work_request="WR-" + order_id[3:6],
            ordered=QuantityView(quantity, "EA"),
            good=good,
            scrap=scrap,
            unit="EA",
            planned_start=at,
            planned_end=at + timedelta(hours=3),
            started_at=started,
            ended_at=at if state in {"Ended", "Aborted"} else None,
            version=1,
        )
        self.orders[order_id] = order
        self.history[order_id] = [
            HistoryEntry(
                at=at - timedelta(hours=5),
                type="JobOrderStored",
                actor=actor,
                cause="Store",
                from_state=None,
                to_state="NotAllowedToStart",
                payload={"quantity_ordered": {"value": quantity, "unit": "EA"}},
            )
        ]
        if started:
            for at_, cause, from_, to in (
                (started - timedelta(minutes=22), "Start", "NotAllowedToStart", "AllowedToStart"),
                (started, "Begin", "AllowedToStart", "Running"),
            ):
                self.history[order_id].append(
                    HistoryEntry(
                        at=at_,
                        type="JobOrderStateChanged",
                        actor="m.ortiz",
                        cause=cause,
                        from_state=from_,
                        to_state=to,
                        payload={},
                    )
                )
        self.site.say("JobOrderStored", place, order_id, at, actor)
        return order

    def move(self, order: JobOrderView, target: str, cause: str, actor: str, now: datetime) -> None:
        ended = now if target in {"Ended", "Aborted"} else None
        started = order.started_at or (now if target == "Running" else None)
        self.orders[order.id] = replace(
            order,
            state=target,
            sub_state=SUB_STATES.get(target),
            possible=possible(target),
            version=order.version + 1,
            started_at=started,
            ended_at=ended,
        )
        self.history[order.id].append(
            HistoryEntry(
                at=now,
                type="JobOrderStateChanged",
                actor=actor,
                cause=cause,
                from_state=order.state,
                to_state=target,
                payload={},
            )
        )
        self.site.say(
            "JobOrderStateChanged",
            order.work_center,
            order.id,
            now,
            actor,
            {"from": order.state, "to": target, "cause": cause},
        )

    def active(self, place: str) -> JobOrderView | None:
        for order in self.orders.values():
            if order.work_center == place and order.state in {"Running", "Interrupted"}:
                return order
        return None

    def count(self, place: str, good: int, scrap: int) -> None:
        order = self.active(place)
        if order is not None and order.state == "Running":
            self.orders[order.id] = replace(
                order, good=str(int(order.good) + good), scrap=str(int(order.scrap) + scrap)
            )
