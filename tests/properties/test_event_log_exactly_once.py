"""Every event is applied exactly once and in order: from outbox to effect, at a real PostgreSQL.

Relay and consumer die between any two exchanges with their databases; the network loses, repeats and reorders;
pages fail; handlers reject, ask for patience, or have their backend killed. In the end every event has had its
effect once, in the order of the log within each subject, and events that were parked follow when driven again.
"""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from namespace.store import DatabaseUnavailable, Retry, read_log
from tests.properties.faults import Fuse, fuse
from tests.properties.log_pipeline import (
    SUBJECTS,
    Consumer,
    Databases,
    Producer,
    begin,
    databases,
    effects_of,
    in_order,
)

__all__ = ["databases", "fuse"]

subjects = st.lists(st.integers(0, SUBJECTS - 1), min_size=1, max_size=6)
steps_to_live = st.none() | st.integers(0, 30)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("produce"), subjects),
        st.tuples(st.just("relay"), steps_to_live),
        st.tuples(st.just("broker refuses"), st.integers(1, 2)),
        st.tuples(st.just("deliver"), st.lists(st.integers(0, 1000), max_size=8)),
        st.tuples(st.just("deliver newest"), st.integers(1, 6)),
        st.tuples(st.just("follow"), steps_to_live),
        st.tuples(st.just("follow"), steps_to_live),
        st.tuples(st.just("fetches fail"), st.integers(1, 3)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("redrive"), st.integers(0, SUBJECTS - 1)),
    ),
    min_size=4,
    max_size=25,
)
some_rows = st.sets(st.integers(1, 25), max_size=4)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=operations, behind=st.booleans(), rejected=some_rows, impatient=some_rows, killing=some_rows)
async def test_every_event_has_its_effect_once_and_in_order(
    databases: Databases,
    fuse: Fuse,
    operations: list[tuple[str, object]],
    behind: bool,
    rejected: set[int],
    impatient: set[int],
    killing: set[int],
) -> None:
    await begin(databases)
    producer = Producer(databases.producer)
    consumer = Consumer(databases.consumer, databases.producer, set(rejected), set(impatient), set(killing))

    for operation, argument in operations:
        await act(operation, argument, producer, consumer, fuse, behind=behind)

    # The faults end: what was appended comes through, but for what is parked.
    producer.refuse_batches = consumer.failing_fetches = 0
    await producer.relay()
    page = await read_log(databases.producer, 1)
    await consumer.settle()
    assert consumer.state is not None
    consumer.state.announced(page.log, consumer.now_s)
    await consumer.settle()
    assert consumer.state.forked is None
    assert page.log.head == producer.count
    parked = [each.row.seq for each in await consumer.inbox.parked()]
    effects = await effects_of(databases.consumer)
    assert sorted([seq for seq, _ in effects] + parked) == list(range(1, producer.count + 1))
    assert in_order(effects)

    # What was parked follows when it is driven again.
    consumer.rejected.clear()
    for subject in range(SUBJECTS):
        while True:
            try:
                await consumer.inbox.redrive(f"S{subject}")
                break
            except (Retry, DatabaseUnavailable):
                continue
    effects = await effects_of(databases.consumer)
    assert sorted(seq for seq, _ in effects) == list(range(1, producer.count + 1))
    assert in_order(effects)
    assert (await consumer.inbox.cursor()).parked == 0


async def act(
    operation: str, argument: object, producer: Producer, consumer: Consumer, fuse: Fuse, *, behind: bool
) -> None:
    blown = fuse.blown
    steps = argument if isinstance(argument, int) else None
    match operation, argument:
        case "produce", list(subjects):
            await producer.produce(subjects)
        case "relay", _:
            with fuse.burning(steps, behind=behind):
                await producer.relay()
        case "broker refuses", int(batches):
            producer.refuse_batches = batches
        case "deliver", list(picks) if consumer.state is not None and producer.air:
            consumer.state.received([producer.air[pick % len(producer.air)] for pick in picks])
        case "deliver newest", int(count) if consumer.state is not None:
            consumer.state.received(producer.air[-count:])
        case "follow", _:
            with fuse.burning(steps, behind=behind):
                for _ in range(6):
                    await consumer.step()
            if fuse.blown > blown:
                consumer.restart()
        case "fetches fail", int(count):
            consumer.failing_fetches = count
        case "restart", _:
            consumer.restart()
        case "redrive", int(subject):
            with suppress(Retry, DatabaseUnavailable):
                await consumer.inbox.redrive(f"S{subject}")
        case _:
            pass
