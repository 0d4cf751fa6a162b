"""A thousand edge nodes of a hundred metrics at a real broker: a host restarts, the primary host restarts, the broker restarts.

Times are until whoever restarted, and after the broker everybody, holds every metric of every node as current. The nodes are one process
of the load generator, gated on the primary host; `namespace_state` is the service itself. Both hosts are what the library offers, in this
process; where `namespace_state` itself restarts, the primary host is the historian. Requests for rebirth are read off the wire, by a reader
that must see one of ours in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager

from namespace.contracts.query import SiteTopics
from namespace.isa95 import SiteModel, load_site
from namespace.runtime import (
    EdgeNodeListener,
    Health,
    HostServer,
    QueryClient,
    ServiceMetrics,
    Session,
    SystemClock,
    configure_logging,
)
from namespace.runtime.errors import NoAnswer
from namespace.sparkplug import (
    BD_SEQ,
    REBIRTH,
    EdgeNodeDescriptor,
    HostSession,
    NodeState,
    decode_payload,
    rebirth_request,
)
from namespace.testing.servers import ServiceDatabase, TestBroker, database_maker, running_broker, scratch_folder
from namespace.transport import BrokerUrl
from namespace.transport.mqtt import MqttTransport
from tests.benchmarks.brokers import durable_postgres
from tests.benchmarks.consumers.own_host import SITE_FILE
from tests.benchmarks.contestants import Broken
from tests.benchmarks.environments import ROOT
from tests.benchmarks.generator import GROUP
from tests.benchmarks.rounds import Gate, Row, Spread, against_goal
from tests.benchmarks.run import Run
from tests.benchmarks.service import running

NODES, METRICS = 1_000, 100
_HOST_ID = "bench-primary"
_FIRST_S, _PATIENCE_S, _QUIET_S, _LOOK_S, _ASK_S = 180.0, 60.0, 3.0, 0.02, 0.2
_WHAT = {
    "restart-host": ("a host restarts: 100,000 metrics current", 5.0),
    "restart-primary": ("the primary host restarts: 1,000 gated nodes reborn, all current", 10.0),
    "restart-broker": ("the broker restarts: all current at both hosts", 10.0),
    "restart-registry": ("namespace_state restarts: all current, its start included", 5.0),
}


def measured(run: Run) -> list[Row]:
    """Return the rows of the restarts."""
    run.say("restarts under 1,000 edge nodes")
    configure_logging(form="text", level="error", output=sys.stderr)
    try:
        return asyncio.run(_rows(run))
    except (Broken, TimeoutError) as reason:
        return [
            Row(each, what, void=str(reason) or "not current in time", gate=Gate(1.0))
            for each, (what, _) in _WHAT.items()
        ]


async def _rows(run: Run) -> list[Row]:
    found: dict[str, list[float]] = {each: [] for each in _WHAT}
    asked: dict[str, list[float]] = {"restart-host": [], "restart-registry": []}
    with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
        for account in ("bench-primary", "bench-other", "bench-asker", "bench-wire"):
            broker.add_account(account)
        new_database = database_maker(server)

        def service(name: str, database: ServiceDatabase, **further: str) -> AbstractAsyncContextManager[object]:
            url = broker.add_account(f"mes-{name.replace('_', '-')}")
            return running(
                f"services.{name}", broker_url=url, database_url=database.dsn, data_dir=folder, further=further
            )

        databases = {name: await new_database(name) for name in ("namespace_state", "historian")}
        async with AsyncExitStack() as registry, _requests(broker) as requests:
            await registry.enter_async_context(service("namespace_state", databases["namespace_state"]))
            with _generator(broker):
                async with _primary(broker) as core:
                    await _current(core, "the primary host at first")
                    await asyncio.sleep(_QUIET_S)
                    await _registry_knows_all(broker)
                    for _ in range(run.few_rounds):
                        requests.clear()
                        began = time.monotonic()
                        async with _other(broker) as other:
                            found["restart-host"].append(await _current(other, "the other host", began))
                            await asyncio.sleep(_QUIET_S)
                        asked["restart-host"].append(float(len(requests)))
                for number in range(run.few_rounds):
                    began = time.monotonic()
                    async with _primary(broker) as core, _other(broker) as other:
                        found["restart-primary"].append(await _current(core, "the primary host", began))
                        await _current(other, "the other host")
                        if number + 1 < run.few_rounds:
                            continue
                        for _ in range(run.few_rounds):
                            await asyncio.to_thread(broker.kill)
                            await _until(lambda: _count(core) == _count(other) == 0, "the broker's end is noticed")
                            await asyncio.to_thread(broker.start)
                            began = time.monotonic()
                            await _current(other, "the other host after the broker")
                            found["restart-broker"].append(
                                await _current(core, "the primary host after the broker", began)
                            )
                            await asyncio.sleep(_QUIET_S)
                async with service("historian", databases["historian"], UNS_HOST_ID=_HOST_ID):
                    await _registry_knows_all(broker)
                    await asyncio.sleep(_QUIET_S)
                    for _ in range(run.few_rounds):
                        requests.clear()
                        await registry.aclose()
                        began = time.monotonic()
                        await registry.enter_async_context(service("namespace_state", databases["namespace_state"]))
                        await _registry_knows_all(broker)
                        found["restart-registry"].append(time.monotonic() - began)
                        await asyncio.sleep(_QUIET_S)
                        asked["restart-registry"].append(float(len(requests)))
    rows = [against_goal(each, what, found[each], "s", goal) for each, (what, goal) in _WHAT.items()]
    return [*rows, *(_requests_row(each, Spread.of(counts)) for each, counts in asked.items())]


def _requests_row(restart: str, counts: Spread) -> Row:
    what = f"requests for rebirth, of all 1,000 nodes, in {restart}"
    return Row(
        f"{restart}-rebirths", what, figure=counts, unit="requests", ratio=counts, against="request", gate=Gate(0.0)
    )


async def _registry_knows_all(broker: TestBroker) -> None:
    """Wait until `namespace_state` has taken in the first births, and so has the time to answer."""
    session = _session(broker, "bench-asker")
    queries = QueryClient(session, SiteTopics(_site().path), "bench-asker")
    task = asyncio.create_task(session.run())
    deadline = time.monotonic() + _FIRST_S
    online = 0
    try:
        await session.up.wait()
        while online < NODES:
            if time.monotonic() > deadline:
                raise Broken(f"namespace_state knows {online} of {NODES} nodes after {_FIRST_S:g} s")
            with contextlib.suppress(NoAnswer):
                rows = await queries.ask_all("namespace_state", "nodes", timeout_s=2.0)
                online = sum(row["group_id"] == GROUP and row["state"] == "online" for row in rows)
            await asyncio.sleep(_ASK_S)
    finally:
        await session.leave()
        await _ended(task)


def _site() -> SiteModel:
    return load_site(SITE_FILE.read_text(encoding="utf-8"), str(SITE_FILE))


@contextmanager
def _generator(broker: TestBroker) -> Iterator[None]:
    url = broker.add_account("bench-load")
    command = [sys.executable, "-m", "tests.benchmarks.generator", url, _HOST_ID, str(NODES), str(METRICS)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    try:
        yield
        if process.poll() is not None:
            raise Broken("the load generator ended too early")
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _session(broker: TestBroker, name: str) -> Session:
    transport = MqttTransport(BrokerUrl.parse(broker.url(name)), client_id=name)
    return Session(transport, name=name, health=Health(), metrics=ServiceMetrics())


@asynccontextmanager
async def _primary(broker: TestBroker) -> AsyncIterator[HostSession]:
    """The primary host application: STATE, and a host session that hears everything."""
    core = HostSession()
    session = _session(broker, "bench-primary")
    host = HostServer(session, _HOST_ID, core, clock=SystemClock(), told=lambda events: None)
    task = asyncio.create_task(host.run())
    try:
        yield core
    finally:
        await host.farewell()
        await _ended(task)


@asynccontextmanager
async def _other(broker: TestBroker) -> AsyncIterator[HostSession]:
    """A host application that joins as services do: subscribe, hold back, take the snapshot of `namespace_state`."""
    session = _session(broker, "bench-other")
    listener = EdgeNodeListener(
        session,
        [f"spBv1.0/{GROUP}/#"],
        groups=[GROUP],
        told=lambda events, gone=frozenset(): None,
        queries=QueryClient(session, SiteTopics(_site().path), "bench-other"),
        clock=SystemClock(),
        metrics=ServiceMetrics(),
    )
    tasks = [asyncio.create_task(session.run()), asyncio.create_task(listener.run())]
    try:
        yield listener.core
    finally:
        await session.leave()
        for task in tasks:
            await _ended(task)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _requests(broker: TestBroker) -> AsyncIterator[list[EdgeNodeDescriptor]]:
    """Note every request for rebirth that goes to an edge node of the load, also after the broker was gone."""
    heard: list[EdgeNodeDescriptor] = []
    session = _session(broker, "bench-wire")

    def take(topic: str, payload: bytes) -> None:
        if any(metric.name == REBIRTH for metric in decode_payload(payload).metrics):
            heard.append(EdgeNodeDescriptor(GROUP, topic.rpartition("/")[2]))

    session.route(f"spBv1.0/{GROUP}/NCMD/+", lambda message: take(message.topic, message.payload))
    task = asyncio.create_task(session.run())
    try:
        await session.up.wait()
        await session.publish(f"spBv1.0/{GROUP}/NCMD/nobody", _control())
        await _until(lambda: heard, "the reader of the wire sees a request")
        yield heard
    finally:
        await _ended(task)


def _control() -> bytes:
    return rebirth_request(EdgeNodeDescriptor(GROUP, "nobody"), int(time.time() * 1000)).payload


def _count(core: HostSession) -> int:
    return sum(node.group_id == GROUP and core.state(node) is NodeState.ONLINE for node in core.edge_nodes())


async def _current(core: HostSession, who: str, began: float | None = None) -> float:
    """Wait until a host holds everything as current; return how long that took, in seconds."""
    began = time.monotonic() if began is None else began
    await _until(lambda: _count(core) == NODES, f"{who}: all current", lambda: f"{_count(core)} of {NODES} nodes")
    took_s = time.monotonic() - began
    for node in core.edge_nodes():
        if node.group_id == GROUP and sum(m.name not in (BD_SEQ, REBIRTH) for m in core.metrics(node)) != METRICS:
            raise Broken(f"{who}: {node} has {len(core.metrics(node))} metrics")
    return took_s


async def _until(condition: Callable[[], object], what: str, told: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise Broken(f"not within {_PATIENCE_S:g} s: {what} {told()}".rstrip())
        await asyncio.sleep(_LOOK_S)
