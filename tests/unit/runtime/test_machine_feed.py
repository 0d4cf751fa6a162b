from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from namespace.contracts.historian_wire import MissedSample
from namespace.runtime import MachineBacklog, MachineOnline, MachineSample, to_ms
from namespace.runtime.buffer_metrics import WAITING
from namespace.sparkplug import (
    DataType,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    Metric,
    MetricDefinition,
    OutgoingMessage,
    Payload,
    encode_payload,
    rebirth_request,
)
from namespace.store import DatabaseUnavailable, SamplePosition
from namespace.transport.memory import MemoryBroker
from tests.unit.runtime.plant import Journal, Machine, Reader, RegistryStandIn, Remembered, plant
from tests.unit.runtime.support import SITE, START, SetClock, listening, sample, small_site, speaking, until
from tests.unit.runtime.test_placing import RIVAL_RULE

NCMD = "spBv1.0/+/NCMD/#"


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a registry that is not there."""
    monkeypatch.setattr("namespace.runtime.edge_node_listener._SNAPSHOT_S", 0.1)
    monkeypatch.setattr("namespace.runtime.edge_node_listener._RETRY_S", 0.05)
    monkeypatch.setattr("namespace.runtime.machine_feed._RETRY_S", 0.05)


async def test_a_late_joiner_learns_everything_and_asks_no_machine_for_a_rebirth(
    broker: MemoryBroker, clock: SetClock
) -> None:
    machine, registry, reader = Machine(broker, clock, count=41), RegistryStandIn(broker, clock), Reader(broker, clock)
    async with listening(broker, NCMD) as commands, registry.at_work(), machine.at_work():
        await until(lambda: registry.host.devices(registry.host.edge_nodes()[0]) if registry.host.edge_nodes() else 0)
        machine.count(42)
        await until(lambda: len(registry.host.metrics(registry.host.edge_nodes()[0], "Packer")) == 3)
        async with reader.at_work():
            await until(reader.counts)
            clock.move(1)
            machine.count(43)
            await until(lambda: len(reader.counts()) == 2)
        assert reader.counts() == [(42, False), (43, False)]
        assert reader.births() == [MachineOnline(reader.births()[0].place, START)]
        assert (reader.silences(), commands.messages, registry.asked) == ([], [], ["snapshot"])
    placed = {(str(n.place), n.metric) for n in reader.news if isinstance(n, MachineSample)}
    assert placed == {
        (f"Acme/Dallas/Packaging/Line1/{unit}", metric)
        for unit in ("Packer", "Filler")
        for metric in ("Status/StateCurrent", "Admin/ProdProcessedCount")
    }


@pytest.mark.parametrize(("used", "is_birth"), [(1, False), (0, True)], ids=["the same session", "another session"])
async def test_a_restarted_reader_counts_on_within_the_session_it_has_used_alone(
    broker: MemoryBroker, clock: SetClock, used: int, *, is_birth: bool
) -> None:
    machine, registry = Machine(broker, clock, count=41), RegistryStandIn(broker, clock)
    reader = Reader(broker, clock, sessions=Remembered({"Plant/Line1-PLC": used}))
    async with registry.at_work(), machine.at_work():
        await until(lambda: registry.host.devices(registry.host.edge_nodes()[0]) if registry.host.edge_nodes() else 0)
        async with reader.at_work():
            await until(reader.counts)
            await until(lambda: reader.sessions.used == {"Plant/Line1-PLC": 1})
    assert reader.counts() == [(41, is_birth)]


async def test_what_arrives_while_the_snapshot_is_on_its_way_comes_after_it(
    broker: MemoryBroker, clock: SetClock
) -> None:
    machine, registry, reader = Machine(broker, clock, count=1), RegistryStandIn(broker, clock), Reader(broker, clock)
    async with registry.at_work(), machine.at_work():
        await until(registry.host.edge_nodes)
        registry.may_answer.clear()
        async with reader.at_work():
            await until(lambda: registry.asked)
            clock.move(1)
            machine.count(2)
            clock.move(1)
            machine.node.set("Filler", {"Count": 9})
            await until(lambda: reader.feed._listener._held is not None and len(reader.feed._listener._held) >= 2)
            assert reader.news == []
            registry.may_answer.set()
            await until(lambda: reader.counts("Filler")[-1:] == [(9, False)])

    assert reader.counts() in ([(2, False)], [(1, False), (2, False)])


async def test_more_held_back_than_can_be_queued_is_handed_on_as_there_is_room(
    broker: MemoryBroker, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namespace.runtime.machine_feed._QUEUE", 60)
    monkeypatch.setattr("namespace.runtime.machine_feed._BATCH", 20)
    monkeypatch.setattr("namespace.runtime.session._TURN_MESSAGES", 10)
    machine, registry, reader = Machine(broker, clock, count=0), RegistryStandIn(broker, clock), Reader(broker, clock)
    async with registry.at_work(), machine.at_work():
        await until(lambda: registry.host.devices(registry.host.edge_nodes()[0]) if registry.host.edge_nodes() else 0)
        registry.may_answer.clear()
        registry.is_deaf = True
        async with reader.at_work():
            await until(lambda: registry.asked)
            for count in range(1, 201):
                clock.move(1)
                machine.count(count)
                await until(lambda last=count: len(reader.feed._listener._held or ()) >= last)  # type: ignore[misc]
            reader.gate.clear()
            registry.may_answer.set()
            await until(lambda: not reader.feed._has_room.is_set())
            for _ in range(50):
                await asyncio.sleep(0)
            reader.gate.set()
            await until(lambda: reader.counts()[-1:] == [(200, False)])
    assert [value for value, _ in reader.counts()] == list(range(201))
    assert reader.silences() == []


async def test_only_what_a_service_uses_is_news(broker: MemoryBroker, clock: SetClock) -> None:
    reader = Reader(broker, clock, wanted={"Admin/ProdProcessedCount"})
    async with plant(broker, clock, reader=reader) as (machine, _, _):
        clock.move(60)
        machine.node.set("Filler", {"State": 9})
        await until(lambda: reader.business_time.now(reader.births("Filler")[0].place, START) == clock.now())
        machine.count(6)
        await until(lambda: len(reader.counts()) == 2)
    assert {news.metric for news in reader.news if isinstance(news, MachineSample)} == {"Admin/ProdProcessedCount"}


async def test_a_position_of_the_journal_is_used_after_what_was_held_back_before_it(
    broker: MemoryBroker, clock: SetClock
) -> None:
    machine, registry, journal = Machine(broker, clock, count=1), RegistryStandIn(broker, clock), Journal()
    reader = Reader(broker, clock, catch_up=journal)
    journal.heard = lambda: len(reader.counts("Filler"))
    async with registry.at_work(), machine.at_work():
        await until(registry.host.edge_nodes)
        registry.may_answer.clear()
        async with reader.at_work():
            await until(lambda: registry.asked)
            clock.move(1)
            machine.node.set("Filler", {"Count": 9})
            await until(lambda: reader.feed._listener._held)
            journal.reached(SamplePosition("journal", 77))
            registry.may_answer.set()
            await until(
                lambda: journal.used_at[-1:] == [(77, len(reader.counts("Filler")))] and reader.counts("Filler")
            )
    assert reader.counts("Filler")[-1] == (9, False)


async def test_pages_of_the_journal_that_wait_for_a_busy_handler_are_handed_over_together(
    broker: MemoryBroker, clock: SetClock
) -> None:
    journal = Journal()
    reader = Reader(broker, clock, catch_up=journal)
    journal.heard = lambda: len(reader.counts())
    async with plant(broker, clock, reader=reader) as (machine, _, _):
        await until(reader.counts)
        reader.gate.clear()
        before = reader.calls
        machine.count(6)
        await until(lambda: reader.calls > before)
        for count in (7, 8, 9):
            waiting = len(reader.feed._news)
            machine.count(count)
            await until(lambda waiting=waiting: len(reader.feed._news) > waiting)  # type: ignore[misc]
            journal.reached(SamplePosition("journal", 100 + count))
        reader.gate.set()
        await until(lambda: reader.counts()[-1:] == [(9, False)])
        await until(lambda: journal.used_at[-1][0] >= 100)
    assert reader.calls == before + 2
    assert [used for used in journal.used_at if used[0] >= 100] == [(109, len(reader.counts()))]


async def test_what_a_snapshot_includes_of_what_was_held_back_is_taken_from_the_journal(
    broker: MemoryBroker, clock: SetClock
) -> None:
    machine, registry, journal = Machine(broker, clock, count=1), RegistryStandIn(broker, clock), Journal()
    reader = Reader(broker, clock, catch_up=journal)
    place, metric = "Acme/Dallas/Packaging/Line1/Packer", "Admin/ProdProcessedCount"
    async with registry.at_work(), machine.at_work():
        await until(registry.host.edge_nodes)
        registry.may_answer.clear()
        async with reader.at_work():
            await until(lambda: registry.asked)
            assert journal.asked == 1
            for count in (2, 3):  # both before the snapshot, which knows of the last alone
                clock.move(1)
                at_ms = to_ms(clock.now())
                machine.count(count)
                journal.rows.append(
                    MissedSample(
                        place, metric, DataType.Int64, count, at_ms, at_ms, is_birth=False, is_historical=False
                    )
                )
                await until(lambda last=count: len(reader.feed._listener._held or ()) >= last - 1)  # type: ignore[misc]
            journal.reached(SamplePosition("journal", 77))
            registry.may_answer.set()
            await until(lambda: journal.used_at[-1:] and journal.used_at[-1][0] == 77)
    assert {value for value, _ in reader.counts()} >= {2, 3}, "before the position counts as used"
    assert journal.asked == 2


async def test_what_a_node_said_that_was_not_understood_is_taken_from_the_journal(
    broker: MemoryBroker, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namespace.runtime.machine_feed._DEAF_S", 0.05)
    machine, registry, journal = Machine(broker, clock, count=1), RegistryStandIn(broker, clock), Journal()
    reader = Reader(broker, clock, catch_up=journal)
    async with machine.at_work(), registry.at_work(), reader.at_work():
        await until(lambda: registry.asked == ["snapshot"] and journal.used_at)
        at_ms = to_ms(clock.now())
        place, metric = "Acme/Dallas/Packaging/Line1/Packer", "Admin/ProdProcessedCount"
        journal.rows = [
            MissedSample(place, metric, DataType.Int64, 42, at_ms, at_ms, is_birth=False, is_historical=False)
        ]
        machine.count(42)
        await until(lambda: reader.counts() == [(42, False)])
    assert journal.asked == 2


async def test_what_a_node_goes_on_saying_before_it_is_born_again_is_taken_from_the_journal_too(
    broker: MemoryBroker, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namespace.runtime.machine_feed._DEAF_S", 0.02)
    machine, registry, journal = Machine(broker, clock, count=1), RegistryStandIn(broker, clock), Journal()
    reader = Reader(broker, clock, catch_up=journal)
    place, metric = "Acme/Dallas/Packaging/Line1/Packer", "Admin/ProdProcessedCount"
    async with machine.at_work(), registry.at_work(), reader.at_work():
        await until(lambda: registry.asked == ["snapshot"] and journal.used_at)
        for count in (42, 43, 44):  # a rebirth is wanted with the first alone: the next wish comes later
            at_ms = to_ms(clock.now())
            journal.rows = [
                MissedSample(place, metric, DataType.Int64, count, at_ms, at_ms, is_birth=False, is_historical=False)
            ]
            machine.count(count)
            await until(lambda count=count: reader.counts()[-1:] == [(count, False)] and journal.is_complete)
            clock.move(0.001)
    assert registry.asked == ["snapshot", "rebirth"]
    assert reader.counts() == [(42, False), (43, False), (44, False)]


async def test_without_a_registry_live_births_still_work(broker: MemoryBroker, clock: SetClock, brief: None) -> None:
    machine, reader = Machine(broker, clock, count=5), Reader(broker, clock)
    async with reader.at_work(), machine.at_work():
        await until(lambda: reader.counts() == [(5, True)])
        machine.count(6)
        await until(lambda: reader.counts() == [(5, True), (6, False)])


async def test_a_registry_that_comes_later_tells_of_those_who_were_born_before(
    broker: MemoryBroker, clock: SetClock, brief: None
) -> None:
    machine, registry, reader = Machine(broker, clock, count=5), RegistryStandIn(broker, clock), Reader(broker, clock)
    async with registry.at_work() as it, machine.at_work():
        await until(it.host.edge_nodes)
        it.may_answer.clear()
        async with reader.at_work():
            await until(lambda: len(it.asked) > 1)
            assert reader.counts() == []
            it.may_answer.set()
            await until(lambda: reader.counts() == [(5, False)])


async def test_a_nodes_death_silences_all_its_places_and_its_return_is_a_new_beginning(
    broker: MemoryBroker, clock: SetClock
) -> None:
    async with plant(broker, clock) as (machine, _registry, reader):
        clock.move(60)
        broker.cut(machine.client_id)
        await until(lambda: len(reader.counts("Filler")) == 2)

    (silence,) = reader.silences()
    assert (silence.since, silence.reason) == (START + timedelta(seconds=60), "node_death")
    assert len(reader.silences("Filler")) == 1
    assert reader.counts() == [(5, True), (5, True)]
    kinds = [type(n).__name__ for n in reader.news if n.place.name == "Packer" and not isinstance(n, MachineSample)]
    a_birth = ["MachineOnline", "MachineBacklog"]
    assert kinds == [*a_birth, "MachineSilent", *a_birth]


async def test_a_second_producer_of_a_metric_is_heard_by_nobody_and_named_in_the_services_health(
    broker: MemoryBroker, clock: SetClock
) -> None:
    site = small_site(
        SITE + RIVAL_RULE.replace("State, to: Status/StateCurrent", "Count, to: Admin/ProdProcessedCount")
    )
    rival = Machine(broker, clock, group="Spare", node="X", count=900)
    async with plant(broker, clock, reader=Reader(broker, clock, site=site)) as (machine, _, reader):
        async with rival.at_work():
            await until(lambda: "claims" in reader.health.remarks)
            rival.count(901)
            broker.cut(rival.client_id)  # neither its death nor its return is the packer's
            await until(lambda: rival.session.connects == 2)
            rival.count(902)
        machine.count(6)
        await until(lambda: len(reader.counts()) == 2)
    assert reader.counts() == [(5, True), (6, False)]
    assert reader.silences() == []
    assert len(reader.births()) == 1


def _robot(line: str, bd_seq: int, clock: SetClock) -> list[OutgoingMessage]:
    """The births of a cell that says in them at which line it works."""
    session = EdgeNodeSession(
        EdgeNodeConfig(group_id="Cells", edge_node_id="Robot"),
        [MetricDefinition(name="ISA95/Work Center", datatype=DataType.String, value=line)],
        {"Packer": [MetricDefinition(name="State", datatype=DataType.Int64, value=6)]},
    )
    session.connect(bd_seq, to_ms(clock.now()))
    return session.subscribed(to_ms(clock.now()))


async def test_a_place_that_a_machine_leaves_is_silent_from_its_new_birth_on(
    broker: MemoryBroker, clock: SetClock
) -> None:
    equipment = SITE.replace("mappings:", "      Line2: {work_units: {Packer: ~}}\nmappings:")
    reader = Reader(broker, clock, site=small_site(equipment + "  - {group: Cells, read: birth}\n"))
    async with reader.at_work(), RegistryStandIn(broker, clock).at_work(), speaking(broker) as speaker:
        for number, line in enumerate(("Line1", "Line2"), start=1):
            for message in _robot(line, number, clock):
                await speaker.publish(message.topic, message.payload)
            await until(lambda: len(reader.births()) == number)  # noqa: B023 - awaited before it changes
            clock.move(60)
    (silence,) = reader.silences()
    assert (str(silence.place), silence.since, silence.reason) == (
        "Acme/Dallas/Packaging/Line1/Packer",
        START + timedelta(seconds=60),
        "moved",
    )


@pytest.mark.parametrize("told", [None, 7])
async def test_how_much_history_a_machine_has_to_send_is_told_before_its_birth_and_when_it_changes(
    broker: MemoryBroker, clock: SetClock, told: int | None
) -> None:
    machine = Machine(broker, clock, count=5, waiting=told)
    async with plant(broker, clock, machine=machine) as (_, _registry, reader):
        if told is not None:
            machine.node.set(None, {WAITING: 0})
            await until(lambda: len(reader.backlogs("Filler")) == 2)
        await until(lambda: reader.counts("Filler"))
    news = [n for n in reader.news if n.place.name == "Packer" and not isinstance(n, MachineOnline)]
    assert isinstance(news[0], MachineBacklog)
    assert isinstance(news[1], MachineSample)
    later = [] if told is None else [0]
    assert [n.waiting for n in news if isinstance(n, MachineBacklog)] == [told, *later]
    assert [n.waiting for n in reader.backlogs("Filler")] == [told, *later]


async def test_a_machine_whose_clock_is_behind_does_not_stay_silent_for_ever(
    broker: MemoryBroker, clock: SetClock
) -> None:
    behind = SetClock(START - timedelta(minutes=5))
    async with plant(broker, clock, machine=Machine(broker, behind)) as (machine, _, reader):
        clock.move(1)
        behind.move(1)
        broker.cut(machine.client_id)
        await until(lambda: len(reader.births()) == 2)

    assert reader.births()[1].since >= reader.silences()[0].since


async def test_a_rebirth_within_the_session_is_no_break(broker: MemoryBroker, clock: SetClock) -> None:
    async with plant(broker, clock) as (_machine, _registry, reader), speaking(broker) as speaker:
        clock.move(10)
        request = rebirth_request(EdgeNodeDescriptor("Plant", "Line1-PLC"), to_ms(clock.now()))
        await speaker.publish(request.topic, request.payload)
        await until(lambda: len(reader.counts()) == 2)
    assert reader.counts() == [(5, True), (5, False)]
    assert reader.silences() == []


async def test_losing_our_own_connection_is_no_silence_where_the_session_went_on(
    broker: MemoryBroker, clock: SetClock
) -> None:
    async with plant(broker, clock) as (machine, _registry, reader):
        for value in (6, 7):
            clock.move(10)
            broker.cut("reader")
            machine.count(value)
            await until(lambda value=value: reader.counts()[-1] == (value, False))
    assert reader.silences() == []


async def test_a_connection_lost_again_while_joining_is_no_silence_either(
    broker: MemoryBroker, clock: SetClock
) -> None:
    async with plant(broker, clock) as (machine, registry, reader):
        registry.may_answer.clear()
        broker.cut("reader")
        await until(lambda: len(registry.asked) == 2)
        broker.cut("reader")
        await until(lambda: len(registry.asked) == 3)
        clock.move(10)
        machine.count(6)
        registry.may_answer.set()
        await until(lambda: reader.counts()[-1] == (6, False))
    assert reader.silences() == []


async def test_a_session_that_began_while_we_were_away_is_a_silence_and_a_new_beginning(
    broker: MemoryBroker, clock: SetClock
) -> None:
    async with plant(broker, clock) as (machine, registry, reader):
        registry.may_answer.clear()
        clock.move(10)
        broker.cut("reader")
        await until(lambda: len(registry.asked) == 2)
        clock.move(10)
        broker.cut(machine.client_id)
        await until(lambda: registry.host.snapshot(registry.host.edge_nodes()[0]).bd_seq == 2)  # type: ignore[union-attr]
        await until(lambda: len(registry.host.metrics(registry.host.edge_nodes()[0], "Packer")) == 3)
        registry.may_answer.set()
        await until(lambda: len(reader.births()) == 2)
        await until(lambda: len(reader.counts()) >= 2)

    assert reader.silences()[0].since == START + timedelta(seconds=10)
    assert reader.counts()[1] == (5, True)
    assert reader.births()[1].since >= reader.silences()[0].since


async def test_a_machine_that_is_down_is_told_silent_once_however_often_we_reconnect(
    broker: MemoryBroker, clock: SetClock
) -> None:
    machine, registry, reader = Machine(broker, clock, count=5), RegistryStandIn(broker, clock), Reader(broker, clock)
    async with registry.at_work(), reader.at_work():
        async with machine.at_work():
            await until(reader.counts)
            clock.move(60)
        await until(reader.silences)
        for asked in (2, 3):
            clock.move(60)
            broker.cut("reader")
            await until(lambda asked=asked: len(registry.asked) == asked and len(reader.counts()) == asked)

    assert [s.since for s in reader.silences()] == [START + timedelta(seconds=60)]
    assert len(reader.births()) == 1


async def test_machines_that_nobody_knows_any_more_are_silent_since_we_lost_them(
    broker: MemoryBroker, clock: SetClock, brief: None
) -> None:
    machine, reader = Machine(broker, clock), Reader(broker, clock)
    async with reader.at_work(), machine.at_work():
        await until(reader.counts)
        clock.move(30)
        broker.cut("reader")
        await until(lambda: not reader.session.is_up)
        clock.move(30)
        await until(reader.silences)
    assert [(s.since, s.reason) for s in reader.silences()] == [(START + timedelta(seconds=30), "connection_lost")]


async def test_a_device_can_die_alone(broker: MemoryBroker, clock: SetClock) -> None:
    async with plant(broker, clock) as (machine, _registry, reader):
        clock.move(5)
        machine.node._enqueue(machine.node._core.device_death("Packer", to_ms(clock.now())), None)
        await until(reader.silences)
    assert (reader.silences()[0].reason, reader.silences("Filler")) == ("device_death", [])


async def test_news_wait_for_the_database_and_none_is_lost_or_repeated(
    broker: MemoryBroker, clock: SetClock, brief: None
) -> None:
    async with plant(broker, clock) as (machine, _registry, reader):
        reader.refuse = [DatabaseUnavailable("gone", "Wait.")] * 3
        for value in range(6, 25):
            machine.count(value)
        await until(lambda: "machines" in reader.health.reasons)
        await until(lambda: len(reader.counts()) == 20)
        assert reader.health.is_ready
    assert [value for value, _ in reader.counts()] == [5, *range(6, 25)]


async def test_more_news_than_can_be_kept_are_told_as_a_silence_that_ends_with_a_snapshot(
    broker: MemoryBroker, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("namespace.runtime.machine_feed._QUEUE", 40)
    async with plant(broker, clock) as (machine, _registry, reader):
        reader.gate.clear()
        for value in range(6, 100):
            clock.move(0.001)
            machine.count(value)
            await until(lambda: not machine.node._outgoing)
        await until(lambda: reader.session.connects >= 2 and reader.session.is_up)
        reader.gate.set()
        await until(lambda: reader.counts()[-1][0] == 99)

    assert sample(reader.metrics, "uns_queue_overflows_total", queue="machine news") >= 1
    assert {s.reason for s in reader.silences()} == {"overflow"}
    assert reader.births()[-1].since >= reader.silences()[-1].since
    counted = [value for value, _ in reader.counts()]
    assert counted == sorted(counted, key=int)  # type: ignore[arg-type]


async def test_hostile_payloads_are_counted_and_disturb_nobody_else(broker: MemoryBroker, clock: SetClock) -> None:
    async with plant(broker, clock) as (machine, _registry, reader), speaking(broker) as speaker:
        await speaker.publish("spBv1.0/Plant/NBIRTH/Line2-PLC", b"\xff\xff\xff")
        await speaker.publish("spBv1.0/Plant/DDATA/Line2-PLC/Packer", b"")
        machine.count(1)
        await until(lambda: len(reader.counts()) == 2)
    assert reader.session.connects == 1
    assert sum(s.value for m in reader.metrics.registry.collect() if m.name == "uns_rejected" for s in m.samples) > 0


@pytest.mark.parametrize("stamp", [2**64 - 1, 253_402_300_799_000, to_ms(START + timedelta(days=400))])
async def test_a_clock_that_cannot_be_right_moves_no_time_and_loses_no_value(
    broker: MemoryBroker, clock: SetClock, stamp: int
) -> None:
    registry, reader = RegistryStandIn(broker, clock), Reader(broker, clock)
    count = Metric(name="Count", timestamp=stamp, datatype=DataType.Int64, value=7)
    bd_seq = Metric(name="bdSeq", timestamp=1, datatype=DataType.Int64, value=0)
    node = Payload(timestamp=to_ms(START), metrics=(bd_seq,), seq=0)
    device = Payload(timestamp=stamp, metrics=(count,), seq=1)
    async with registry.at_work(), reader.at_work(), speaking(broker) as speaker:
        await speaker.publish("spBv1.0/Plant/NBIRTH/Line1-PLC", encode_payload(node))
        await speaker.publish("spBv1.0/Plant/DBIRTH/Line1-PLC/Packer", encode_payload(device))
        await until(lambda: reader.counts() == [(7, True)])
    place = reader.births()[0].place
    assert reader.births()[0].since == START
    assert reader.business_time.now(place, clock.now()) == START


async def test_a_sites_clock_can_be_a_metric(broker: MemoryBroker, clock: SetClock) -> None:
    text = SITE.replace(
        "{tick: wall}",
        "{tick: metric, metric: {group: Plant, edge_node: Line1-PLC, device: Filler, name: Count}}",
    )
    slow = SetClock(START - timedelta(days=3_000))
    it = plant(broker, clock, machine=Machine(broker, slow), reader=Reader(broker, clock, small_site(text)))
    async with it as (machine, _, reader):
        slow.move(100)
        machine.count(1, "Filler")
        await until(lambda: len(reader.counts("Filler")) == 2)
    assert reader.business_time.now(reader.births()[0].place, clock.now()) == slow.now()
