"""A whole site as one starts it: how long until it is there, what it holds in memory, and whether a restart asks machines for anything.

Times are from the start of `uns up` until every service says that it is ready; memory is that of `uns up` and everything below it,
broker and database included. Rebirth requests are counted by somebody who reads the wire, and who must see a command of ours there first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from namespace.sparkplug import REBIRTH
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.testing.servers import scratch_folder
from namespace.testing.site import RunningSite, running_site, send
from tests.benchmarks.brokers import Memory, memory, tree
from tests.benchmarks.consumers.own_host import SITE_FILE
from tests.benchmarks.contestants import Broken
from tests.benchmarks.rounds import Gate, Row, Spread, against_goal
from tests.benchmarks.run import Run

_SETTLE_S = 8.0
_UP_S = 120.0
_QUIET_S = 3.0
_CONTROL_S = 10.0
_PRIMARY_HOST = "historian"


@dataclass(frozen=True, slots=True)
class _Seen:
    first_s: float
    second_s: float
    held: Memory
    biggest: str


def measured(run: Run) -> list[Row]:
    """Return the rows of the site as processes and all in one."""
    rows: list[Row] = []
    for all_in_one, name in ((False, "site"), (True, "all-in-one")):
        run.say(f"{name}: starts and memory")
        try:
            rows += _rows(asyncio.run(_starts(all_in_one=all_in_one)), name, 250.0 if all_in_one else 700.0)
        except (Broken, AssertionError) as reason:
            rows.append(Row(name, "a whole site", void=str(reason).splitlines()[0], gate=Gate(1.0)))
    run.say("site: every service but the primary host killed")
    try:
        rows.append(asyncio.run(_restarts()))
    except (Broken, AssertionError) as reason:
        rows.append(Row("restart-rebirths", "rebirth requests", void=str(reason).splitlines()[0], gate=Gate(0.0)))
    return rows


def _rows(seen: _Seen, name: str, goal_mb: float) -> list[Row]:
    form = "in one process" if name == "all-in-one" else "as processes"
    note = f"{seen.held.rss:.0f} MB RSS; largest (PSS): {seen.biggest}"
    return [
        against_goal(f"{name}-first-start", f"whole site {form}, first start", [seen.first_s], "s", 15.0),
        against_goal(f"{name}-second-start", f"whole site {form}, second start", [seen.second_s], "s", 6.0),
        against_goal(
            f"{name}-memory",
            f"whole site {form}, PSS with broker and database",
            [seen.held.pss],
            "MB",
            goal_mb,
            note=note,
        ),
    ]


async def _starts(*, all_in_one: bool) -> _Seen:
    options = ("--all-in-one",) if all_in_one else ()
    with scratch_folder() as scratch:
        first_s, _, _ = await _start(scratch, options, settle_s=1.0)
        second_s, held, biggest = await _start(scratch, options, settle_s=_SETTLE_S)
    return _Seen(first_s, second_s, held, biggest)


async def _start(scratch: Path, options: tuple[str, ...], *, settle_s: float) -> tuple[float, Memory, str]:
    began = time.monotonic()
    with _site_in(scratch, options) as site:
        await site.ready(within_s=_UP_S)
        ready_s = time.monotonic() - began
        await asyncio.sleep(settle_s)
        held = {pid: memory(pid) for pid in tree(site.process.pid)}
        return ready_s, sum(held.values(), Memory(0, 0)), _biggest(site, held)


@contextmanager
def _site_in(scratch: Path, options: tuple[str, ...] = ()) -> Iterator[RunningSite]:
    """Run a site whose folder outlives it, so that there is a second start."""
    folder = scratch / "kept"
    with running_site(SITE_FILE, options=options, environment={"UNS_DATA_DIR": str(folder)}) as site:
        yield replace(site, folder=folder)


def _biggest(site: RunningSite, held: dict[int, Memory]) -> str:
    state = site.state()
    names = {service.pid: service.name for service in state.services if service.pid}
    names |= {site.process.pid: "uns up", state.broker.pid: "broker"}
    shares: dict[str, float] = {}
    for pid, each in held.items():
        name = names.get(pid, "database")
        shares[name] = shares.get(name, 0.0) + each.pss
    ordered = sorted(shares.items(), key=lambda each: -each[1])
    return ", ".join(f"{name} {mb:.0f}" for name, mb in ordered[:5])


async def _restarts() -> Row:
    """Kill every service but the primary host, one after the other, and count who is asked for a rebirth meanwhile."""
    with running_site(SITE_FILE) as site:
        state = await site.ready(within_s=_UP_S)
        names = sorted(service.name for service in state.services if service.name != _PRIMARY_HOST)
        async with _wire(site) as commands:
            await _sees_commands(site, commands)
            await asyncio.sleep(_QUIET_S)
            asked: dict[str, list[str]] = {}
            for name in names:
                commands.clear()
                await site.back(name, site.kill(name), within_s=_UP_S)
                await asyncio.sleep(_QUIET_S)
                asked[name] = [topic.partition("/")[2] for topic, payload in commands if _is_rebirth(payload)]
    one = Spread.of([float(sum(map(len, asked.values())))])
    told = "; ".join(f"{name}: {', '.join(sorted(topics))}" for name, topics in asked.items() if topics)
    return Row(
        "restart-rebirths",
        f"rebirth requests while {', '.join(names)} were killed and came back",
        figure=one,
        unit="requests",
        ratio=one,
        against="request",
        gate=Gate(0.0),
        note=f"after the end of {told}" if told else "",
    )


@asynccontextmanager
async def _wire(site: RunningSite) -> AsyncIterator[list[tuple[str, bytes]]]:
    """Note every Sparkplug command at the site's broker while the context is open."""
    heard: list[tuple[str, bytes]] = []

    async def read(ready: asyncio.Event) -> None:
        async with site.transport().connect() as connection:
            await connection.subscribe([("spBv1.0/+/NCMD/#", 0), ("spBv1.0/+/DCMD/#", 0)])
            ready.set()
            async for batch in connection.batches():
                heard.extend((str(message.topic), bytes(message.payload)) for message in batch)

    ready = asyncio.Event()
    reading = asyncio.create_task(read(ready))
    try:
        await asyncio.wait_for(ready.wait(), _CONTROL_S)
        yield heard
        if reading.done():
            raise Broken("whoever read the wire lost its session")
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _sees_commands(site: RunningSite, commands: list[tuple[str, bytes]]) -> None:
    """Make sure that nothing passes unseen: a command to a service must show."""
    async with site.guest() as guest:
        await send(guest, "Begin", "no such job order")
    for _ in range(int(_CONTROL_S * 20)):
        if commands:
            return
        await asyncio.sleep(0.05)
    raise Broken("whoever read the wire did not see a command that was sent")


def _is_rebirth(payload: bytes) -> bool:
    return any(metric.name == REBIRTH for metric in pb.Payload.FromString(payload).metrics)
