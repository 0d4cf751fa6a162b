"""The host application of `uns sparkplug host`, and the words that drive it.

It is written with the public names of the library alone, and so an example of how to use them: STATE, order, rebirths and what is stale
are the library's; this maps words to calls. A tool for people: what runs in a site cannot write to a machine.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from namespace.cli.host_reports import report, standing
from namespace.cli.json_lines import LineError, id_of, lines, read_line, say, text_of
from namespace.cli.sparkplug_values import value_from_json
from namespace.runtime import Backoff, Health, HostServer, NotConnected, Session, SystemClock, to_ms
from namespace.sparkplug import (
    DataType,
    EdgeNodeDescriptor,
    HostEvent,
    HostSession,
    HostSettings,
    LocalProtocolError,
    Metric,
    TopicError,
    command,
)
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport

_SOON_S = 0.5
_DEVICE_REBIRTH = "Device Control/Rebirth"


@dataclass(frozen=True, slots=True)
class HostRequest:
    """What the command line asks for.

    Attributes:
        servers: Brokers; the host is at all of them at once.
        host_id: Sparkplug host id.
        settings: Of the protocol.
        protocol: 4 for MQTT 3.1.1, or 5.
        client_id: MQTT client id.
        keep_alive_s: MQTT keep-alive, in seconds.
        allow_plaintext: Whether servers on other machines may be unencrypted.
        says_datatype: Whether commands say the data type.
        by_alias: Whether commands give the alias of the birth instead of the name.
        tells_data: Whether every value is reported.
    """

    servers: list[BrokerUrl]
    host_id: str
    settings: HostSettings
    protocol: Literal[4, 5]
    client_id: str
    keep_alive_s: int
    allow_plaintext: bool
    says_datatype: bool
    by_alias: bool
    tells_data: bool


class _Place:
    """The host at one server; joined to its session so that it can tell of connections."""

    def __init__(self, url: BrokerUrl, asked: HostRequest) -> None:
        self.url = str(url)
        self._tells_data = asked.tells_data
        transport = MqttTransport(
            url,
            client_id=asked.client_id,
            protocol=asked.protocol,
            keepalive_s=asked.keep_alive_s,
            allow_plaintext=asked.allow_plaintext,
        )
        session = Session(transport, name=f"host at {url}", health=Health(), backoff=Backoff(limit_s=_SOON_S))
        self.core = HostSession(asked.settings)
        self.server = HostServer(session, asked.host_id, self.core, clock=SystemClock(), told=self._told)
        session.join(self)

    async def connected(self) -> None:
        """STATE has been said."""
        say("online", server=self.url)

    def disconnected(self) -> None:
        """Everything learned here is stale."""
        say("offline", server=self.url)

    def _told(self, events: Iterable[HostEvent]) -> None:
        for event in events:
            report(event, self.url, tells_data=self._tells_data)


class HostTool:
    """The host application and the words that drive it."""

    def __init__(self, asked: HostRequest) -> None:
        self._asked = asked
        self._places = [_Place(url, asked) for url in asked.servers]
        self.verbs: Mapping[str, Callable[[dict[str, Any]], Any]] = {
            "rebirth": self._rebirth,
            "write": self._write,
            "show": self._show,
        }

    async def run(self) -> None:
        """Be at every server until cancelled."""
        async with asyncio.TaskGroup() as group:
            for place in self._places:
                group.create_task(place.server.run(), name=f"host at {place.url}")

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
        except NotConnected:
            say("error", message="there is no connection to the server just now; try again", **id_of(line))
        return True

    async def leave(self) -> None:
        """Say offline at every server, and leave in order."""
        await asyncio.gather(*(place.server.farewell() for place in self._places))

    # -- words

    async def _rebirth(self, line: dict[str, Any]) -> None:
        node, device = _node_of(line), _device_of(line)
        for place in self._of(node):
            if device is None:
                await place.server.request_rebirth(node)
            else:
                wish = Metric(name=_DEVICE_REBIRTH, datatype=DataType.Boolean, value=True)
                await self._send(place, node, device, wish)
        say("done", do="rebirth", **id_of(line))

    async def _write(self, line: dict[str, Any]) -> None:
        node, device, name = _node_of(line), _device_of(line), text_of(line, "metric")
        for place in self._of(node):
            born = _born(place.core, node, device).get(name)
            datatype = _type_of(line, name, born)
            value = value_from_json(line.get("value"), datatype, None if born is None else born.value)
            alias = born.alias if born is not None and self._asked.by_alias else None
            written = Metric(name=name if alias is None else None, alias=alias, datatype=datatype, value=value)
            await self._send(place, node, device, written)
        say("done", do="write", **id_of(line))

    async def _send(self, place: _Place, node: EdgeNodeDescriptor, device: str | None, metric: Metric) -> None:
        now_ms = to_ms(SystemClock().now())
        await place.server.send(command(node, device, (metric,), now_ms, says_datatype=self._asked.says_datatype))

    def _show(self, line: dict[str, Any]) -> None:
        wanted = _node_of(line) if "node" in line else None
        found: list[dict[str, Any]] = []
        for place in self._places:
            nodes = place.server.view.edge_nodes() if wanted is None else (wanted,)
            for node in nodes:
                told = standing(place.server.view, node, _device_of(line), line.get("metric"))
                found.append({"server": place.url, "state": place.server.is_online, **told})
        say("state", found=found, **id_of(line))

    def _of(self, node: EdgeNodeDescriptor) -> Iterator[_Place]:
        """Yield the servers where an edge node was heard of, or all of them."""
        heard = [place for place in self._places if node in place.core.edge_nodes()]
        yield from heard or self._places


def _born(core: HostSession, node: EdgeNodeDescriptor, device: str | None) -> dict[str | None, Metric]:
    """Return the metrics that the last birth of an edge node or device listed, by name."""
    known = core.snapshot(node)
    if known is None:
        return {}
    found = known.metrics if device is None else [m for d in known.devices if d.device_id == device for m in d.metrics]
    return {metric.name: metric for metric in found}


def _node_of(line: Mapping[str, Any]) -> EdgeNodeDescriptor:
    return EdgeNodeDescriptor.parse(text_of(line, "node"))


def _device_of(line: Mapping[str, Any]) -> str | None:
    return text_of(line, "device") if line.get("device") is not None else None


def _type_of(line: Mapping[str, Any], name: str, born: Metric | None) -> DataType:
    if "type" in line:
        try:
            return DataType[text_of(line, "type")]
        except KeyError as unknown:
            raise LineError(f"there is no data type {unknown}") from None
    if born is None or born.datatype is None:
        raise LineError(f'no birth told of {name!r} there; add its "type", such as "Int32"')
    return born.datatype


async def run_host(asked: HostRequest) -> None:
    """Be the host application that is asked for until a line says quit or there are no more.

    Raises:
        BrokerUrlError: A server is on another machine and not encrypted.
        TopicError: The host id cannot stand in a topic.
    """
    tool = HostTool(asked)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(tool.run(), name="host application")
        say("started", host_id=asked.host_id, servers=[str(url) for url in asked.servers])
        async with contextlib.aclosing(lines()) as given:
            async for text in given:
                if not await tool.obey(text):
                    break
        await tool.leave()
        running.cancel()
    say("ended")
