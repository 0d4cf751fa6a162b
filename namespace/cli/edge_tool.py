"""The edge node of `uns sparkplug edge`, and the words that drive it.

It is written with the public names of the library alone, and so an example of how to use them: sessions, gate, servers, buffer and
resending are the library's; this maps words to calls.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from namespace.cli.edge_metrics import device_metrics, node_metrics
from namespace.cli.json_lines import LineError, id_of, lines, read_line, say, text_of
from namespace.cli.sparkplug_values import value_from_json
from namespace.contracts.json_value import json_value
from namespace.runtime import (
    Backoff,
    BufferSettings,
    EdgeBuffer,
    Health,
    NotConnected,
    NotKept,
    ServiceMetrics,
    Session,
    StoreAndForwardNode,
    SystemClock,
    buffer_path,
)
from namespace.sparkplug import (
    EdgeNodeConfig,
    ForwardingSettings,
    LocalProtocolError,
    MetricDefinition,
    MetricUpdate,
    TopicError,
    Value,
)
from namespace.transport import BrokerUrl, ServerWalk
from namespace.transport.mqtt import MqttTransport

_SOON_S = 0.5
_WALK_AFTER_S = 1.0
_FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class EdgeRequest:
    """What the command line asks for.

    Attributes:
        servers: Brokers, in order.
        config: Who the edge node is.
        devices: Its devices.
        is_complex: Whether it has a metric of every kind.
        state_dir: Where its buffer is.
        protocol: 4 for MQTT 3.1.1, or 5.
        client_id: MQTT client id.
        keep_alive_s: MQTT keep-alive, in seconds.
        allow_plaintext: Whether servers on other machines may be unencrypted.
        forwarding: Resend window and rate.
        buffer: Bounds of the buffer.
    """

    servers: list[BrokerUrl]
    config: EdgeNodeConfig
    devices: list[str]
    is_complex: bool
    state_dir: Path
    protocol: Literal[4, 5]
    client_id: str
    keep_alive_s: int
    allow_plaintext: bool
    forwarding: ForwardingSettings
    buffer: BufferSettings


class _Teller:
    """Reports connections; joined to the session before the node, so that it speaks first."""

    def __init__(self, walk: ServerWalk) -> None:
        self._walk = walk

    async def connected(self) -> None:
        transport = self._walk.current
        say("connected", server=str(transport.url) if isinstance(transport, MqttTransport) else "")

    def disconnected(self) -> None:
        say("disconnected")


class EdgeTool:
    """The edge node and the words that drive it."""

    def __init__(self, asked: EdgeRequest) -> None:
        walk = ServerWalk(
            [
                MqttTransport(
                    url,
                    client_id=asked.client_id,
                    protocol=asked.protocol,
                    keepalive_s=asked.keep_alive_s,
                    allow_plaintext=asked.allow_plaintext,
                )
                for url in asked.servers
            ]
        )
        health = Health()
        session = Session(
            walk,
            name="edge",
            health=health,
            backoff=Backoff(limit_s=_SOON_S),
            leaves_with_will=asked.protocol == 5,
        )
        session.join(_Teller(walk))
        self._buffer = EdgeBuffer(
            buffer_path(asked.state_dir, asked.config.group_id, asked.config.edge_node_id), asked.buffer
        )
        own = node_metrics(is_complex=asked.is_complex)
        of_devices = device_metrics(is_complex=asked.is_complex)
        self._node = StoreAndForwardNode(
            session,
            asked.config,
            node_metrics=own,
            devices=dict.fromkeys(asked.devices, of_devices),
            buffer=self._buffer,
            clock=SystemClock(),
            metrics=ServiceMetrics(),
            health=health,
            forwarding=asked.forwarding,
            walk_after_s=_WALK_AFTER_S if len(walk) > 1 else None,
        )
        self._node.born = lambda: say("born", bd_seq=self._node.core.bd_seq)
        self._node.lost = lambda: say("lost")
        self._let_write(None, own)
        for each in asked.devices:
            self._let_write(each, of_devices)
        self._tasks: set[asyncio.Task[None]] = set()
        self.verbs: Mapping[str, Callable[[dict[str, Any]], Any]] = {
            "write": self._write,
            "device-birth": lambda line: self._node.device_born(text_of(line, "device")),
            "device-death": lambda line: self._node.device_died(text_of(line, "device")),
            "rebirth": lambda _: self._node.rebirth(),
            "node-death": lambda _: self.leave(),
            "node-birth": lambda _: self._node.come_back(),
            "status": lambda _: self._status(),
        }

    async def run(self) -> None:
        """Keep the node in the namespace until cancelled."""
        await self._node.run()

    async def obey(self, text: str) -> bool:
        """Do what a line says.

        Returns:
            False when it says "quit".
        """
        line: dict[str, Any] = {}
        try:
            line = read_line(text)
            verb = text_of(line, "do")
            if verb == "quit":
                return False
            do = self.verbs.get(verb)
            if do is None:
                raise LineError(f"there is no {verb!r}; there are {', '.join(self.verbs)}, quit")
            result = do(line)
            if asyncio.iscoroutine(result):
                await result
        except (LineError, ValueError, LocalProtocolError, TopicError) as error:
            say("error", message=str(error), **id_of(line))
        else:
            if verb != "write":
                say("done", do=verb, **id_of(line))
        return True

    async def leave(self) -> None:
        """Say goodbye in order, if there is a session, and stay away."""
        with contextlib.suppress(NotConnected, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                await self._node.farewell()

    # -- words

    def _write(self, line: dict[str, Any]) -> None:
        device = line.get("device")
        name = text_of(line, "metric")
        if device is not None and not self._node.core.has_device(device):
            raise LineError(f"there is no device {device!r}")
        definition = self._node.core.definition(device, name)
        if definition is None:
            raise LineError(f"there is no metric {name!r}")
        value = value_from_json(line.get("value"), definition.datatype, definition.value)
        at_ms = line.get("at_ms")
        if at_ms is not None and (not isinstance(at_ms, int) or isinstance(at_ms, bool)):
            raise LineError("at_ms is milliseconds since the epoch")
        number = self._node.report(device, [MetricUpdate(name, value, timestamp=at_ms)])
        self._later(self._tell_kept(number, line))

    async def _tell_kept(self, number: int | None, line: dict[str, Any]) -> None:
        try:
            await self._node.kept(number)
        except NotKept as error:
            say("not-kept", reason=str(error), **id_of(line))
        else:
            say("kept", is_news=number is not None, **id_of(line))

    def _status(self) -> None:
        contents = self._buffer.contents
        say(
            "status",
            state=self._node.core.state.value,
            bd_seq=self._node.core.bd_seq,
            readings=contents.readings,
            waiting=self._node.waiting,
            size_bytes=contents.size_bytes,
            dropped=contents.dropped,
            undeliverable=contents.undeliverable,
            problem=self._buffer.problem,
        )

    def _let_write(self, device: str | None, definitions: list[MetricDefinition]) -> None:
        for definition in definitions:
            if definition.writable:
                self._node.on_write(definition.name, partial(self._obeyed, device, definition), device_id=device)

    def _obeyed(self, device: str | None, definition: MetricDefinition, value: Value) -> None:
        """A command wrote a value: take it and say so, as an output that follows its command does."""
        shown = json_value(value, definition.datatype)
        say("command", device=device, metric=definition.name, value=shown)
        try:
            self._node.report(device, [MetricUpdate(definition.name, value)])
        except LocalProtocolError as error:
            say("error", message=str(error))

    def _later(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def run_edge(asked: EdgeRequest) -> None:
    """Be the edge node that is asked for until a line says quit or there are no more.

    Raises:
        BufferInUse: Another process is this edge node.
        BrokerUrlError: A server is on another machine and not encrypted.
        LocalProtocolError: An id cannot stand in a topic.
    """
    tool = EdgeTool(asked)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(tool.run(), name="edge node")
        say("started", edge_node=str(asked.config.edge_node), devices=asked.devices)
        async with contextlib.aclosing(lines()) as given:
            async for text in given:
                if not await tool.obey(text):
                    break
        await tool.leave()
        running.cancel()
    say("ended")
