"""What persons say about a unit: why it stood, how fast it should run, that the past is to be judged again.

A word is written down with its command and answered at once; the keeper judges with it at its next step and notes that.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from namespace.contracts.command import Command, Refused
from namespace.contracts.oee import IdealCycleSet, StopClassified
from namespace.contracts.oee_arguments import ClassifyStop, MergeStops, Restate, SetIdealCycle, SplitStop
from namespace.isa95 import EquipmentPath, EquipmentPathError, ReasonTree
from namespace.runtime import from_ms, to_ms
from namespace.runtime.commands import CommandHandler, Done
from namespace.store import Transaction, append
from services.oee.adapters import postgres
from services.oee.adapters.telling import new_event
from services.oee.application.units import Units
from services.oee.domain.sample import Classification, CycleMark

Part = tuple[int, int, str | None]
"""Begin, end and reason code of a painted stretch."""


class Words:
    """Takes the commands of persons.

    Args:
        units: The units of the site.
        reasons: The site's tree of reasons.
        said: Called whenever there may be new words to judge with.
        keep_ms: How long final windows keep the samples that they are judged by.
    """

    def __init__(self, units: Units, reasons: ReasonTree, said: Callable[[], None], *, keep_ms: int) -> None:
        self._units = units
        self._reasons = reasons
        self._said = said
        self._keep_ms = keep_ms

    def handlers(self) -> dict[str, CommandHandler]:
        """Return the handler of each command of the contract."""
        return {
            "ClassifyStop": self._classify,
            "SplitStop": self._split,
            "MergeStops": self._merge,
            "SetIdealCycle": self._set_ideal_cycle,
            "Restate": self._restate,
        }

    async def _classify(self, tx: Transaction, command: Command, args: ClassifyStop) -> Done:
        return await self._paint(tx, command, [(to_ms(args.start), to_ms(args.end), args.reason_code)])

    async def _split(self, tx: Transaction, command: Command, args: SplitStop) -> Done:
        edges = [to_ms(args.start), *(to_ms(part.end) for part in args.parts)]
        codes = [part.reason_code for part in args.parts]
        return await self._paint(tx, command, list(zip(edges, edges[1:], codes, strict=False)))

    async def _merge(self, tx: Transaction, command: Command, args: MergeStops) -> Done:
        return await self._paint(tx, command, [(to_ms(args.start), to_ms(args.end), args.reason_code)])

    async def _paint(self, tx: Transaction, command: Command, parts: list[Part]) -> Done:
        path, why = self._about(command)
        for number, (start_ms, end_ms, code) in enumerate(parts):
            if start_ms >= end_ms:
                raise Refused("EmptyStretch", f"the stretch ends at {from_ms(end_ms)}, before it begins; swap the two")
            self._check_reason(code)
            self._check_kept(path, end_ms)
            key = f"{command.command_id}|{number}"
            document = {"start_ms": start_ms, "end_ms": end_ms, "reason": code}
            await postgres.add_word(tx, self._word(command, key, "classification", document))
            said = StopClassified(start=from_ms(start_ms), end=from_ms(end_ms), reason_code=code, why=why)
            event = new_event("StopClassified", path, key, _said_ms(command), said.model_dump(mode="json"))
            await append(tx, [replace(event, actor=command.actor, correlation=str(command.command_id))])
        return self._done(tx)

    async def _set_ideal_cycle(self, tx: Transaction, command: Command, args: SetIdealCycle) -> Done:
        path, why = self._about(command)
        if Decimal(args.ideal_cycle_s) <= 0:
            raise Refused("NotPositive", f"an ideal cycle of {args.ideal_cycle_s} s is none; give seconds above zero")
        document = {"at_ms": to_ms(args.since), "material": args.material, "ideal_cycle_s": args.ideal_cycle_s}
        key = str(command.command_id)
        await postgres.add_word(tx, self._word(command, key, "ideal_cycle", document))
        said = IdealCycleSet(since=args.since, material=args.material, ideal_cycle_s=args.ideal_cycle_s, why=why)
        event = new_event("IdealCycleSet", path, key, _said_ms(command), said.model_dump(mode="json"))
        await append(tx, [replace(event, actor=command.actor, correlation=key)])
        return self._done(tx)

    async def _restate(self, tx: Transaction, command: Command, args: Restate) -> Done:
        path, _ = self._about(command)
        if args.since >= args.until:
            raise Refused("EmptyStretch", f"{args.until} is not after {args.since}; swap the two")
        document = {"since_ms": to_ms(args.since), "until_ms": to_ms(args.until)}
        self._check_kept(path, document["until_ms"])
        key = str(command.command_id)
        await postgres.add_word(tx, self._word(command, key, "restate", document))
        return self._done(tx)

    def _word(self, command: Command, key: str, kind: str, document: dict[str, Any]) -> postgres.Word:
        path, why = self._about(command)
        return postgres.Word(key, path, kind, document, command.actor, why, _said_ms(command))

    def _done(self, tx: Transaction) -> Done:
        self._said()
        tx.after_commit(self._said)
        return Done("noted; the windows it concerns are judged again now")

    def _about(self, command: Command) -> tuple[EquipmentPath, str]:
        """The unit a command is about, and why."""
        try:
            path = EquipmentPath.parse(command.subject)
        except EquipmentPathError as error:
            raise Refused("UnknownWorkUnit", f"{command.subject!r} is no work unit: {error}") from error
        if path not in self._units.by_path:
            raise Refused(
                "UnknownWorkUnit", f"the site file has no work unit {command.subject}; name one as its subject"
            )
        if not (command.reason or "").strip():
            raise Refused("ReasonMissing", "a change of what was said needs a reason: say why in `reason`")
        return path, str(command.reason)

    def _check_kept(self, path: EquipmentPath, until_ms: int) -> None:
        state = self._units.by_path[path].state
        since_ms = 0 if state is None else state.now_ms - self._keep_ms
        if until_ms <= since_ms:
            raise Refused(
                "TooLongAgo",
                f"shifts of {path} that ended before {from_ms(since_ms)} are no longer judged again: the samples behind them are gone "
                "(UNS_OEE_KEEP_SAMPLES_DAYS)",
            )

    def _check_reason(self, code: str | None) -> None:
        offered = [reason.code for reason in self._reasons.offered()]
        if code is None or code in offered:
            return
        if code in self._reasons.reasons:
            raise Refused("RetiredReason", f"reason {code} is retired; choose another")
        near = difflib.get_close_matches(code, offered, n=1)
        hint = f"did you mean {near[0]}?" if near else "the site file lists them under `reasons`"
        raise Refused("UnknownReason", f"no reason has the code {code}; {hint}")


def sample_of(record: Any, document: dict[str, Any]) -> Classification | CycleMark:
    """Return a word of kind `classification` or `ideal_cycle` as the sample that units are judged with."""
    if record["kind"] == "ideal_cycle":
        ideal_ms = Fraction(document["ideal_cycle_s"]) * 1000
        return CycleMark(document["at_ms"], document["material"], ideal_ms, record["said_ms"])
    return Classification(
        document["start_ms"], document["end_ms"], document["reason"], record["actor"], record["said_ms"], record["id"]
    )


def _said_ms(command: Command) -> int:
    return to_ms(command.issued_at)
