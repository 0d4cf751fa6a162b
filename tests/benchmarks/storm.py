"""A thousand edge nodes of a hundred metrics each, reborn at once: how long until all is current, and what it takes in memory."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from namespace.sparkplug import DataType
from namespace.sparkplug._pb import sparkplug_b_pb2 as pb
from namespace.testing.servers import database_maker, running_broker, scratch_folder
from tests.benchmarks.brokers import cpu_s, durable_postgres, memory
from tests.benchmarks.consumers.measure import canonical, state_checksum
from tests.benchmarks.contestants import Broken, Measured, measure, ours
from tests.benchmarks.corpus import T0_MS, packet
from tests.benchmarks.pacer import PASSWORD, Pacer
from tests.benchmarks.profile import of_module
from tests.benchmarks.rounds import Gate, Outcome, Row, against_goal
from tests.benchmarks.run import Run
from tests.benchmarks.service import running
from tests.benchmarks.stand_in import marker, serving

NODES, METRICS = 1_000, 100
_GROUP = "Storm"
_SEED = 7
_LEAST_S, _STILL_MB, _PATIENCE_S = 0.5, 0.5, 60.0


@dataclass(frozen=True, slots=True)
class Storm:
    """The births, twice.

    Attributes:
        first: Of everybody, when nothing is known yet.
        again: Of everybody, all at once, with other values.
        checksum: Of the state at the end.
    """

    first: bytes
    again: bytes
    checksum: str


def prepare() -> Storm:
    """Make the packets."""
    chance = random.Random(_SEED)
    first, _ = _births(chance, T0_MS, bd_seq=0)
    again, state = _births(chance, T0_MS + 60_000, bd_seq=0)
    return Storm(first, again, state_checksum(state))


def measured(run: Run) -> list[Row]:
    """Return the rows of the storm."""
    current = "1,000 nodes x 100 metrics reborn at once: all current"
    held = "memory of 100,000 metrics in host session and recorder, over the empty process"
    storm = prepare()
    found: list[Measured] = []
    try:
        for number in range(run.rounds):
            run.say(f"storm, round {number + 1} of {run.rounds}")
            one = measure(ours("own_storm"), [storm.first, marker("begin"), storm.again], NODES, marked=True)
            if one.checksum != storm.checksum or one.messages != NODES:
                raise Broken("the state is not the one that was sent")
            found.append(one)
    except Broken as reason:
        return [
            Row(each, what, void=str(reason), gate=Gate(1.0)) for each, what in (("storm", current), ("memory", held))
        ]
    cpu_s = found[-1].user_s + found[-1].system_s
    row = against_goal("storm", current, [one.wall_s for one in found], "s", 1.0, note=f"{cpu_s:.2f} s CPU")
    if run.judged(row).outcome is Outcome.FAIL and not run.is_quick:
        run.say("storm, profile")
        with serving([storm.first, marker("begin"), storm.again], waits_for_go=True) as stand_in:
            run.profiles["storm"] = of_module("tests.benchmarks.consumers.own_storm", str(stand_in.port), str(NODES))
    rows = [row, against_goal("memory", held, [float(one.more["held_mb"]) for one in found], "MB", 60.0)]
    return rows if run.is_quick else [*rows, _memory_of_namespace_state(run, storm)]


def _memory_of_namespace_state(run: Run, storm: Storm) -> Row:
    identity, what = (
        "memory-namespace-state",
        "memory of 100,000 metrics in the service namespace_state, over itself without",
    )
    run.say("memory of namespace_state")
    try:
        held_mb, used_s = asyncio.run(_namespace_state(storm.first))
    except Broken as reason:
        return Row(identity, what, void=str(reason), gate=Gate(1.0))
    return against_goal(identity, what, [held_mb], "MB", 60.0, note=f"{used_s:.1f} s CPU until then")


async def _namespace_state(births: bytes) -> tuple[float, float]:
    """Return what `namespace_state` holds for the births, in MiB, and the CPU time that they cost it, in seconds."""
    with durable_postgres() as server, running_broker() as broker, scratch_folder() as folder:
        broker.add_account("bench-pacer")
        async with running(
            "services.namespace_state",
            broker_url=broker.add_account("mes-namespace-state"),
            database_url=(await database_maker(server)("namespace_state")).dsn,
            data_dir=folder,
        ) as service:
            await _settled(service.pid, 0.0)
            empty, used_s = memory(service.pid), cpu_s(service.pid)
            with Pacer(broker.port, account=("bench-pacer", PASSWORD)) as pacer:
                await asyncio.to_thread(pacer.send, births)
                await _settled(service.pid, used_s + _LEAST_S)
            return memory(service.pid).rss - empty.rss, cpu_s(service.pid) - used_s


async def _settled(pid: int, beyond_s: float) -> None:
    """Wait until a process has used more CPU time than `beyond_s` and its memory grows no more."""
    deadline = time.monotonic() + _PATIENCE_S
    before = memory(pid).rss
    while time.monotonic() < deadline:
        await asyncio.sleep(3.0)
        now = memory(pid).rss
        if cpu_s(pid) > beyond_s and now - before < _STILL_MB:
            return
        before = now
    raise Broken(f"the memory of the service still grows after {_PATIENCE_S:g} s")


def _births(chance: random.Random, at_ms: int, *, bd_seq: int) -> tuple[bytes, list[tuple[str, str, str]]]:
    packets: list[bytes] = []
    state: list[tuple[str, str, str]] = []
    for node in range(NODES):
        name = f"storm{node:04d}"
        payload = pb.Payload(timestamp=at_ms, seq=0)
        payload.metrics.add(name="bdSeq", timestamp=at_ms, datatype=DataType.Int64, long_value=bd_seq)
        payload.metrics.add(
            name="Node Control/Rebirth", timestamp=at_ms, datatype=DataType.Boolean, boolean_value=False
        )
        for number in range(METRICS):
            metric = payload.metrics.add(
                name=f"Process/Zone{number // 10}/Reading{number % 10}", alias=number + 1, timestamp=at_ms
            )
            metric.datatype = DataType.Double
            metric.double_value = int(chance.random() * 4e6) / 4 + 0.25
            state.append((f"{_GROUP}/{name}", metric.name, canonical(metric.double_value, at_ms)))
        packets.append(packet(f"spBv1.0/{_GROUP}/NBIRTH/{name}", payload.SerializeToString()))
    return b"".join(packets), state
