"""What else `work_order` says and does of the job orders in memory: boards, stories, holds, sequences, quantities, labor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.console.ports import (
    Answer,
    Answers,
    CommandAnswer,
    CommandRequest,
    HistoryEntry,
    JobOrderView,
    NotAskable,
    ReasonView,
)
from tests.fakes.console_masters import FakeMasters

if TYPE_CHECKING:
    from tests.fakes.console_orders import FakeOrders

_ACTIVE = ("Running", "Interrupted")
_QUEUED = ("NotAllowedToStart", "AllowedToStart")
_COMMANDS = {
    "Resequence": "_resequence",
    "SetAvailability": "_set_availability",
    "Hold": "_hold",
    "Release": "_release",
    "Amend": "_amend",
    "Split": "_split",
    "ReportQuantity": "_report",
    "ClockOn": "_clock_on",
    "ClockOff": "_clock_off",
    "ActivateWorkMaster": "_activate",
    "RetireWorkMaster": "_retire",
}
"""The method of each command."""


DEFECTS = tuple(
    ReasonView(code, name, parents, "process defects", None, False, "", False)
    for code, name, parents in (
        ("DEF", "Not good", ()),
        ("DEF-DENT", "Damaged", ("DEF",)),
        ("DEF-SIZE", "Wrong size", ("DEF",)),
    )
)


@dataclass(frozen=True)
class ByService:
    """Asks the service that a question is for."""

    work_order: FakeWork
    others: Answers

    async def ask(self, service: str, query: str, args: Mapping[str, Any], *, most: int) -> Answer:
        if service == "work_order":
            return await self.work_order.ask(query, args, most=most)
        return await self.others.ask(service, query, args, most=most)


class Refusal(Exception):
    """What the service says no with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class FakeWork:
    """The queries of the contract over the fake job orders, and the commands that the state machine does not know."""

    orders: FakeOrders
    sequences: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)
    clocked: dict[str, dict[str, datetime]] = field(default_factory=dict)
    personnel: frozenset[str] = frozenset({"operator", "supervisor", "w7"})
    masters: FakeMasters = field(default_factory=FakeMasters)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    async def ask(self, query: str, args: Mapping[str, Any], *, most: int) -> Answer:
        """Answer as the port does: lists are joined until there are `most` rows."""
        await self.orders.answering()
        self.asked.append((query, args))
        one_page: Callable[[Mapping[str, Any]], Answer] = getattr(self, f"_{query}")
        answer = one_page(args)
        while isinstance(answer.data, list) and answer.cursor is not None and len(answer.data) < most:
            more = one_page({**args, "cursor": answer.cursor})
            assert isinstance(more.data, list)
            answer = Answer([*answer.data, *more.data], more.cursor)
        return answer

    def executes(self, request: CommandRequest) -> bool:
        return request.name in _COMMANDS

    def execute(self, request: CommandRequest) -> CommandAnswer:
        try:
            version = getattr(self, _COMMANDS[request.name])(request)
        except Refusal as no:
            return CommandAnswer(
                command_id=request.command_id, status="REJECTED", code=no.code, message=no.message, version=None
            )
        return CommandAnswer(command_id=request.command_id, status="DONE", code="Done", version=version)

    def document(self, order: JobOrderView) -> dict[str, Any]:
        """Return a job order as the contract has it."""
        ordered = order.ordered
        left = max(float(ordered.value) - float(order.good) - float(order.scrap), 0.0) if ordered else 0.0
        return {
            "id": order.id,
            "version": order.version,
            "place": order.work_center,
            "work_request": order.work_request,
            "work_master": order.work_master,
            "work_master_version": 2,
            "operation": "FILL",
            "description": order.description,
            "state": order.state,
            "sub_state": order.sub_state,
            "removed": None,
            "possible": list(order.possible),
            "priority": order.priority,
            "quantity": ordered.value if ordered else None,
            "unit": order.unit,
            "good": order.good,
            "scrap": order.scrap,
            "rework": "0",
            "remaining": f"{left:g}",
            "hold": self.holds.get(order.id),
            "due": _iso(order.planned_end),
            "customer_reference": None,
            "quantity_source": "operator",
            "operator_declares": False,
            "planned_start": _iso(order.planned_start),
            "planned_end": _iso(order.planned_end),
            "stored_at": _iso(order.planned_start),
            "begun_at": _iso(order.started_at),
            "ended_at": _iso(order.ended_at),
            "clocked_on": list(self.clocked.get(order.id, {})),
        }

    def queue(self, place: str) -> list[JobOrderView]:
        first = self.sequences.get(place, [])
        waiting = [o for o in self.orders.orders.values() if o.work_center == place and o.state in _QUEUED]
        return sorted(waiting, key=lambda o: (first.index(o.id) if o.id in first else len(first), -o.priority))

    def _listed(self, order: JobOrderView, end: datetime) -> dict[str, Any]:
        first = self.sequences.get(order.work_center, [])
        hold = self.holds.get(order.id)
        late = (end - order.planned_end).total_seconds() if order.planned_end else None
        return {
            **self.document(order),
            "rank": first.index(order.id) + 1 if order.id in first else None,
            "forecast": {
                "rate_per_s": None,
                "expected_end": _iso(end),
                "lateness_s": None if late is None else f"{late:g}",
                "because": None,
            },
            "obstacle": {"code": "OnHold", "message": hold} if hold else None,
            "personnel_class": "Filler operator",
        }

    def _dispatch_board(self, args: Mapping[str, Any]) -> Answer:
        centers, documents = [], []
        for place in args["places"]:
            if not any(o.work_center == place for o in self.orders.orders.values()):
                raise NotAskable("work_order", "UnknownEquipment", f"there is no {place}")
            queue = self.queue(place)
            centers.append(
                {
                    "place": place,
                    "version": self.versions.get(place, 0),
                    "unavailable": self.unavailable.get(place),
                    "concurrent": False,
                    "queue_length": len(queue),
                }
            )
            active = [o for o in self.orders.orders.values() if o.work_center == place and o.state in _ACTIVE]
            end = self.orders.site.now
            for order in (*active, *queue[: args["limit"]]):
                end += timedelta(hours=1)
                documents.append(self._listed(order, end))
        return _paged(documents, args, lambda page: {"centers": centers, "job_orders": page}, size=3)

    def _dispatch_list(self, args: Mapping[str, Any]) -> Answer:
        place = args["place"]
        rows = [
            {**self.document(order), "rank": None, "since": _iso(order.planned_start)} for order in self.queue(place)
        ]
        return _paged(rows, args, lambda page: page, size=args["limit"])

    def _job_order(self, args: Mapping[str, Any]) -> Answer:
        order = self._known(args["id"])
        wanted = [
            entry
            for entry in self.orders.history[order.id]
            if (args.get("types") is None or entry.type in args["types"])
            and entry.type not in (args.get("without") or ())
            and (not args.get("since") or entry.at >= datetime.fromisoformat(args["since"]))
            and (not args.get("until") or entry.at < datetime.fromisoformat(args["until"]))
        ]
        history = [
            {
                "seq": number,
                "type": entry.type,
                "occurred_at": _iso(entry.at),
                "recorded_at": _iso(entry.at),
                "actor": entry.actor,
                "payload": {
                    **entry.payload,
                    **{
                        key: value
                        for key, value in (("cause", entry.cause), ("from", entry.from_state), ("to", entry.to_state))
                        if value is not None
                    },
                },
            }
            for number, entry in enumerate(wanted)
        ]
        whole = {
            **self._listed(order, self.orders.site.now),
            "over_tolerance": "0.1",
            "under_tolerance": None,
            "ideal_cycle_s": "0.5",
            "setup_s": "600",
            "begins_by": "command",
            "completes_by": None,
            "declared_good": None,
            "declared_scrap": None,
            "scrap_reasons": {},
            "predecessors": [],
            "split_from": None,
            "rework_of": None,
            "rework_ordered": "0",
            "parameters": {"label_stock": "A7"},
            "runs": [],
            "running_s": "0",
            "interrupted_s": "0",
        }
        return _paged(history, args, lambda page: {**whole, "history": page}, size=4)

    def _job_order_counts(self, args: Mapping[str, Any]) -> Answer:
        order = self._known(args["id"])
        start = order.started_at or self.orders.site.now
        rows = []
        for entry in self.orders.history[order.id]:
            if entry.type != "QuantityReported":
                continue
            stretch = start + timedelta(minutes=int((entry.at - start).total_seconds() // 600) * 10)
            rows.append(
                {
                    "start": _iso(stretch),
                    "end": _iso(stretch + timedelta(minutes=10)),
                    **{name: entry.payload.get(name, "0") for name in ("good", "scrap", "rework")},
                    "scrap_reason": entry.payload.get("scrap_reason"),
                    "rework_reason": entry.payload.get("rework_reason"),
                    "reports": 1,
                }
            )
        return Answer(rows, None)

    def _job_orders(self, args: Mapping[str, Any]) -> Answer:
        wanted = [
            order
            for order in self.orders.orders.values()
            if args.get("work_request") in {None, order.work_request}
            and args.get("work_master") in {None, order.work_master}
            and order.state in (args.get("state") or [order.state])
        ]
        return Answer([self.document(order) for order in wanted], None)

    def _work_request(self, args: Mapping[str, Any]) -> Answer:
        payload = {
            "revision": 1,
            "good": "20011",
            "scrap": "188",
            "lead_time_s": "10800",
            "operations": [{"operation": "FILL", "job_orders": 1, "good": "20011", "scrap": "188", "queue_s": "1200"}],
        }
        response = {
            "seq": 9,
            "type": "WorkResponse",
            "occurred_at": _iso(self.orders.site.now),
            "actor": None,
            "payload": payload,
        }
        return Answer({"id": args["id"], "customer_reference": "PO 4711", "due": None, "responses": [response]}, None)

    def _wip(self, args: Mapping[str, Any]) -> Answer:
        rows = []
        for order in self.orders.orders.values():
            if order.work_request != args["work_request"] or order.ordered is None:
                continue
            units = {
                "ordered": order.ordered.value,
                "queued": "0",
                "in_process": "0",
                "done": order.good,
                "scrapped": order.scrap,
                "set_aside": "0",
                "short": "0",
                "over": "0",
            }
            rest = self.document(order)["remaining"]
            where = "queued" if order.state in _QUEUED else "in_process" if order.state in _ACTIVE else "short"
            units[where] = rest
            rows.append({"place": order.work_center, "operation": "FILL", "job_orders": 1, "units": {"EA": units}})
        return Answer(rows, None)

    def _labor(self, args: Mapping[str, Any]) -> Answer:
        on = self.clocked.get(args["job_order"], {})
        return Answer(
            [
                {"person": person, "job_order": args["job_order"], "start": _iso(since), "end": None, "labor_s": None}
                for person, since in on.items()
            ],
            None,
        )

    def _work_masters(self, args: Mapping[str, Any]) -> Answer:
        return self.masters.listed(args)

    def _work_master(self, args: Mapping[str, Any]) -> Answer:
        found = self.masters.whole(args)
        if found is None:
            raise NotAskable("work_order", "UnknownWorkMaster", f"there is no work master {args['id']!r}")
        return Answer(found, None)

    def _activate(self, request: CommandRequest) -> int:
        return self._master_changes(request, "WorkMasterActivated", "Stored", "Active")

    def _retire(self, request: CommandRequest) -> int:
        return self._master_changes(request, "WorkMasterRetired", "Active", "Retired")

    def _master_changes(self, request: CommandRequest, type_: str, source: str, target: str) -> int:
        version = int(str(request.args["version"]))
        if problem := self.masters.change(request.subject, version, source, target):
            raise Refusal("WrongState", problem)
        site = self.orders.site
        site.say(type_, "Acme/Dallas", request.subject, site.now, request.actor, {"version": version})
        return version

    def _resequence(self, request: CommandRequest) -> int:
        place = request.subject
        version = self._check_place(request)
        wanted = request.args["job_orders"]
        assert isinstance(wanted, list)
        waiting = {order.id for order in self.queue(place)}
        if strange := [str(each) for each in wanted if each not in waiting]:
            raise Refusal("WrongState", f"{', '.join(strange)}: not waiting at {place}; one that runs is never moved")
        self.sequences[place] = [str(each) for each in wanted]
        self.orders.site.say("JobListResequenced", place, place, self.orders.site.now, request.actor)
        return version

    def _set_availability(self, request: CommandRequest) -> int:
        version = self._check_place(request)
        if request.args["available"]:
            self.unavailable.pop(request.subject, None)
        else:
            self.unavailable[request.subject] = request.reason or ""
        now = self.orders.site.now
        self.orders.site.say("EquipmentAvailabilityChanged", request.subject, request.subject, now, request.actor)
        return version

    def _hold(self, request: CommandRequest) -> int:
        order = self._expected(request)
        if not request.reason:
            raise Refusal("ReasonMissing", f"Hold of {order.id} needs a reason")
        self.holds[order.id] = request.reason
        if order.state == "Running":
            self.orders.move(order, "Interrupted", "Pause", request.actor, self.orders.site.now)
        return self._happened(order, "JobOrderHeld", request, reason=request.reason)

    def _release(self, request: CommandRequest) -> int:
        order = self._expected(request)
        if order.id not in self.holds:
            raise Refusal("NotOnHold", f"{order.id} is not on hold")
        return self._happened(order, "JobOrderReleased", request, held_for=self.holds.pop(order.id))

    def _amend(self, request: CommandRequest) -> int:
        order = self._expected(request)
        quantity = request.args.get("quantity")
        before = order.ordered
        if isinstance(quantity, dict) and before is not None:
            if float(str(quantity["value"])) < float(order.good):
                raise Refusal("QuantityBeyondTolerance", f"{order.id} has made {order.good} already")
            order = replace(order, ordered=replace(before, value=str(quantity["value"])))
            self.orders.orders[order.id] = order
        return self._happened(order, "JobOrderAmended", request, cause="Amend")

    def _split(self, request: CommandRequest) -> int:
        order = self._expected(request)
        quantity, into = request.args["quantity"], str(request.args["into"])
        assert isinstance(quantity, dict)
        assert order.ordered is not None
        if into in self.orders.orders:
            raise Refusal("DuplicateId", f"job order {into} exists: choose another id, none is used twice")
        kept = float(order.ordered.value) - float(str(quantity["value"]))
        self.orders.orders[order.id] = replace(order, ordered=replace(order.ordered, value=f"{kept:g}"))
        place = str(request.args.get("place") or order.work_center)
        now = self.orders.site.now
        self.orders.add(place, into, order.state, str(order.work_master), str(quantity["value"]), now)
        return self._happened(self.orders.orders[order.id], "JobOrderAmended", request, cause="Split", other=into)

    def _report(self, request: CommandRequest) -> int:
        order = self._known(request.subject)
        if order.state not in (*_ACTIVE, "Ended"):
            raise Refusal("WrongState", f"{order.id} is {order.state}: ReportQuantity needs one that began")
        good, scrap = (float(str(request.args.get(name, "0"))) for name in ("good", "scrap"))
        if float(order.good) + good < 0 or float(order.scrap) + scrap < 0:
            raise Refusal("QuantityBeyondTolerance", f"{order.id} has {order.good} good: no more can be taken away")
        self.orders.orders[order.id] = replace(
            order, good=f"{float(order.good) + good:g}", scrap=f"{float(order.scrap) + scrap:g}"
        )
        said = {"good": "0", "scrap": "0", **{name: request.args[name] for name in request.args if name != "unit"}}
        return self._happened(self.orders.orders[order.id], "QuantityReported", request, **said)

    def _clock_on(self, request: CommandRequest) -> int:
        order, person = self._known(request.subject), str(request.args["person"])
        if person in self.clocked.setdefault(order.id, {}):
            raise Refusal("AlreadyClockedOn", f"{person} is clocked on to job order {order.id} already")
        if person not in self.personnel:
            raise Refusal("WrongPersonnel", f"{order.id} needs personnel class Filler operator, {person} is not in it")
        self.clocked[order.id][person] = self.orders.site.now
        return self._happened(order, "LaborReported", request, person=person, clock="on")

    def _clock_off(self, request: CommandRequest) -> int:
        order, person = self._known(request.subject), str(request.args["person"])
        if self.clocked.get(order.id, {}).pop(person, None) is None:
            raise Refusal("NotClockedOn", f"{person} is not clocked on to job order {order.id}")
        return self._happened(order, "LaborReported", request, person=person, clock="off")

    def _check_place(self, request: CommandRequest) -> int:
        version = self.versions.get(request.subject, 0)
        if request.expected_version is not None and request.expected_version != version:
            text = f"{request.subject} is at version {version}, the command expected {request.expected_version}"
            raise Refusal("StaleVersion", text)
        self.versions[request.subject] = version + 1
        return version + 1

    def _expected(self, request: CommandRequest) -> JobOrderView:
        order = self._known(request.subject)
        if request.expected_version is not None and request.expected_version != order.version:
            raise Refusal("StaleVersion", f"{order.id} has changed meanwhile; look again and decide anew")
        return order

    def _known(self, order_id: str) -> JobOrderView:
        if order_id not in self.orders.orders:
            raise NotAskable("work_order", "UnknownJobOrder", f"there is no job order {order_id!r}")
        return self.orders.orders[order_id]

    def _happened(self, order: JobOrderView, type_: str, request: CommandRequest, **payload: Any) -> int:
        changed = replace(self.orders.orders[order.id], version=self.orders.orders[order.id].version + 1)
        self.orders.orders[order.id] = changed
        now = self.orders.site.now
        self.orders.history[order.id].append(
            HistoryEntry(
                at=now, type=type_, actor=request.actor, cause=None, from_state=None, to_state=None, payload=payload
            )
        )
        self.orders.site.say(type_, order.work_center, order.id, now, request.actor, payload)
        return changed.version


def _paged(rows: list[Any], args: Mapping[str, Any], page: Callable[[list[Any]], Any], *, size: int) -> Answer:
    passed = int(args.get("cursor") or 0)
    shown = rows[passed : passed + size]
    return Answer(page(shown), str(passed + size) if passed + size < len(rows) else None)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
