"""The feed: a full picture, then differences, then heartbeats, and no more than was asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.console.application.feed import FeedMessage, FeedPace, Watch, follow
from services.console.application.live import LiveEvent, LiveNamespace
from services.console.domain.states import GOOD, MetricValue
from services.console.ports import Place, Site

FILLER = "Acme/Dallas/Packaging/Line1/Filler"
CAPPER = "Acme/Dallas/Packaging/Line1/Capper"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Clock:
    """A clock that only the feed's own pauses move."""

    def __init__(self) -> None:
        self.now = START
        self.paused = 0

    async def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.paused += 1


@pytest.fixture
def live() -> LiveNamespace:
    places = tuple(Place(path, path.split("/")[-1], "WorkUnit", "WorkCell", "") for path in (FILLER, CAPPER))
    return LiveNamespace(Site("Acme/Dallas", "America/Chicago", places))


def put(live: LiveNamespace, place: str, metric: str, value: float) -> None:
    live.put(MetricValue(place, metric, value, None, GOOD, "2026-03-02T06:00:00.000Z", "g/n/d"))


def feed(live: LiveNamespace, watch: Watch, clock: Clock, position: str | None = None) -> AsyncIterator[FeedMessage]:
    pace = FeedPace(tick_s=0.25, beat_s=0.5)
    return follow(live, watch, position=position, pace=pace, now=lambda: clock.now, pause=clock.pause)


def names(message: FeedMessage) -> list[tuple[str, str]]:
    return [(metric["place"].split("/")[-1], metric["metric"]) for metric in message.data["metrics"]]


async def test_the_first_message_is_the_whole_tree_and_the_watched_metrics(live: LiveNamespace) -> None:
    put(live, FILLER, "Process/Flow", 1)
    put(live, CAPPER, "Process/Torque", 2)
    put(live, CAPPER, "OEE/OEE", 0.8)
    first = await anext(feed(live, Watch(place=FILLER, names=frozenset({"OEE/OEE"})), Clock()))
    assert first.kind == "snapshot"
    assert {place["path"] for place in first.data["places"]} >= {FILLER, CAPPER, "Acme/Dallas"}
    assert names(first) == [("Filler", "Process/Flow"), ("Capper", "OEE/OEE")]
    assert "events" not in first.data


async def test_many_changes_between_two_ticks_are_one_delta_with_the_newest_value(live: LiveNamespace) -> None:
    clock = Clock()
    messages = feed(live, Watch(place=FILLER), clock)
    await anext(messages)
    for value in range(50):
        put(live, FILLER, "Process/Flow", value)
    delta = await anext(messages)
    assert delta.kind == "delta"
    assert [metric["value"] for metric in delta.data["metrics"]] == [49]
    assert clock.paused == 1


async def test_in_silence_it_beats_twice_a_second_with_the_server_s_time(live: LiveNamespace) -> None:
    clock = Clock()
    messages = feed(live, Watch(), clock)
    await anext(messages)
    beats = [await anext(messages) for _ in range(4)]
    assert {beat.kind for beat in beats} == {"beat"}
    assert beats[-1].data["now"] == (START + timedelta(seconds=2)).isoformat(timespec="milliseconds")


async def test_changes_nobody_watches_only_beat(live: LiveNamespace) -> None:
    messages = feed(live, Watch(place=FILLER), Clock())
    await anext(messages)
    put(live, CAPPER, "Process/Torque", 2)
    put(live, CAPPER, "Process/Torque", 3)
    kinds = [(await anext(messages)).kind for _ in range(2)]
    assert kinds[1] == "beat"


async def test_who_comes_back_gets_the_difference(live: LiveNamespace) -> None:
    put(live, FILLER, "Process/Flow", 1)
    first = await anext(feed(live, Watch(place=FILLER), Clock()))
    put(live, FILLER, "Process/Level", 2)
    again = await anext(feed(live, Watch(place=FILLER), Clock(), first.position))
    assert again.kind == "delta"
    assert names(again) == [("Filler", "Process/Level")]


@pytest.mark.parametrize("position", ["elsewhere-3", "", "garbage", "-", "elsewhere-x"])
async def test_a_position_of_another_picture_gets_everything(live: LiveNamespace, position: str) -> None:
    put(live, FILLER, "Process/Flow", 1)
    assert (await anext(feed(live, Watch(place=FILLER), Clock(), position))).kind == "snapshot"


async def test_a_position_from_the_future_gets_everything(live: LiveNamespace) -> None:
    message = await anext(feed(live, Watch(), Clock(), f"{live.epoch}-999999"))
    assert message.kind == "snapshot"


async def test_a_vanished_metric_is_told_once(live: LiveNamespace) -> None:
    put(live, FILLER, "Process/Flow", 1)
    messages = feed(live, Watch(place=FILLER), Clock())
    await anext(messages)
    live.remove(FILLER, "Process/Flow")
    delta = await anext(messages)
    assert delta.data["metrics"] == [{"place": FILLER, "metric": "Process/Flow", "gone": True}]
    assert (await anext(feed(live, Watch(place=FILLER), Clock()))).data["metrics"] == []


async def test_events_come_for_the_watched_branch_alone(live: LiveNamespace) -> None:
    messages = feed(live, Watch(within="Acme/Dallas/Packaging/Line1", events=True), Clock())
    await anext(messages)
    for place in (FILLER, "Acme/Dallas/Packaging/Line10", "Acme/Dallas/Packaging/Line1"):
        live.event(
            LiveEvent(
                event_id=place,
                type="JobOrderStored",
                place=place,
                subject="JO-1",
                occurred_at="2026-03-02T06:00:00.000Z",
                producer="work_order",
                actor=None,
                job_order="JO-1",
                payload={},
            )
        )
    delta = await anext(messages)
    assert [event["place"] for event in delta.data["events"]] == [FILLER, "Acme/Dallas/Packaging/Line1"]


async def test_that_the_site_is_not_heard_goes_with_the_next_beat(live: LiveNamespace) -> None:
    messages = feed(live, Watch(), Clock())
    await anext(messages)
    live.misses("broker", "the console has lost the broker", START)
    message = await anext(messages)
    assert message.data["upstream"]["connected"] is False
    live.misses("namespace_state", "namespace_state does not answer", START)
    live.hears("broker", START)
    assert live.upstream.detail == "namespace_state does not answer"
    live.hears("namespace_state", START)
    assert live.upstream.connected


async def test_a_console_that_leaves_ends_its_streams(live: LiveNamespace) -> None:
    messages = feed(live, Watch(), Clock())
    await anext(messages)
    live.close()
    with pytest.raises(StopAsyncIteration):
        await anext(messages)
