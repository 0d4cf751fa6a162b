"""Commands over Sparkplug NCMD: the desk that carries them out once, and the client that repeats until answered."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from namespace.contracts.command import (
    COMMAND_REQUEST_METRIC,
    COMMAND_RESPONSE_METRIC,
    MAX_COMMAND_BYTES,
    Command,
    CommandResponse,
    CommandStatus,
    Refused,
)
from namespace.contracts.contract import CommandContract, edge_node_id
from namespace.isa95 import EquipmentPath
from namespace.runtime.clock import Clock, to_ms
from namespace.runtime.errors import NoAnswer, NotConnected
from namespace.runtime.logging import get_logger
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.session import Session
from namespace.sparkplug import DataType, Metric, Payload, RemoteProtocolError, Topic, decode_payload, encode_payload
from namespace.sparkplug import MessageType as Kind
from namespace.store import (
    CommandReused,
    Database,
    DatabaseUnavailable,
    Transaction,
    TransactionConflict,
    once,
    store_response,
)
from namespace.transport import Message

_LANE_QUEUE = 2_000
_TOGETHER = 16
"""Commands of one lane that share a transaction when they have piled up."""

_FIRST_REPEAT_S = 1.0
_LOST_S = 0.05
_LAST_REPEAT_S = 8.0


@dataclass(frozen=True, slots=True)
class Done:
    """A command took effect.

    Attributes:
        message: One sentence for people.
        version: The subject's version now.
        result: By the command's contract.
        touched: Places whose published state may have changed.
    """

    message: str = "done"
    version: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    touched: frozenset[EquipmentPath] = frozenset()


CommandHandler = Callable[[Transaction, Command, Any], Awaitable[Done]]
"""Takes the transaction, the command and its validated arguments; returns `Done` or raises `Refused`."""


class CommandDesk:
    """Carries out commands: each once, those of one subject in order, different subjects side by side in lanes.

    The effect, its events and the stored answer are one transaction, so a command that is repeated after a crash at any instruction
    either finds its answer or takes effect for the first time.
    """

    def __init__(
        self,
        database: Database,
        *,
        contracts: Mapping[str, CommandContract],
        handlers: Mapping[str, CommandHandler],
        answer: Callable[[CommandResponse], None],
        committed: Callable[[Done], None],
        clock: Clock,
        lanes: int,
        metrics: ServiceMetrics,
    ) -> None:
        self._database = database
        self._contracts = contracts
        self._handlers = handlers
        self._answer = answer
        self._committed = committed
        self._clock = clock
        self._metrics = metrics
        self._lanes: list[asyncio.Queue[tuple[float, Command]]] = [asyncio.Queue(_LANE_QUEUE) for _ in range(lanes)]
        self._log = get_logger(part="commands")

    def receive(self, text: object) -> None:
        """Take in the value of a `Command/Request`; what cannot be a command is counted and, where it has an id, refused."""
        if not isinstance(text, str) or len(text.encode()) > MAX_COMMAND_BYTES:
            self._metrics.rejected.labels("command", "not_a_document").inc()
            return
        try:
            command = Command.model_validate_json(text)
        except ValidationError as error:
            self._metrics.rejected.labels("command", "malformed").inc()
            self._refuse_malformed(text, error)
            return
        lane = self._lanes[zlib.crc32(command.subject.encode()) % len(self._lanes)]
        try:
            lane.put_nowait((time.perf_counter(), command))
        except asyncio.QueueFull:
            self._metrics.overflows.labels("commands").inc()  # the caller repeats

    def _refuse_malformed(self, text: str, error: ValidationError) -> None:
        try:
            command_id = UUID(json.loads(text)["command_id"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return  # nobody to answer
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        self._answer(_rejection(command_id, "Malformed", problems))

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number, lane in enumerate(self._lanes):
                group.create_task(self._work(lane), name=f"command lane {number}")

    async def _work(self, lane: asyncio.Queue[tuple[float, Command]]) -> None:
        while True:
            waiting = [await lane.get()]
            while len(waiting) < _TOGETHER and not lane.empty():
                waiting.append(lane.get_nowait())
            if len(waiting) > 1 and await self._all_carried_out(waiting):
                continue
            for received, command in waiting:
                await self._carried_out(received, command)

    async def _all_carried_out(self, waiting: Sequence[tuple[float, Command]]) -> bool:
        """Carry out what has piled up in one transaction, so that many commands cost one commit.

        Returns:
            False where one of them was refused or failed: nothing has happened then, and each is to be carried out alone.
        """
        try:
            async with self._database.transaction() as transaction:
                outcomes = [await self._answer_in(transaction, command) for _, command in waiting]
        except Exception as error:  # noqa: BLE001 - whose fault it is shows when each is carried out alone
            self._log.debug("commands_carried_out_alone", count=len(waiting), because=type(error).__name__)
            return False
        for (received, command), (response, done) in zip(waiting, outcomes, strict=True):
            self._settle(received, command, response, done)
        return True

    async def _carried_out(self, received: float, command: Command) -> None:
        try:
            response, done = await self._carry_out(command)
        except (DatabaseUnavailable, TransactionConflict) as unavailable:
            self._log.warning("command_waits_for_database", command=command.name, error=str(unavailable))
            return  # nothing happened; the caller repeats
        except CommandReused as reused:
            response, done = _rejection(command.command_id, "CommandIdReused", str(reused)), None
        except Exception as error:  # noqa: BLE001 - the supervisor of handlers: one bad command must not end the lane
            self._log.exception("command_failed", command=command.name, subject=command.subject)
            text = f"the service failed ({type(error).__name__}); its log has the details; nothing has changed"
            response, done = _rejection(command.command_id, "InternalError", text), None
        self._settle(received, command, response, done)

    def _settle(self, received: float, command: Command, response: CommandResponse, done: Done | None) -> None:
        if done is not None:
            self._committed(done)
        self._answer(response)
        name = command.name if command.name in self._handlers else "?"
        self._metrics.commands.labels(name, response.status.value).inc()
        self._metrics.command_seconds.observe(time.perf_counter() - received)

    async def _carry_out(self, command: Command) -> tuple[CommandResponse, Done | None]:
        try:
            return await self._in_one(command)
        except Refused as refused:
            # What the handler did is undone with its transaction (a savepoint would cost every command two
            # round trips); the refusal is stored in one of its own.
            refusal = _rejection(command.command_id, refused.code, refused.message, refused.version)
        return await self._in_one(command, refusal)

    async def _in_one(
        self, command: Command, refusal: CommandResponse | None = None
    ) -> tuple[CommandResponse, Done | None]:
        done: Done | None = None
        try:
            async with self._database.transaction() as transaction:
                response, done = await self._answer_in(transaction, command, refusal=refusal)
        except DatabaseUnavailable as lost:
            if lost.outcome_unknown and done is not None:
                self._committed(done)  # perhaps: published state is read anew, the answer comes with the repetition
            raise
        return response, done

    async def _answer_in(
        self, transaction: Transaction, command: Command, *, refusal: CommandResponse | None = None
    ) -> tuple[CommandResponse, Done | None]:
        """Give the stored answer of a command; or decide, unless it is refused already, and store the answer."""
        known = await once(transaction, command.command_id, _digest(command))
        if known is not None:
            return CommandResponse.model_validate(known), None
        response, done = (refusal, None) if refusal is not None else await self._decide(transaction, command)
        await store_response(transaction, command.command_id, response.model_dump(mode="json"))
        return response, done

    async def _decide(self, transaction: Transaction, command: Command) -> tuple[CommandResponse, Done | None]:
        if command.has_expired(self._clock.now()):
            message = f"the command expired at {command.expires_at}; send it again if it is still wanted"
            expired = CommandResponse(
                command_id=command.command_id, status=CommandStatus.EXPIRED, code="Expired", message=message
            )
            return expired, None
        handler = self._handlers.get(command.name)
        if handler is None:
            known = ", ".join(sorted(self._handlers)) or "none"
            return _rejection(
                command.command_id, "UnknownCommand", f"no command {command.name!r} here; known: {known}"
            ), None
        try:
            arguments = self._contracts[command.name].args.model_validate(command.args)
        except ValidationError as error:
            problems = "; ".join(f"args.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            return _rejection(command.command_id, "BadArguments", problems), None
        done = await handler(transaction, command, arguments)
        response = CommandResponse(
            command_id=command.command_id,
            status=CommandStatus.DONE,
            code="Done",
            message=done.message,
            version=done.version,
            result=done.result,
        )
        return response, done


def _digest(command: Command) -> str:
    """Identify what a command asks for; its times may differ between repetitions."""
    asked = command.model_dump_json(include={"name", "subject", "args", "expected_version", "actor", "reason"})
    return hashlib.sha256(asked.encode()).hexdigest()


def _rejection(command_id: UUID, code: str, message: str, version: int | None = None) -> CommandResponse:
    return CommandResponse(
        command_id=command_id, status=CommandStatus.REJECTED, code=code, message=message, version=version
    )


@dataclass(slots=True)
class _Waiting:
    """Whoever waits for the answer to one command: the same command may be sent twice at once."""

    answer: asyncio.Future[CommandResponse] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    senders: int = 0


class CommandClient:
    """Sends commands to MES nodes of one site and repeats each until it is answered.

    It can address MES services alone, by construction: there is no way to name a machine's node here.

    Args:
        session: Where commands go out and answers come in; call the constructor before it runs.
        site: The site.
        targets: Services that may be commanded.
        clock: For timestamps on the wire.
    """

    def __init__(self, session: Session, site: EquipmentPath, targets: frozenset[str], clock: Clock) -> None:
        self._session = session
        self._site = site
        self._targets = targets
        self._clock = clock
        self._waiting: dict[UUID, _Waiting] = {}
        for target in targets:
            session.route(f"spBv1.0/{site.group_id}/NDATA/{edge_node_id(target)}", self._receive)

    def _receive(self, message: Message) -> None:
        if not self._waiting or COMMAND_RESPONSE_METRIC.encode() not in message.payload:
            return
        try:
            payload = decode_payload(message.payload)
        except RemoteProtocolError:
            return
        for metric in payload.metrics:
            if metric.name == COMMAND_RESPONSE_METRIC and isinstance(metric.value, str):
                self._answered(metric.value)

    def _answered(self, text: str) -> None:
        try:
            response = CommandResponse.model_validate_json(text)
        except ValidationError:
            return
        waiting = self._waiting.get(response.command_id)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_result(response)

    async def send(self, target: str, command: Command, *, timeout_s: float = 30.0) -> CommandResponse:
        """Send `command` to `target` and return its answer, however often it must be repeated.

        Args:
            target: A service, for example `work_order`.
            command: The command; its `command_id` makes repeating harmless.
            timeout_s: Patience in all, in seconds.

        Raises:
            NoAnswer: No answer came; whether the command takes effect later is unknown: send the same command again to learn.
            LookupError: `target` is not among the services this client may command.
        """
        if target not in self._targets:
            msg = f"{target!r} is not a service this client may command; it may command {', '.join(sorted(self._targets))}"
            raise LookupError(msg)
        topic = str(Topic(self._site.group_id, Kind.NCMD, edge_node_id(target)))
        text = command.model_dump_json()
        waiting = self._waiting.setdefault(command.command_id, _Waiting())
        waiting.senders += 1
        repeat_s = _FIRST_REPEAT_S
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    await self._session.up.wait()
                    try:
                        await self._session.publish(topic, self._encode(text))
                    except NotConnected:
                        await asyncio.sleep(_LOST_S)  # the session learns of it only when this task lets go
                        continue
                    done, _ = await asyncio.wait({waiting.answer}, timeout=repeat_s)
                    if done:
                        return waiting.answer.result()
                    repeat_s = min(repeat_s * 2, _LAST_REPEAT_S)
        except TimeoutError:
            asked = f"{target} (command {command.name})"
            raise NoAnswer(asked, timeout_s) from None
        finally:
            waiting.senders -= 1
            if not waiting.senders:
                del self._waiting[command.command_id]

    def _encode(self, text: str) -> bytes:
        now_ms = to_ms(self._clock.now())
        metric = Metric(name=COMMAND_REQUEST_METRIC, timestamp=now_ms, datatype=DataType.String, value=text)
        payload: bytes = encode_payload(Payload(timestamp=now_ms, metrics=(metric,)))
        return payload
