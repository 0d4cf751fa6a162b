"""OEE in memory, behind the console's port of answers: two days of states of every unit, their losses, figures and words.

Time is drawn together and told apart by the rules of `oee` itself; figures are plain sums over the intervals.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Protocol
from uuid import UUID

from namespace.isa95 import LossClass, Reason, ReasonTree, TimeElement
from services.console.adapters.site import reasons_of
from services.console.domain.states import JsonValue
from services.console.ports import Answer, CommandAnswer, CommandRequest, NotAnswered, NotAskable, ReasonView
from services.oee.application.timeline import strokes
from services.oee.domain.classification import Cause, Element
from services.oee.domain.losses import is_lost, loss_of
from services.oee.domain.state_log import Source, StateInterval

SHIFT_MS = 8 * 3_600_000
_IDEAL_SHARE = Fraction(93, 100)
"""Of running time, what good units take at their ideal cycle; the rest is lost speed."""
_CYCLE_MS = 500

REASONS = ReasonTree(
    reasons={
        reason.code: reason
        for reason in (
            Reason("EQ", "Equipment", loss=LossClass.FAILURE),
            Reason("EQ-FILL", "Filler", ("EQ",), LossClass.FAILURE),
            Reason("EQ-FILL-VALVE", "Valve", ("EQ", "EQ-FILL"), LossClass.FAILURE),
            Reason("EQ-FILL-VALVE-SEAL", "Worn seal", ("EQ", "EQ-FILL", "EQ-FILL-VALVE"), LossClass.FAILURE),
            Reason("MAT", "Material", loss=LossClass.IDLING),
            Reason("MAT-CAPS", "Cap hopper empty", ("MAT",), LossClass.IDLING),
            Reason("PM", "Planned maintenance", element=TimeElement.PDOT, planned=True),
            Reason("OLD", "Wire cutter", retired=True),
        )
    }
)


class Site(Protocol):
    """What OEE needs of the fake site."""

    @property
    def paths(self) -> list[str]: ...

    now: datetime


@dataclass
class Said:
    """A word of a person."""

    request: CommandRequest
    start_ms: int
    end_ms: int
    code: str | None
    is_taken: bool = False


class FakeOee:
    """Answers as `oee` and `historian` do, takes commands as `oee` does."""

    def __init__(self, site: Site, begun: datetime, days: float = 2, seed: int = 11) -> None:
        self.site = site
        self.begin_ms = int((begun - timedelta(days=days)).timestamp() * 1000) // SHIFT_MS * SHIFT_MS
        self.known_ms = int(begun.timestamp() * 1000)
        self.logs = {path: list(_story(path, self.begin_ms, self.known_ms, seed)) for path in site.paths}
        self.words: dict[str, list[Said]] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent: list[CommandRequest] = []
        self.unreachable = False
        self.refusal: str | None = None
        self.holds = False
        """While set, words are noted and nothing is judged with them."""
        self.revisions: list[dict[str, Any]] = []

    @property
    def reasons(self) -> tuple[ReasonView, ...]:
        """The tree as the console hands it out."""

        @dataclass
        class Model:
            reasons: ReasonTree

        return reasons_of(Model(REASONS))  # type: ignore[arg-type]

    async def ask(self, service: str, query: str, args: Mapping[str, JsonValue], *, most: int) -> Answer:
        self.asked.append((service, query))
        if self.unreachable:
            raise NotAnswered(service, "no answer within 4 s")
        place = str(args.get("place"))
        if service == "historian":
            return Answer(self._samples(args), None)
        if not any(path == place or path.startswith(place + "/") for path in self.logs):
            raise NotAskable("oee", "UnknownPlace", f"the site file has no place {place}")
        handlers: dict[str, Callable[[dict[str, Any]], JsonValue]] = {
            "timeline": self._timeline,
            "intervals": self._intervals,
            "interval": self._interval,
            "waterfall": self._waterfall,
            "losses": self._losses,
            "kpis": self._kpis,
            "kpi_revisions": lambda _: list(self.revisions),
            "shifts": self._shifts,
        }
        return Answer(handlers[query](dict(args)), None)

    async def send(self, request: CommandRequest) -> CommandAnswer:
        if self.unreachable:
            raise NotAnswered("oee", "no answer within 8 s")
        self.sent.append(request)
        if self.refusal:
            return CommandAnswer(command_id=request.command_id, status="REJECTED", code="Refused", message=self.refusal)
        args: Any = request.args
        if request.name == "SplitStop":
            edges = [args["start"], *(part["end"] for part in args["parts"])]
            codes = [part["reason_code"] for part in args["parts"]]
            spans = list(zip(edges, edges[1:], codes, strict=False))
        else:
            spans = [(args["start"], args["end"], args["reason_code"])]
        for start, end, code in spans:
            said = Said(request, _ms(start), _ms(end), code)
            self.words.setdefault(request.subject, []).append(said)
        if not self.holds:
            self.judge()
        return CommandAnswer(command_id=request.command_id, status="DONE", code="Done", message="noted")

    def judge(self) -> None:
        """Judge with every word that was said."""
        for path, words in self.words.items():
            for word in words:
                if not word.is_taken:
                    self.logs[path] = list(_painted(self.logs[path], word))
                    word.is_taken = True

    def log_of(self, path: str) -> list[StateInterval]:
        """The log up to now: what was going on goes on."""
        log = self.logs[path]
        now_ms = int(self.site.now.timestamp() * 1000)
        return [*log[:-1], replace(log[-1], end_ms=max(log[-1].end_ms, now_ms))]

    def _of(self, args: Mapping[str, Any]) -> Iterator[tuple[str, list[StateInterval]]]:
        place, wanted = args["place"], args.get("units")
        since_ms, until_ms = _ms(args["since"]), _ms(args["until"])
        for path in self.logs:
            if (path == place or path.startswith(place + "/")) and (not wanted or path in wanted):
                log = self.log_of(path)
                yield path, [item for item in log if item.end_ms > since_ms and item.start_ms < until_ms]

    def _timeline(self, args: dict[str, Any]) -> JsonValue:
        now_ms = int(self.site.now.timestamp() * 1000)
        return [
            {"unit": path, "now_ms": now_ms, "rows": [item.row() for item in strokes(log, int(args["resolution_ms"]))]}
            for path, log in self._of(args)
        ]

    def _intervals(self, args: dict[str, Any]) -> JsonValue:
        rows: list[dict[str, Any]] = []
        for path, log in self._of(args):
            for interval in log:
                row = self._row(path, interval)
                if args.get("loss") is not None and row["loss"] != args["loss"]:
                    continue
                if args.get("element") is not None and row["element"] != args["element"]:
                    continue
                if args.get("cause") is not None and row["reason"] != args["cause"]:
                    continue
                if args.get("reason") is not None and args["reason"] not in REASONS.path(row["reason_code"] or ""):
                    continue
                rows.append(row)
        longest = args.get("order") == "longest"
        rows.sort(key=lambda row: _ms(row["end"]) - _ms(row["start"]) if longest else row["start"], reverse=True)
        found: JsonValue = rows[: int(args["limit"])]  # type: ignore[assignment]
        return found

    def _interval(self, args: dict[str, Any]) -> JsonValue:
        path, at_ms = args["place"], _ms(args["at"])
        if path not in self.logs:
            raise NotAskable("oee", "UnknownPlace", f"{path} is no work unit; intervals belong to work units")
        found = next((item for item in self.log_of(path) if item.start_ms <= at_ms < item.end_ms), None)
        if found is None:
            raise NotAskable("oee", "NothingRecorded", f"nothing is written down about {path} then")
        shift = self._shift_at(at_ms)
        row = self._row(path, found)
        words = [
            {
                "start": _iso(word.start_ms),
                "end": _iso(word.end_ms),
                "reason_code": word.code,
                "actor": word.request.actor,
                "why": word.request.reason,
                "said_at": _iso(int(self.site.now.timestamp() * 1000)),
                "command_id": str(word.request.command_id),
                "event_id": str(UUID(int=word.request.command_id.int ^ word.start_ms)),
                "is_taken": word.is_taken,
            }
            for word in self.words.get(path, [])
            if word.start_ms < found.end_ms and word.end_ms > found.start_ms
        ]
        told = None
        if not row["is_open"]:
            told = {
                "event_id": str(UUID(int=found.start_ms)),
                "start": row["start"],
                "end": row["end"],
                "revision": 1,
                "reason_code": row["reason_code"],
            }
        metrics = ["Status/StateCurrent", "Admin/ProdProcessedCount", "Admin/StopReason"]
        document: dict[str, Any] = {**row, "told": told, "window": shift, "words": words, "metrics": metrics}
        return document

    def _row(self, path: str, interval: StateInterval) -> dict[str, Any]:
        is_open = interval.end_ms > self.known_ms // SHIFT_MS * SHIFT_MS
        return {
            "place": path,
            "start": _iso(interval.start_ms),
            "end": _iso(interval.end_ms),
            "element": interval.element.value,
            "reason": interval.cause.value if interval.cause else "running",
            "reason_code": interval.reason,
            "stop_reason": interval.stop_reason,
            "minor_stop": interval.minor_stop,
            "job_order": interval.job_order,
            "material": None,
            "shift": interval.shift,
            "revision": 0 if is_open else 1,
            "source": interval.source.value,
            "loss": _loss(interval),
            "is_open": is_open,
        }

    def _shift_at(self, at_ms: int) -> dict[str, Any]:
        start_ms = at_ms // SHIFT_MS * SHIFT_MS
        is_open = start_ms + SHIFT_MS > self.known_ms
        return {
            "shift": "ABC"[start_ms // SHIFT_MS % 3],
            "date": _iso(start_ms)[:10],
            "start": _iso(start_ms),
            "end": _iso(start_ms + SHIFT_MS),
            "revision": 0 if is_open else 1,
            "status": "open" if is_open else "final",
            "event_id": None if is_open else str(UUID(int=start_ms)),
        }

    def _shifts(self, args: dict[str, Any]) -> JsonValue:
        since_ms = _ms(args["since"]) // SHIFT_MS * SHIFT_MS
        return [
            {
                "name": shift["shift"],
                "date": shift["date"],
                "start": shift["start"],
                "end": shift["end"],
                "planned_down": [],
            }
            for shift in map(self._shift_at, range(since_ms, _ms(args["until"]), SHIFT_MS))
        ]

    def _entries(self, args: Mapping[str, Any]) -> dict[tuple[str | None, str], list[Any]]:
        """The loss ledger of whole shifts, as `oee` has it."""
        entries: dict[tuple[str | None, str], list[Any]] = {}

        def add(kind: str | None, reason: str, ms: Fraction, units: int, stops: int) -> None:
            entry = entries.setdefault((kind, reason), [Fraction(0), 0, 0])
            entry[0], entry[1], entry[2] = entry[0] + ms, entry[1] + units, entry[2] + stops

        for _, log in self._of(args):
            for item in log:
                loss = _loss(item)
                if loss == "production":
                    good = int(item.length_ms * _IDEAL_SHARE) // _CYCLE_MS
                    add(None, "", Fraction(good * _CYCLE_MS), good, 0)
                    add("reduced speed", "", Fraction(item.length_ms - good * _CYCLE_MS), 0, 0)
                elif loss is not None:
                    add(loss, item.reason or (item.cause.value if item.cause else ""), Fraction(item.length_ms), 0, 1)
        return entries

    def _losses(self, args: dict[str, Any]) -> JsonValue:
        entries = sorted(self._entries(args).items(), key=lambda pair: (pair[0][0] is not None, -pair[1][0]))
        return [
            {
                "loss": kind,
                "reason": reason,
                "reason_path": list(REASONS.path(reason)) if reason else [],
                "time_ms": str(Decimal(int(ms))),
                "share": None,
                "units": units,
                "stops": stops,
            }
            for (kind, reason), (ms, units, stops) in entries
        ]

    def _waterfall(self, args: dict[str, Any]) -> JsonValue:
        logs = dict(self._of(args))
        calendar_ms = sum(item.length_ms for log in logs.values() for item in log)
        planned_ms = sum(item.length_ms for log in logs.values() for item in log if item.element is Element.PDOT)
        by_loss: dict[str | None, list[Any]] = {None: [Fraction(0), 0, 0]}
        for (kind, _), (ms, units, stops) in self._entries(args).items():
            entry = by_loss.setdefault(kind, [Fraction(0), 0, 0])
            entry[0], entry[1], entry[2] = entry[0] + ms, entry[1] + units, entry[2] + stops
        units = by_loss[None][1]
        return {
            "start": str(args["since"]),
            "end": str(args["until"]),
            "units": len(logs),
            "calendar_ms": calendar_ms,
            "not_scheduled_ms": 0,
            "not_recorded_ms": 0,
            "planned_down_ms": planned_ms,
            "not_judged_ms": 0,
            "busy_ms": calendar_ms - planned_ms,
            "losses": [
                {"loss": kind, "time_ms": str(int(ms)), "units": made, "stops": stops}
                for kind, (ms, made, stops) in by_loss.items()
            ],
            "produced": {"pq": units, "gq": units, "sq": 0, "rq": 0},
        }

    def _kpis(self, args: dict[str, Any]) -> JsonValue:
        rows: list[JsonValue] = []
        if args.get("by") == "job_order":
            return [{"key": "JO-4801", "start": _iso(self.begin_ms), "end": _iso(self.known_ms), "figures": {}}]
        until_ms = min(_ms(args["until"]), self.known_ms)
        first_ms = max(_ms(args["since"]), self.begin_ms) // SHIFT_MS * SHIFT_MS
        for start_ms in range(first_ms, until_ms, SHIFT_MS):
            shift = self._shift_at(start_ms)
            entries = self._entries({**args, "since": _iso(start_ms), "until": _iso(start_ms + SHIFT_MS)})
            busy_ms = sum((entry[0] for entry in entries.values()), Fraction(0))
            good_ms, good, _ = entries.get((None, ""), [Fraction(0), 0, 0])
            apt_ms = good_ms + entries.get(("reduced speed", ""), [Fraction(0)])[0]
            rows.append(
                {
                    "place": args["place"],
                    "key": f"{shift['date']} {shift['shift']}",
                    "start": shift["start"],
                    "end": shift["end"],
                    "status": shift["status"],
                    "elements": {"pbt": int(busy_ms)},
                    "produced": {"pq": good, "gq": good, "sq": 0, "rq": 0},
                    "figures": {
                        "oee": _figure(good_ms, busy_ms),
                        "availability": _figure(apt_ms, busy_ms),
                        "effectiveness": _figure(good_ms, apt_ms),
                        "quality_ratio": _figure(Fraction(good), Fraction(good)),
                    },
                }
            )
        return rows[::-1]

    def _samples(self, args: Mapping[str, JsonValue]) -> JsonValue:
        start_ms, end_ms = int(str(args["since_ms"])), int(str(args["until_ms"]))
        times = [start_ms + 2000, (start_ms + end_ms) // 2, end_ms - 2000]
        return [
            {
                "source": "Acme:Dallas/GW",
                "place": args["place"],
                "metric": metric,
                "name": metric,
                "type": "Int64",
                "value": value,
                "timestamp": _iso(at_ms),
                "timestamp_ms": at_ms,
                "received": _iso(at_ms),
                "quality": 192,
                "historical": False,
            }
            for at_ms, metric, value in zip(
                times,
                ("Status/StateCurrent", "Admin/ProdProcessedCount", "Status/StateCurrent"),
                (11, 4711, 6),
                strict=True,
            )
        ]


class Commands:
    """Hands commands to the service they are for."""

    def __init__(self, work_order: Any, oee: FakeOee) -> None:
        self._work_order, self._oee = work_order, oee

    async def send(self, request: CommandRequest) -> CommandAnswer:
        answer: CommandAnswer = await (self._oee if request.service == "oee" else self._work_order).send(request)
        return answer


def _story(path: str, begin_ms: int, end_ms: int, seed: int) -> Iterator[StateInterval]:
    """States of a unit: long runs, a stop now and then, many short ones; cut at every shift."""
    dice = random.Random(f"{seed} {path}")
    at_ms, runs = begin_ms, True
    while at_ms < end_ms:
        if runs:
            length_ms, element, cause, minor, code = (
                int(dice.expovariate(1 / 700_000)) + 2_000,
                Element.APT,
                None,
                False,
                None,
            )
        else:
            kind = dice.choices(("minor", "blocked", "held", "failure", "setup", "planned"), (50, 20, 12, 8, 6, 4))[0]
            cause = {"minor": Cause.HELD, "setup": Cause.CHANGEOVER, "planned": Cause.PLANNED}.get(kind) or Cause(kind)
            element = {"minor": Element.APT, "setup": Element.AUST, "planned": Element.PDOT}.get(kind, Element.ADET)
            minor, code = kind == "minor", "EQ-FILL" if kind == "failure" else None
            length_ms = dice.randint(3_000, 50_000) if minor else dice.randint(60_000, 900_000)
        shift_end_ms = (at_ms // SHIFT_MS + 1) * SHIFT_MS
        stop_ms = min(at_ms + length_ms, shift_end_ms, end_ms)
        yield StateInterval(
            at_ms, stop_ms, element, cause, 190 if code else None, 6 if runs else 11, "JO-4801", minor_stop=minor,
            shift="ABC"[at_ms // SHIFT_MS % 3], source=Source.RULE if minor else Source.MACHINE, reason=code,
        )  # fmt: skip
        at_ms, runs = stop_ms, not runs


def _painted(log: list[StateInterval], word: Said) -> Iterator[StateInterval]:
    for item in log:
        if not item.is_stop or item.end_ms <= word.start_ms or item.start_ms >= word.end_ms:
            yield item
            continue
        edges = [
            item.start_ms,
            *(at for at in (word.start_ms, word.end_ms) if item.start_ms < at < item.end_ms),
            item.end_ms,
        ]
        for start_ms, end_ms in pairwise(edges):
            inside = word.start_ms <= start_ms < word.end_ms
            source, code = (Source.PERSON, word.code) if inside else (item.source, item.reason)
            yield replace(item, start_ms=start_ms, end_ms=end_ms, source=source, reason=code)


def _loss(interval: StateInterval) -> str | None:
    if is_lost(interval, unknown_is_delay=True):
        return loss_of(interval, REASONS).value
    return "production" if interval.element is Element.APT else None


def _figure(above: Fraction, below: Fraction) -> dict[str, JsonValue]:
    if not below:
        return {"value": None, "exact": None, "reason": "no planned busy time"}
    value = above / below
    return {"value": f"{float(value):.9f}", "exact": str(value), "reason": None}


def _ms(text: Any) -> int:
    return int(datetime.fromisoformat(str(text)).timestamp() * 1000)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
