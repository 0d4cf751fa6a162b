from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, cast

import pytest

from namespace.contracts.namespace_state import NodesArgs, RebirthArgs
from namespace.contracts.query import SiteTopics
from namespace.contracts.snapshot import SnapshotArgs, SnapshotReader
from namespace.isa95 import SiteModel
from namespace.runtime import NotConnected, Page, QueryFailed, SnapshotDesk, get_logger, to_ms
from namespace.runtime.placing import Places
from namespace.sparkplug import (
    Data,
    DataType,
    DeviceBirth,
    EdgeNodeConfig,
    EdgeNodeDescriptor,
    EdgeNodeSession,
    HostSession,
    MetricDefinition,
    MetricUpdate,
    OutgoingMessage,
    PropertySet,
)
from services.namespace_state.application import projector, turns
from services.namespace_state.application.projector import Projector
from services.namespace_state.application.rebirths import RebirthDesk
from services.namespace_state.application.reconciler import Reconciler
from services.namespace_state.application.registry import Registry
from services.namespace_state.domain.picture import Picture
from services.namespace_state.domain.projection import topic_of
from tests.unit.runtime.support import SITE, START, SetClock, running, small_site, until
from tests.unit.runtime.test_placing import RIVAL_RULE

ROOT = "uns/v1/Acme/Dallas"
MANY = 80
PACKER = f"{ROOT}/Packaging/Line1/Packer"


class Node:
    """A foreign edge node whose messages are handed over by hand."""

    def __init__(
        self, group: str = "Plant", node: str = "Line1-PLC", devices: dict[str, list[str]] | None = None
    ) -> None:
        properties = PropertySet.of_strings({"engUnit": "H87"})
        self.descriptor = EdgeNodeDescriptor(group, node)
        self.session = EdgeNodeSession(
            EdgeNodeConfig(group_id=group, edge_node_id=node),
            [],
            {
                device: [
                    MetricDefinition(name=name, datatype=DataType.Int64, value=0, properties=properties)
                    for name in names
                ]
                for device, names in (devices or {"Packer": ["State", "Count"]}).items()
            },
        )
        self._bd_seq = 0

    def born(self, now_ms: int) -> list[OutgoingMessage]:
        self._bd_seq += 1
        self.session.disconnected()
        self.will = self.session.connect(self._bd_seq, now_ms)
        return self.session.subscribed(now_ms)

    def says(self, now_ms: int, device: str = "Packer", **values: int) -> list[OutgoingMessage]:
        return self.session.update(device, [MetricUpdate(name, value) for name, value in values.items()], now_ms)


@dataclass
class State:
    """The service without a network: messages in, retained topics out."""

    site: SiteModel = field(default_factory=small_site)
    clock: SetClock = field(default_factory=SetClock)
    retained: dict[str, dict[str, Any]] = field(default_factory=dict)
    cleared: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    is_up: bool = True
    asked: list[EdgeNodeDescriptor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.host = HostSession()
        self.picture = Picture(self.site.path, self.site.mappings)
        self.projector = Projector(ROOT, self.publish, interval_s=0.2)
        self.rebirths = RebirthDesk(self.ask, get_logger(), interval_s=0.2, source=random.Random(1))
        self.registry = Registry(
            self.picture,
            self.projector,
            self.rebirths,
            publish=self.show,
            born=lambda node: None,
            heard=lambda producer, message: None,
            clock=self.clock,
            site=self.site.path,
            root=ROOT,
            log=get_logger(),
        )

    async def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        if not self.is_up:
            raise NotConnected
        if len(topic) > 60_000:
            raise ValueError("too long")
        self.sent.append(topic)
        if payload:
            self.retained[topic] = json.loads(payload)
        else:
            self.cleared.append(topic)
            self.retained.pop(topic, None)

    async def show(self, topic: str, payload: bytes) -> None:
        self.sent.append(topic)

    async def ask(self, node: EdgeNodeDescriptor) -> None:
        if not self.is_up:
            raise NotConnected
        self.asked.append(node)

    def hear(self, *messages: OutgoingMessage) -> None:
        for message in messages:
            self.registry.told(self.host.receive(message.topic, message.payload, self.now_ms))

    def hear_bytes(self, topic: str, payload: bytes) -> None:
        self.registry.told(self.host.receive(topic, payload, self.now_ms))

    @property
    def now_ms(self) -> int:
        return to_ms(self.clock.now())

    def quality(self, topic: str) -> int | None:
        document = self.retained.get(topic)
        return None if document is None else document["quality"]


async def test_a_value_is_shown_at_its_place_with_unit_source_and_time() -> None:
    it, node = State(), Node()
    async with running(it.projector.run):
        it.hear(*node.born(it.now_ms), *node.says(it.now_ms + 1_000, Count=41))
        await until(lambda: len(it.retained) == 2)
    assert it.retained[f"{PACKER}/Admin/ProdProcessedCount"] == {
        "value": 41,
        "unit": "H87",
        "quality": 192,
        "timestamp": "2026-03-02T15:00:01.000Z",
        "source": "Plant/Line1-PLC/Packer",
        "place": "Acme/Dallas/Packaging/Line1/Packer",
        "metric": "Admin/ProdProcessedCount",
    }


async def test_deaths_are_shown_at_once_and_births_make_good() -> None:
    it, node = State(), Node(devices={"Packer": ["State"], "Filler": ["State"]})
    packer, filler = f"{PACKER}/Status/StateCurrent", f"{ROOT}/Packaging/Line1/Filler/Status/StateCurrent"
    async with running(it.projector.run):
        it.hear(*node.born(it.now_ms))
        await until(lambda: it.quality(packer) == it.quality(filler) == 192)
        it.hear(*node.session.device_death("Packer", it.now_ms))
        await until(lambda: it.quality(packer) == 500)
        assert it.quality(filler) == 192
        it.hear(node.will)
        await until(lambda: it.quality(filler) == 500)
        it.clock.move(1)
        node.session.device_birth("Packer", None, it.now_ms)
        it.hear(*node.born(it.now_ms))
        await until(lambda: it.quality(packer) == it.quality(filler) == 192)


async def test_a_topic_takes_the_newest_value_at_most_once_in_its_interval() -> None:
    it, node = State(), Node()
    async with running(it.projector.run):
        it.hear(*node.born(it.now_ms))
        await until(lambda: len(it.sent) == 2)
        it.sent.clear()
        for value in range(1, 50):
            it.hear(*node.says(it.now_ms, Count=value))
        await until(lambda: it.retained[f"{PACKER}/Admin/ProdProcessedCount"]["value"] == 49)
    assert len(it.sent) == 1


async def test_the_topic_of_a_metric_that_vanished_is_cleared() -> None:
    it = State()
    async with running(it.projector.run):
        it.hear(*Node(devices={"Packer": ["State", "Count"]}).born(it.now_ms))
        await until(lambda: len(it.retained) == 2)
        it.clock.move(1)
        less = Node(devices={"Packer": ["State"]})
        less._bd_seq = 5
        it.hear(*less.born(it.now_ms))
        await until(lambda: it.cleared == [f"{PACKER}/Admin/ProdProcessedCount"])


@pytest.mark.parametrize("is_up", [True, False])
async def test_a_metric_that_vanishes_while_its_value_waits_is_not_shown_again(is_up: bool) -> None:
    it, node = State(), Node()
    state, count = f"{PACKER}/Status/StateCurrent", f"{PACKER}/Admin/ProdProcessedCount"
    async with running(it.projector.run):
        it.hear(*node.born(it.now_ms))
        await until(lambda: len(it.retained) == 2)
        it.is_up = is_up
        it.hear(*node.says(it.now_ms, Count=41))
        it.clock.move(1)
        less = Node(devices={"Packer": ["State"]})
        less._bd_seq = 5
        it.hear(*less.born(it.now_ms))
        it.is_up = True
        await until(lambda: it.cleared == [count])
        it.hear(*less.says(it.now_ms, State=7))
        await until(lambda: it.retained[state]["value"] == 7)
    assert set(it.retained) == {state}


async def test_a_metric_that_takes_the_place_of_one_that_vanishes_with_the_same_birth_is_shown_there() -> None:
    """Its firmware was renewed, say, and the site file knows both names."""
    it = State(
        site=small_site(
            SITE.replace("      - {from: Count", "      - {from: Mode, to: Status/StateCurrent}\n      - {from: Count")
        )
    )
    place = f"{PACKER}/Status/StateCurrent"
    async with running(it.projector.run):
        node = Node(devices={"Packer": ["State"]})
        it.hear(*node.born(it.now_ms), *node.says(it.now_ms, State=6))
        await until(lambda: it.retained.get(place, {}).get("value") == 6)
        it.clock.move(1)
        renewed = Node(devices={"Packer": ["Mode", "Count"]})
        renewed._bd_seq = 5
        it.hear(*renewed.born(it.now_ms))
        await until(lambda: it.retained.get(place, {}).get("value") == 0)
    assert it.cleared == []


async def test_two_claims_to_one_place_are_told_apart_shown_and_settled() -> None:
    it = State(site=small_site(SITE + RIVAL_RULE))
    first, second = Node(), Node("Spare", "X", {"Packer": ["State"]})
    contested = f"{PACKER}/Status/StateCurrent"
    async with running(it.projector.run):
        it.hear(*first.born(it.now_ms), *first.says(it.now_ms, State=6))
        it.hear(*second.born(it.now_ms), *second.says(it.now_ms, State=9))
        await until(lambda: f"{ROOT}/_unplaced/Spare/X/Packer/State" in it.retained)
        assert it.retained[contested]["source"] == "Plant/Line1-PLC/Packer"
        assert it.picture.counts()["Namespace/Conflicts"] == 1
        rows = (await it.registry.nodes(NodesArgs())).data
        assert [row["conflicts"] for row in rows] == [
            [],
            ["Acme/Dallas/Packaging/Line1/Packer: Status/StateCurrent (held by Plant/Line1-PLC/Packer)"],
        ]
        it.clock.move(1)
        gone = Node(devices={"Packer": ["Count"]})
        gone._bd_seq = 7
        it.hear(*gone.born(it.now_ms))
        it.clock.move(1)
        it.hear(*second.born(it.now_ms))
        await until(lambda: it.retained.get(contested, {}).get("source") == "Spare/X/Packer")
        assert f"{ROOT}/_unplaced/Spare/X/Packer/State" not in it.retained
    assert it.picture.counts()["Namespace/Conflicts"] == 0


async def test_who_died_leaves_its_place_to_who_is_born_next_and_stands_under_its_own_ids_then() -> None:
    it = State(site=small_site(SITE + RIVAL_RULE))
    first, second = Node(), Node("Spare", "X", {"Packer": ["State"]})
    contested = f"{PACKER}/Status/StateCurrent"
    async with running(it.projector.run):
        it.hear(*first.born(it.now_ms), *second.born(it.now_ms), first.will)
        await until(lambda: it.retained.get(contested, {}).get("quality") == 500)
        assert it.retained[contested]["source"] == "Plant/Line1-PLC/Packer"
        it.clock.move(1)
        it.hear(*second.born(it.now_ms))
        await until(lambda: it.retained[contested]["source"] == "Spare/X/Packer")
        await until(lambda: f"{ROOT}/_unplaced/Plant/Line1-PLC/Packer/State" in it.retained)
        it.clock.move(1)
        it.hear(*first.born(it.now_ms), *first.says(it.now_ms, State=9))
        await until(lambda: it.retained[f"{ROOT}/_unplaced/Plant/Line1-PLC/Packer/State"]["value"] == 9)
        assert it.retained[contested]["source"] == "Spare/X/Packer"


async def test_whoever_joins_late_learns_with_the_snapshot_whose_a_metric_is() -> None:
    it, joiner = State(site=small_site(SITE + RIVAL_RULE)), Places(small_site(SITE + RIVAL_RULE).mappings)
    spare, line = Node("Spare", "X", {"Packer": ["State"]}), Node()
    it.hear(*Node("Spare", "X", {"Packer": ["Unheard of"]}).born(it.now_ms))  # heard first, and so told first
    it.hear(*line.born(it.now_ms))
    it.clock.move(1)
    it.hear(*spare.born(it.now_ms))
    desk = SnapshotDesk(it.host, lambda: True, with_stale=True, quarantined=it.picture.quarantined)
    reader = SnapshotReader()
    nodes, quarantined = reader.take((await desk.answer(SnapshotArgs())).data), reader.quarantined
    nodes, quarantined = nodes + reader.rest(), quarantined + reader.quarantined
    joiner.handed(quarantined)
    assert [node.edge_node for node in nodes] == [spare.descriptor, line.descriptor]
    for event in HostSession().restore(nodes, it.now_ms):
        if isinstance(event, DeviceBirth):
            joiner.born(event.edge_node, event.device_id, event.metrics, restored=True)
    assert [joiner.resolve(node.descriptor, "Packer", "State") is None for node in (spare, line)] == [True, False]


def _cell(line: str, state: int) -> Node:
    """A node whose birth tells the work center, and whose device the unit by its id."""
    node = Node("Cells", "Robot", {"Packer": ["State"]})
    definitions = [
        MetricDefinition(name="ISA95/Work Center", datatype=DataType.String, value=line),
        MetricDefinition(name="Uptime", datatype=DataType.Int64, value=state),
    ]
    devices = {"Packer": [MetricDefinition(name="State", datatype=DataType.Int64, value=state)]}
    node.session = EdgeNodeSession(EdgeNodeConfig(group_id="Cells", edge_node_id="Robot"), definitions, devices)
    return node


async def test_a_node_whose_birth_tells_its_place_stands_there_and_moves_with_a_later_birth() -> None:
    text = (
        SITE.replace("mappings:", "      Line2: {work_units: {Packer: ~}}\nmappings:")
        + "  - {group: Cells, read: birth}\n"
    )
    it = State(site=small_site(text))
    line1, line2 = (f"{ROOT}/Packaging/{line}" for line in ("Line1", "Line2"))
    async with running(it.projector.run):
        it.hear(*_cell("Line1", 1).born(it.now_ms))
        await until(lambda: {f"{line1}/Packer/State", f"{line1}/Uptime"} <= it.retained.keys())
        assert it.picture.counts()["Namespace/Unplaced"] == 0
        it.clock.move(1)
        moved = _cell("Line2", 2)
        moved._bd_seq = 5
        it.hear(*moved.born(it.now_ms))
        await until(lambda: {f"{line2}/Packer/State", f"{line2}/Uptime"} <= it.retained.keys())
        await until(lambda: not any(topic.startswith(line1) for topic in it.retained))
    assert it.retained[f"{line2}/Packer/State"]["value"] == 2


async def test_hostile_names_stay_in_topics_of_their_own() -> None:
    names = ["+", "#", "_x", "a//b", "/", "ü€", "%2B", "_event/x", "$SYS", "a b", "x" * 70_000]
    it = State()
    topics = set()
    async with running(it.projector.run):
        it.hear(*Node("Strange ü", "_n", {"_d": names}).born(it.now_ms))
        await until(lambda: len(it.retained) == len(names) - 1)
        topics = set(it.retained)
    assert all(not set(topic) & {"+", "#"} and topic.startswith(f"{ROOT}/_unplaced/") for topic in topics)
    assert all(level for topic in topics for level in topic.split("/"))
    assert f"{ROOT}/_unplaced/Strange %C3%BC/%5Fn/%5Fd/%2B" in topics
    assert f"{ROOT}/_unplaced/Strange %C3%BC/%5Fn/%5Fd/%252B" in topics
    assert it.picture.counts()["Namespace/Unplaced"] == 1


async def test_hostile_payloads_are_counted_for_their_node_alone() -> None:
    it, node = State(), Node()
    it.hear(*node.born(it.now_ms))
    for _ in range(3):
        it.hear_bytes("spBv1.0/Plant/NDATA/Evil", b"\xff\xff")
    it.hear_bytes("spBv1.0/too/short", b"")
    rows = {row["edge_node_id"]: row for row in (await it.registry.nodes(NodesArgs())).data}
    assert sum(rows["Evil"]["rejected"].values()) == 3
    assert rows["Line1-PLC"]["rejected"] == {}
    assert rows["Line1-PLC"]["state"] == "online"
    assert it.picture.counts()["Namespace/Rejected"] == 4


async def test_strangers_cannot_fill_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.namespace_state.domain.picture._MOST_NODES", 10)
    it = State()
    for number in range(50):
        it.hear_bytes(f"spBv1.0/Plant/NDATA/n{number}", b"\xff\xff")
    assert len(it.picture.nodes) == 10
    assert it.picture.counts()["Namespace/Rejected"] == 50


async def test_nodes_are_listed_page_by_page() -> None:
    it = State()
    for number in range(7):
        it.hear(*Node(node=f"N{number}").born(it.now_ms))
    rows: list[Any] = []
    cursor: str | None = None
    while True:
        page = await it.registry.nodes(NodesArgs(limit=3, cursor=cursor))
        rows += page.data
        cursor = page.next
        if cursor is None:
            break
    assert [row["edge_node_id"] for row in rows] == [f"N{number}" for number in range(7)]
    assert rows[0]["devices"] == [{"device_id": "Packer", "alive": True}]


def many_nodes() -> list[Node]:
    return [Node(node=f"N{number}", devices={"Packer": [f"M{m}" for m in range(300)]}) for number in range(MANY)]


async def pages_of(desk: SnapshotDesk, between: Callable[[int], None] = lambda number: None) -> list[Page]:
    """Fetch a whole snapshot; `between` is called before each page but the first."""
    pages = [await desk.answer(SnapshotArgs())]
    while pages[-1].next is not None:
        between(len(pages))
        pages.append(await desk.answer(SnapshotArgs(cursor=pages[-1].next)))
    return pages


def same(one: HostSession, other: HostSession, nodes: list[Node]) -> bool:
    return all(
        one.state(node.descriptor) is other.state(node.descriptor)
        and one.metrics(node.descriptor, "Packer") == other.metrics(node.descriptor, "Packer")
        for node in nodes
    )


async def test_a_late_joiner_has_what_the_registry_has_once_it_has_heard_the_rest() -> None:
    """Nodes go on speaking while pages are fetched, more than 256 times each: numbers come round."""
    it, nodes = State(), many_nodes()
    for node in nodes:
        it.hear(*node.born(it.now_ms))
    desk = SnapshotDesk(it.host, lambda: True, with_stale=True)
    heard: list[OutgoingMessage] = []

    def speak(number: int) -> None:
        for node in (nodes[0], nodes[-1]):
            for count in range(300):
                it.clock.move(0.001)
                heard.extend(node.says(it.now_ms, M0=number * 1_000 + count))
                it.hear(heard[-1])

    speak(0)
    pages = await pages_of(desk, speak)
    assert len(pages) > 2
    joiner = HostSession()
    joiner.disconnected(it.now_ms)
    reader = SnapshotReader()
    for page in pages:
        joiner.restore(reader.take(page.data), it.now_ms)
    joiner.restore(reader.rest(), it.now_ms)
    told = [joiner.receive(message.topic, message.payload, it.now_ms) for message in heard]
    joiner.connected(it.now_ms)
    assert same(joiner, it.host, nodes)
    values = [event.metrics[0].value for events in told for event in events if isinstance(event, Data)]
    assert values == sorted(values, key=lambda value: cast(int, value)), "what a snapshot includes is not said again"
    assert joiner.tick(it.now_ms + 60_000) == [], "nobody is asked for a rebirth"


async def test_a_snapshot_is_made_a_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making it all before the first answer took longer than late joiners wait, who then asked for all of it again."""
    it = State()
    for node in many_nodes():
        it.hear(*node.born(it.now_ms))
    made: list[EdgeNodeDescriptor] = []
    snapshot = it.host.snapshot
    monkeypatch.setattr(it.host, "snapshot", lambda node: made.append(node) or snapshot(node))
    desk = SnapshotDesk(it.host, lambda: True, with_stale=True)
    page = await desk.answer(SnapshotArgs())
    told = {row["edge_node"] for row in page.data}
    assert len(told) <= len(made) <= len(told) + 1 < MANY
    await pages_of(desk)
    assert len(made) <= MANY + len(told) + 1


async def test_a_page_of_a_snapshot_that_was_lost_is_told_again_and_no_other() -> None:
    it = State()
    for node in many_nodes():
        it.hear(*node.born(it.now_ms))
    desk = SnapshotDesk(it.host, lambda: True, with_stale=True)
    pages = await pages_of(desk)
    assert await desk.answer(SnapshotArgs(cursor=pages[-2].next)) == pages[-1]
    for cursor in (pages[0].next, "gone:3", "gone", f"{str(pages[0].next).partition(':')[0]}:x"):
        with pytest.raises(QueryFailed, match="SnapshotGone"):
            await desk.answer(SnapshotArgs(cursor=cursor))
    only = await desk.answer(SnapshotArgs(nodes=("Plant/N3",)))
    assert {row["edge_node"] for row in only.data} == {"Plant/N3"}
    assert (await desk.answer(SnapshotArgs(groups=("Elsewhere",)))).data == []


async def test_a_snapshot_ends_with_the_connection_of_who_tells_it() -> None:
    """What he knows is stale from then on, and would be told as machines that are not there."""
    it, is_joined = State(), True
    for node in many_nodes():
        it.hear(*node.born(it.now_ms))
    desk = SnapshotDesk(it.host, lambda: is_joined, with_stale=True)
    cursor = (await desk.answer(SnapshotArgs())).next
    is_joined = False
    with pytest.raises(QueryFailed, match="NotJoined"):
        await desk.answer(SnapshotArgs(cursor=cursor))
    is_joined = True
    with pytest.raises(QueryFailed, match="SnapshotGone"):
        await desk.answer(SnapshotArgs(cursor=cursor))


async def test_wishes_for_a_rebirth_become_one_request_and_a_birth_fulfils_them() -> None:
    it, node = State(), EdgeNodeDescriptor("Plant", "A")
    it.hear_bytes("spBv1.0/Plant/NDATA/A", b"")
    async with running(it.rebirths.run):
        answers = [(await it.registry.rebirth(RebirthArgs(group_id="Plant", edge_node_id="A"))).data for _ in range(5)]
        assert answers == [{"asked": True}] + [{"asked": False}] * 4
        await until(lambda: it.asked == [node])
        assert it.rebirths.want(node, "too soon") is False
        await until(lambda: it.rebirths.want(node, "again"))
        it.rebirths.born(node)
        await asyncio.sleep(0.15)
    assert it.asked == [node]
    with pytest.raises(QueryFailed, match="UnknownNode"):
        await it.registry.rebirth(RebirthArgs(group_id="Plant", edge_node_id="Nobody"))


async def test_many_rebirths_are_asked_for_within_a_budget_and_none_is_lost_with_the_session() -> None:
    it = State(is_up=False)
    it.rebirths = RebirthDesk(it.ask, get_logger())
    nodes = [EdgeNodeDescriptor("Plant", f"N{number}") for number in range(60)]
    async with running(it.rebirths.run):
        for node in nodes:
            it.rebirths.want(node, "start", within_s=0.1)
        await asyncio.sleep(0.2)
        assert it.asked == []
        it.is_up = True
        began = asyncio.get_running_loop().time()
        await until(lambda: len(it.asked) == 60)
        assert asyncio.get_running_loop().time() - began > (60 - 40) / 20 * 0.9, "who does not answer is asked slowly"
    assert sorted(it.asked) == sorted(nodes)


async def test_as_long_as_those_who_were_asked_are_reborn_others_are_asked_at_once() -> None:
    it = State()
    desk = RebirthDesk(it.ask, get_logger(), interval_s=4.0)
    nodes = [EdgeNodeDescriptor("Plant", f"N{number}") for number in range(60)]
    loop = asyncio.get_running_loop()
    assert desk.allowance(loop.time()) == 10
    async with running(desk.run):
        for node in nodes[:40]:
            desk.want(node, "start")
        await until(lambda: len(it.asked) == 40)
        assert desk.allowance(loop.time()) == 1
        for node in it.asked[:5]:
            desk.born(node)
        assert desk.allowance(loop.time()) == 5
        assert desk.allowance(loop.time() + 4.0) == 10, "who was asked so long ago is waited for no more"
        assert desk.allowance(loop.time()) == 10


@dataclass
class Kept:
    """One retained topic as the broker gives it back."""

    topic: str
    source: str
    document: dict[str, Any]

    def as_stale(self) -> bytes | None:
        return json.dumps({**self.document, "quality": 500}).encode() if self.document else None


async def test_what_was_retained_before_the_start_is_stale_until_confirmed_or_cleared() -> None:
    it, node = State(), Node()
    confirmed, gone = f"{PACKER}/Status/StateCurrent", f"{PACKER}/Status/Old"
    foreign, nobody = f"{ROOT}/Packaging/x", f"{ROOT}/_unplaced/P/N/m"
    document = {"value": 1, "quality": 192}
    kept = [
        Kept(confirmed, "Plant/Line1-PLC/Packer", document),
        Kept(gone, "Plant/Line1-PLC/Packer", document),
        Kept(nobody, "P/N", document),
        Kept(foreign, "", {}),
    ]
    answers: list[list[Kept] | None] = [None, kept]

    async def read() -> list[Kept] | None:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    reconciler = Reconciler(it.projector, it.picture, read, log=get_logger())
    async with running(it.projector.run, reconciler.run):
        await reconciler.connected()
        await until(lambda: it.quality(confirmed) == it.quality(gone) == it.quality(nobody) == 500)
        assert it.cleared == [foreign]
        it.hear(*node.born(it.now_ms))
        await until(lambda: it.quality(confirmed) == 192 and gone not in it.retained)
        assert it.quality(nobody) == 500

        # The broker comes back with what it had before: a topic that was cleared, and one that is true.
        it.sent.clear()
        answers[:] = [
            [Kept(gone, "Plant/Line1-PLC/Packer", document), Kept(confirmed, "Plant/Line1-PLC/Packer", document)]
        ]
        it.cleared.clear()
        await reconciler.connected()
        await until(lambda: it.cleared == [gone] and confirmed in it.sent)
        assert it.quality(confirmed) == 192


async def test_what_cannot_be_published_waits_for_the_session() -> None:
    it, node = State(is_up=False), Node()
    async with running(it.projector.run):
        it.hear(*node.born(it.now_ms))
        await asyncio.sleep(0.15)
        assert it.retained == {}
        it.is_up = True
        await until(lambda: len(it.retained) == 2)


@contextmanager
def calls_counted(*files: str) -> Iterator[list[str]]:
    """Note every call and every step of a generator in some source files."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            calls.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


async def test_what_waits_for_its_interval_is_not_gone_through_in_every_step() -> None:
    """A site's worth of topics, all sent a moment ago and changed since, cost the projection nothing until they are due."""
    it, many = State(), 5_000
    it.projector = it.registry._projector = Projector(ROOT, it.publish, interval_s=60, per_second=1_000_000)
    node, other = Node(devices={"Packer": [f"M{number}" for number in range(many)]}), Node(node="Line2-PLC")
    async with running(it.projector.run):
        it.hear(*node.born(it.now_ms))
        await until(lambda: len(it.sent) == many)
        it.clock.move(1)
        it.hear(*node.says(it.now_ms, "Packer", **{f"M{number}": 1 for number in range(many)}), *other.born(it.now_ms))
        await until(lambda: len(it.sent) > many)
        with calls_counted(projector.__file__, turns.__file__) as calls:
            for _ in range(3):
                shown = len(it.sent)
                it.hear(other.will)
                await until(lambda: len(it.sent) > shown)  # noqa: B023 - waited for here
                shown = len(it.sent)
                it.hear(*other.born(it.now_ms))
                await until(lambda: len(it.sent) > shown)  # noqa: B023 - waited for here
    assert 0 < len(calls) < many / 2


async def test_stale_values_are_counted_as_they_come_and_go() -> None:
    it, random_, most_stale = State(), random.Random(3), 0
    nodes = [Node(node=f"N{n}", devices={"Packer": ["A", "B"], "Filler": ["C"]}) for n in range(5)]
    for node in nodes:
        it.hear(*node.born(it.now_ms))
    for _ in range(200):
        it.clock.move(1)
        node = random_.choice(nodes)
        match random_.randrange(5):
            case 0:
                it.hear(node.will)
            case 1:
                it.hear(*node.born(it.now_ms))
            case 2:
                it.hear(*node.says(it.now_ms, A=random_.randrange(9)))
            case 3:
                it.hear(*node.session.device_death("Filler", it.now_ms))
            case 4:
                missed = Node(node=node.descriptor.edge_node_id, devices={"Packer": ["A"]})
                missed._bd_seq = node._bd_seq
                it.hear(*missed.born(it.now_ms))
        entries = list(it.picture.entries())
        stale = sum(entry.quality == 500 for entry in entries)
        counts = it.picture.counts()
        assert (counts["Namespace/Stale"], counts["Namespace/Metrics"]) == (stale, len(entries))
        most_stale = max(most_stale, stale)
    assert most_stale > 5


def test_topics_of_the_sites_own_services_are_apart_from_those_of_its_equipment() -> None:
    site = small_site()
    picture = Picture(site.path, site.mappings)
    host = HostSession()
    node = Node("Acme:Dallas", "mes-oee", {"_Site": ["Namespace"], "Packaging:Line1": ["OEE"]})
    for message in node.born(to_ms(START)):
        for event in host.receive(message.topic, message.payload, to_ms(START)):
            picture.apply(event, to_ms(START))
    topics = {topic_of(SiteTopics(site.path).root, entry.address) for entry in picture.entries()}
    assert {f"{ROOT}/_Site/Namespace", f"{ROOT}/Packaging/Line1/OEE"} <= topics
